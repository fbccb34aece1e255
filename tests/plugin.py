"""Loaded before Django's settings: starts the tests' own PostgreSQL and points the settings at it."""

import os
import tempfile
from pathlib import Path

from tests.embedded import shared_server

server = shared_server()
os.environ["SAMSPEL_DATABASE_URL"] = server.url
os.environ.setdefault("SAMSPEL_VAR", str(Path(tempfile.gettempdir()) / f"samspel-test-{os.getuid()}"))
os.environ.setdefault("SAMSPEL_SECRET_KEY", "a key for tests, long enough to be one and known to everybody")
os.environ["SAMSPEL_ALLOW_UNSAFE_DATABASE"] = "1"
