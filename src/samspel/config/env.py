"""Typed readers of the environment: each names the variable when its value is wrong.

A secret may be given as a file: ``SAMSPEL_SECRET_KEY_FILE=/run/secrets/key`` counts when ``SAMSPEL_SECRET_KEY`` is
unset.
``DESCRIBED`` collects every variable that was read, so that a test can hold it against docs/reference/settings.md.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

DESCRIBED: set[str] = set()


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names the variable and what was expected."""


def text(name: str, default: str | None = None) -> str:
    """The variable's text, or of the file that ``NAME_FILE`` points at, or the default.

    :raises SettingError: when there is neither a value nor a default, or the file cannot be read.
    """
    DESCRIBED.add(name)
    value = os.environ.get(name)
    if value is not None:
        return value
    path = os.environ.get(f"{name}_FILE")
    if path is not None:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingError(f"{name}_FILE: {path} cannot be read ({error.strerror})") from error
    if default is None:
        raise SettingError(f"{name} must be set")
    return default


def flag(name: str, default: bool) -> bool:
    """True for 1, true, yes, on; False for 0, false, no, off."""
    value = text(name, "1" if default else "0").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise SettingError(f"{name} must be true or false, got {value!r}")


def whole(name: str, default: int, *, least: int = 0) -> int:
    """A whole number, at least ``least``."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise SettingError(f"{name} must be a whole number, got {value!r}") from None
    if number < least:
        raise SettingError(f"{name} must be at least {least}, got {number}")
    return number


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A list separated by commas; empty parts are dropped."""
    value = text(name, ",".join(default))
    return [part.strip() for part in value.split(",") if part.strip()]


def redis(name: str) -> str:
    """The address of a Redis or Valkey, or nothing."""
    address = text(name, "")
    if address and urlsplit(address).scheme not in {"redis", "rediss", "unix"}:
        raise SettingError(f"{name} must begin with redis://, rediss:// or unix://")
    return address


def engine(name: str) -> str:
    """``duckdb``, or the address of an Apache Spark: ``spark://host:7077``."""
    value = text(name, "duckdb")
    if value != "duckdb" and urlsplit(value).scheme != "spark":
        raise SettingError(f"{name} must be duckdb or begin with spark://")
    return value


def database(name: str, default: str) -> dict[str, object]:
    """Django's description of the database at a ``postgresql://user:password@host:port/name?option=…`` address.

    The host may be a socket folder, percent-encoded or as ``?host=/run/postgresql``.
    """
    address = text(name, default)
    parts = urlsplit(address)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise SettingError(f"{name} must begin with postgresql://, got {parts.scheme or address[:12]!r}")
    try:
        port = parts.port
    except ValueError:
        raise SettingError(f"{name} has a port that is not a number") from None
    options: dict[str, object] = dict(parse_qsl(parts.query))
    host = str(options.pop("host", "") or unquote(parts.hostname or ""))
    if "port" in options:
        port = int(str(options.pop("port")))
    return {
        "ENGINE": "samspel.core.postgres",
        "NAME": unquote(parts.path.lstrip("/")) or "samspel",
        "USER": unquote(parts.username or str(options.pop("user", ""))),
        "PASSWORD": unquote(parts.password or str(options.pop("password", ""))),
        "HOST": host,
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def mail_server(name: str) -> Mapping[str, object] | None:
    """Host, port, user, password and TLS of an ``smtp://`` or ``smtps://`` address; None when unset."""
    address = text(name, "")
    if not address:
        return None
    parts = urlsplit(address)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise SettingError(f"{name} must look like smtp://user:password@host:587, got {parts.scheme or address[:12]!r}")
    secure = parts.scheme == "smtps"
    return {
        "host": parts.hostname,
        "port": parts.port or (465 if secure else 587),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "ssl": secure,
    }
