"""The HTTP API: the same actions and queries as the pages, for other systems."""
