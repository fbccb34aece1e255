"""The PostgreSQL server the tests share: one a checkout, kept between runs, which saves its making."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from samspel.core.embedded_postgres import Server, ensure_running, stop

REPOSITORY = Path(__file__).resolve().parent.parent

__all__ = ["drop", "shared_server", "stop"]


def shared_server(*, durable: bool = False) -> Server:
    """Start the shared server, or find it running; every pytest process may call it at the same time.

    The usual one forces nothing to the disk, which makes the tests faster; tests of durability ask for `durable=True`
    and get another server. Call `stop(server)` at the end: the last one to leave stops it.
    """
    name = "test-postgres-durable" if durable else "test-postgres"
    return ensure_running(REPOSITORY / ".cache" / name, durable=durable)


def drop(line: psycopg.Connection, name: str) -> None:
    """Drop a database, whoever of ours is still in it.

    `WITH (FORCE)` would also end an autovacuum worker, which only a superuser may; without it PostgreSQL asks it to go.
    """
    line.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
        [name],
    )
    line.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
