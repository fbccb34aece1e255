"""The PostgreSQL server the tests share: one a checkout, kept between runs, which saves its making."""

from __future__ import annotations

from pathlib import Path

from samspel.core.embedded_postgres import Server, ensure_running, stop

REPOSITORY = Path(__file__).resolve().parent.parent

__all__ = ["shared_server", "stop"]


def shared_server(*, durable: bool = False) -> Server:
    """Start the shared server, or find it running; every pytest process may call it at the same time.

    The usual one forces nothing to the disk, which makes the tests faster; tests of durability ask for `durable=True`
    and get another server. Call `stop(server)` at the end: the last one to leave stops it.
    """
    name = "test-postgres-durable" if durable else "test-postgres"
    return ensure_running(REPOSITORY / ".cache" / name, durable=durable)
