"""Makers of parties, posts and matches."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from samspel.exchange.codes import code_of, hash_of_code
from samspel.exchange.models import Category, Match, Part, Party, Post, Transfer
from tests.people import WHEN, device_key

_count = itertools.count(1)


def make_party(called: str = "", **values: Any) -> tuple[Party, str]:
    """A party, and her code as her device keeps it."""
    code = code_of(device_key())
    party = Party.objects.create(
        called=called or f"Grannen {next(_count)}",
        code=hash_of_code(code),
        is_adult=True,
        created_at=WHEN,
        **values,
    )
    return party, code.replace(" ", "")


def make_post(
    party: Party, kind: str, words: str, *, category: str = "carry/drive", at: datetime = WHEN, **values: Any
) -> Post:
    """A post that a bridge-builder has read."""
    return Post.objects.create(
        party=party,
        kind=kind,
        words=words,
        category=Category.objects.get(key=category),
        key=device_key(),
        posted_at=at,
        consented_at=at,
        consented_to=sha256(words.encode()).digest(),
        **({"read_at": at, "expires_at": at + timedelta(days=90)} | values),
    )


def make_match(
    parties: Sequence[tuple[Party, Post | None, Post | None]], *, at: datetime = WHEN, **values: Any
) -> Match:
    """A ring, or a chain where the first has no need: each party with her offer and her need, giving to the next."""
    is_chain = parties[0][2] is None
    kind = "chain" if is_chain else "pair" if len(parties) == 2 else "ring"
    match = Match.objects.create(kind=kind, made_at=at, **values)
    pairs = list(zip(parties, [*parties[1:], parties[0]], strict=True))
    for place, ((_giver, offer, _own), (_taker, _gives, need)) in enumerate(pairs[: -1 if is_chain else None], start=1):
        assert offer is not None
        assert need is not None
        Transfer.objects.create(match=match, place=place, offer=offer, need=need, gift=offer.words, fit=80)
    if match.state == Match.State.PROPOSED:
        return match  # parts are written when they are asked
    for place, (party, offer, need) in enumerate(parties, start=1):
        words = " ".join(post.words for post in (need, offer) if post is not None)
        Part.objects.create(match=match, party=party, place=place, called=party.called, words=words)
    return match
