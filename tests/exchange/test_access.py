"""Codes, and what they open."""

import pytest
from django.test import RequestFactory

from samspel.core.errors import NotFoundError
from samspel.exchange import access
from samspel.exchange.codes import code_of, hash_of_code, plain
from samspel.exchange.models import Party
from tests.exchange.making import make_party
from tests.people import device_key


def test_a_code_is_found_however_it_is_typed(db: None) -> None:
    party, code = make_party()

    for typed in (code, code.lower(), " ".join(code), f"{code[:3]}-{code[3:]}"):
        assert access.find_party(typed) == party
    assert access.find_party(code[:-1]) is None
    assert access.find_party(code + "A") is None
    assert access.find_party("") is None


def test_the_database_has_no_code() -> None:
    code = code_of(device_key())

    assert len(plain(code)) == 12
    assert plain(code).encode() not in hash_of_code(code)
    assert hash_of_code(code) != hash_of_code(code_of(device_key()))


def test_a_device_without_a_code_is_nobody(db: None, rf: RequestFactory) -> None:
    make_party()

    with pytest.raises(NotFoundError):
        access.get_mine(rf.get("/"), "home.read")


def test_a_party_is_an_adult(db: None) -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        Party.objects.create(called="x", code=b"x" * 32, is_adult=False, created_at="2026-01-01T00:00Z")
