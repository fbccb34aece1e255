"""What is sealed stays sealed for everyone but the seat."""

import pytest

from samspel.dialogues.sealing import (
    SeatToken,
    checkout_token,
    hash_secret,
    is_secret,
    new_secret,
    read_cookie,
    seal,
    unseal,
)


def test_a_seat_reads_its_own_note_and_nobody_else_can() -> None:
    mine, another = new_secret(), new_secret()

    sealed = seal(mine, 12, "Jag vågar inte säga det här högt. åäö €")

    assert unseal(mine, 12, sealed) == "Jag vågar inte säga det här högt. åäö €"
    assert b"inte" not in sealed
    with pytest.raises(ValueError, match="another secret"):
        unseal(another, 12, sealed)
    with pytest.raises(ValueError, match="another secret"):
        unseal(mine, 13, sealed)
    with pytest.raises(ValueError, match="another secret"):
        unseal(mine, 12, sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_lengths_tell_little() -> None:
    secret = new_secret()

    assert len(seal(secret, 1, "nej")) == len(seal(secret, 1, "n" * 60))


def test_a_text_that_ends_in_padding_is_kept_whole() -> None:
    secret = new_secret()

    for text in ("", "\x80", "a\0", "x" * 63, "x" * 64):
        assert unseal(secret, 1, seal(secret, 1, text)) == text


def test_the_cookie_gives_the_same_seat_again_and_its_repr_hides_the_secret() -> None:
    token = SeatToken(7, new_secret())

    assert read_cookie(token.cookie()) == token
    assert token.cookie().split(".")[1] not in repr(token)
    for wrong in ("", "7", "7.", "x.AAAA", "7.AAAA", "-1." + "A" * 22, "7.é"):
        assert read_cookie(wrong) is None


def test_only_the_hash_is_kept() -> None:
    secret = new_secret()

    assert is_secret(secret, hash_secret(secret))
    assert not is_secret(new_secret(), hash_secret(secret))
    assert not is_secret(secret, None)


def test_a_checkout_token_is_the_seats_own_in_one_dialogue() -> None:
    secret = new_secret()

    assert checkout_token(secret, 1) == checkout_token(secret, 1)
    assert checkout_token(secret, 1) != checkout_token(secret, 2)
    assert checkout_token(secret, 1) != checkout_token(new_secret(), 1)
