"""Taking in a file of needs and offers, each with the written consent of its person to the exact words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record_fact
from samspel.core.errors import ConflictError, InvalidError
from samspel.core.idempotency import OF_A_FILE
from samspel.exchange.access import require_broker
from samspel.exchange.actions.posting import PostDraft, enter_post
from samspel.exchange.models import Post
from samspel.exchange.post_files import ROWS_MOST, BadRow, FileRow, read_posts


@dataclass(frozen=True)
class NewCode:
    """What somebody is called, and the code to give her: shown once."""

    called: str
    code: str = field(repr=False)


@dataclass(frozen=True)
class Imported:
    """What became of the file's rows."""

    taken: int
    known: int
    bad: tuple[BadRow, ...]
    codes: tuple[NewCode, ...]
    heading: tuple[str, ...]


@transaction.atomic
def import_posts(
    *,
    actor: Actor,
    content: bytes,
    name: str,
    consent: str,
    are_adults: bool,
    at: datetime,
    rows_most: int | None = ROWS_MOST,
) -> Imported:
    """Take in the rows that can be; the same row again is there once, and so is one that was saved from here. All of a
    person's rows in a file are one party.

    :param rows_most: None for as many as there are.
    :raises InvalidError: the file cannot be used, or there is no consent.
    """
    require_broker(actor, "post.enter")
    if consent not in {Post.Consent.PAPER, Post.Consent.MESSAGE}:
        raise InvalidError(fields={"consent": _("Kryssa i hur var och en har sagt ja till de exakta orden.")})
    if not are_adults:
        raise InvalidError(fields={"adult": _("Det här är för vuxna. Kryssa i om alla har fyllt 18 år.")})
    file = read_posts(content, name, rows_most=rows_most)
    keys = [_key(row) for row in file.rows]
    known = dict(Post.objects.filter(key__in=keys).values_list("key", "party_id")) | _saved_here(file.rows)
    parties = {row.person: known[key] for row, key in zip(file.rows, keys, strict=True) if key in known}
    bad, codes, taken = list(file.bad), list[NewCode](), 0
    for row, key in zip(file.rows, keys, strict=True):
        if key in known:
            continue
        party = parties.get(row.person)
        called = "" if party else row.called  # who is here already is called what she says herself
        try:
            posted = enter_post(actor=actor, draft=_draft(row, key, called), consent=consent, party_id=party, at=at)
        except (InvalidError, ConflictError) as error:
            bad.append(_bad(row, error))
            continue
        known[key] = parties[row.person] = posted.post.party_id
        taken += 1
        if posted.code:
            codes.append(NewCode(row.called, posted.code))
    record_fact(actor, "posts.imported", "exchange.post", taken=taken, rejected=len(bad))
    twice = len(file.rows) - taken - (len(bad) - len(file.bad))
    return Imported(taken, twice, tuple(sorted(bad, key=lambda row: row.line)), tuple(codes), file.heading)


def _saved_here(rows: Sequence[FileRow]) -> dict[str, int]:
    """Rows that are here as they were saved, with their party: its number, what it is called, and the words."""
    numbers = {row.number for row in rows if row.number is not None}
    posts = Post.objects.filter(party__in=numbers).values_list("kind", "party_id", "party__called", "words", "more")
    here = set(posts)
    return {
        _key(row): row.number
        for row in rows
        if row.number is not None and (row.kind, row.number, row.called, row.words, row.more) in here
    }


# The columns of a file by the names of the form's fields.
_COLUMNS: Final = {"words": "title", "more": "text", "called": "person"}


def _bad(row: FileRow, error: InvalidError | ConflictError) -> BadRow:
    columns = "|".join(_COLUMNS.get(name, name) for name in error.fields)
    return BadRow(row.line, columns, " ".join(error.fields.values()) or error.message, row.cells)


def _draft(row: FileRow, key: str, called: str) -> PostDraft:
    return PostDraft(
        kind=row.kind,
        words=row.words,
        more=row.more,
        called=called,
        category_id=row.category_id,
        area_id=row.area_id,
        times=row.times,
        begins_on=row.begins_on,
        ends_on=row.ends_on,
        marks=row.marks,
        languages=row.languages,
        is_adult=True,
        key=key,
    )


def _key(row: FileRow) -> str:
    """Of whose it is and what it says: a row that comes again in another file is known."""
    said = "\n".join((row.kind, row.person, row.words, row.more))
    return f"{OF_A_FILE}{sha256(said.encode()).hexdigest()[:40]}"
