"""People: units as a tree, providers, persons and their roles, signing in."""
