"""Writes that a second click or a retry does not repeat."""

import re
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from samspel.core.errors import InvalidError

KEY: Final = r"[A-Za-z0-9_-]{16,64}"
# How the key of a file's row begins; what has been taken back since must not come back with the file, however late.
OF_A_FILE: Final = "file-"


def checked_key(key: str) -> str:
    """The key if it could have been made on a device: 16 to 64 letters, digits, - or _."""
    if not re.fullmatch(KEY, key):
        wanted = _("Nyckeln har 16 till 64 bokstäver, siffror, - eller _.")
        raise InvalidError(
            _("Sidan är gammal, och inget är sparat. Gå tillbaka och ladda om den."), fields={"key": wanted}
        )
    return key


def once(key: str) -> bool:
    """True the first time the device's key is seen, False when the write was done before.

    Call it inside the write's transaction: the key is kept exactly when the write is. Two writes with one key
    at the same moment wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_devicekey (key) VALUES (%s) ON CONFLICT DO NOTHING",
            [checked_key(key)],
        )
        return bool(cursor.rowcount == 1)
