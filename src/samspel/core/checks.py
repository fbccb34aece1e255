"""Start-up checks: each has an id and a hint."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import OperationalError, connection


@register(Tags.database)
def check_durability(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Acknowledged must be durable: fsync, synchronous_commit and full_page_writes are on."""
    if not databases:
        return []
    names = ("fsync", "synchronous_commit", "full_page_writes")
    try:
        with connection.cursor() as cursor:
            found = {}
            for name in names:
                cursor.execute(f"SHOW {name}")
                found[name] = cursor.fetchone()[0]
    except OperationalError:
        return [
            Error(
                "The database does not answer.",
                hint="Start with `samspel serve` or `samspel demo`, or set SAMSPEL_DATABASE_URL.",
                id="samspel.E001",
            )
        ]
    kind = Warning if settings.ALLOW_UNSAFE_DATABASE else Error
    good = {"fsync": {"on"}, "synchronous_commit": {"on", "remote_apply", "remote_write"}, "full_page_writes": {"on"}}
    return [
        kind(
            f"PostgreSQL has {name}={found[name]}: what is acknowledged could be lost.",
            hint=f"Set {name} = on in postgresql.conf.",
            id="samspel.E002",
        )
        for name in names
        if found[name] not in good[name]
    ]
