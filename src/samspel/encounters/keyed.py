"""Secrets that stand in an address: the database has only their hash under the house's key.

A copy of the database therefore opens no link, and no link tells which row is its own.
"""

import secrets

from django.utils.crypto import salted_hmac

SECRET_BYTES = 16


def new_secret() -> str:
    """128 random bits, as they stand in an address."""
    return secrets.token_urlsafe(SECRET_BYTES)


def letters_of(purpose: str, key: str, letters: str, count: int) -> str:
    """A code for who comes back, of so many letters: always the same of one form's key, so that an answer that got
    lost can be given again."""
    number = int.from_bytes(hash_of(purpose, key))
    found = []
    for _letter in range(count):
        number, place = divmod(number, len(letters))
        found.append(letters[place])
    return "".join(found)


def hash_of(purpose: str, secret: str) -> bytes:
    """What is kept of a secret. ``purpose`` keeps an invitation's secret from opening a kiosk."""
    return salted_hmac(f"samspel.encounters.{purpose}", secret, algorithm="sha256").digest()
