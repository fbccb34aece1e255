"""Dialogues in three steps: alone, at the table, together."""
