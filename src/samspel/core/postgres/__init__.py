"""Django's own database backend, but for what it asks before each page."""
