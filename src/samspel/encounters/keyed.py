"""Secrets that stand in an address: the database has only their hash under the house's key.

A copy of the database therefore opens no link, and no link tells which row is its own.
"""

import secrets

from django.utils.crypto import salted_hmac

SECRET_BYTES = 16


def new_secret() -> str:
    """128 random bits, as they stand in an address."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_of(purpose: str, secret: str) -> bytes:
    """What is kept of a secret. ``purpose`` keeps an invitation's secret from opening a kiosk."""
    return salted_hmac(f"samspel.encounters.{purpose}", secret, algorithm="sha256").digest()
