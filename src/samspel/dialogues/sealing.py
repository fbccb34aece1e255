"""Seats' secrets and what is sealed with them.

A seat's secret is 128 random bits made at join. The device keeps it in a cookie; the server keeps only its hash.
What one writes alone is sealed (XSalsa20-Poly1305, libsodium's secretbox) with a key derived from the secret, so a
copy of the database, a backup or a log tells nothing. Losing the device loses the unshared notes: that is the promise.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

SECRET_BYTES = 16
BLOCK = 64  # texts are padded to whole blocks so that lengths tell little


@dataclass(frozen=True)
class SeatToken:
    """What the cookie holds: which seat, and its secret. The secret never shows in a repr."""

    number: int
    secret: bytes

    def __repr__(self) -> str:
        return f"SeatToken(number={self.number})"

    def cookie(self) -> str:
        return f"{self.number}.{base64.urlsafe_b64encode(self.secret).decode().rstrip('=')}"


def read_cookie(value: str) -> SeatToken | None:
    """The token of a cookie, or None when it is not one."""
    number, _dot, text = value.partition(".")
    try:
        secret = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    if not number.isdecimal() or len(number) > 9 or len(secret) != SECRET_BYTES:
        return None
    return SeatToken(int(number), secret)


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def hash_secret(secret: bytes) -> bytes:
    """SHA-256 suffices: the secret is 128 random bits, not a word somebody chose."""
    return hashlib.sha256(b"samspel seat\0" + secret).digest()


def is_secret(secret: bytes, stored: bytes | memoryview | None) -> bool:
    return stored is not None and hmac.compare_digest(hash_secret(secret), bytes(stored))


def _key(secret: bytes, purpose: bytes, dialogue_id: int) -> bytes:
    return hashlib.blake2b(
        purpose + b"\0" + str(dialogue_id).encode(), key=secret, digest_size=32, person=b"samspel"
    ).digest()


def seal(secret: bytes, dialogue_id: int, text: str) -> bytes:
    """The text sealed for this seat in this dialogue."""
    data = text.encode()
    padded = data + b"\x80" + b"\0" * (-(len(data) + 1) % BLOCK)
    return bytes(SecretBox(_key(secret, b"note", dialogue_id)).encrypt(padded))


def unseal(secret: bytes, dialogue_id: int, sealed: bytes | memoryview) -> str:
    """The text again.

    :raises ValueError: when the secret is another seat's or the bytes were changed.
    """
    try:
        padded = SecretBox(_key(secret, b"note", dialogue_id)).decrypt(bytes(sealed))
    except CryptoError as error:
        raise ValueError("sealed with another secret") from error
    return padded.rstrip(b"\0")[:-1].decode()


def author_token(secret: bytes, dialogue_id: int, number: int, key: str) -> bytes:
    """Lets the author's device find a shared note again when nothing else tells whose it is.

    Each note has its own: two notes do not show that they come from one hand.

    :param number: the seat that is written for; a phone may help others.
    :param key: the note's own key.
    """
    said = f"{number}\0{key}".encode()
    return hashlib.blake2b(said, key=_key(secret, b"author", dialogue_id), digest_size=16).digest()


def checkout_token(secret: bytes, dialogue_id: int) -> bytes:
    """Lets a seat change its one tap without anybody being able to tell whose it is."""
    return hashlib.blake2b(_key(secret, b"checkout", dialogue_id), digest_size=16).digest()
