"""A seat's own thoughts, opened with its secret: for its own pages, and nowhere else."""

import hmac
from dataclasses import dataclass, field

from samspel.core.prepared import Prepared
from samspel.dialogues.access import Here
from samspel.dialogues.models import Note, State
from samspel.dialogues.sealing import author_token, unseal


@dataclass(frozen=True)
class OwnNote:
    """A thought as its author sees it. The words never show in a repr."""

    id: int
    question: int
    is_shared: bool
    text: str = field(repr=False)


@dataclass(frozen=True)
class OwnNotes:
    """A seat's thoughts in the order written, and how many were sealed on a phone that this one did not follow."""

    notes: list[OwnNote]
    unreadable: int = 0

    @property
    def unshared(self) -> list[OwnNote]:
        return [note for note in self.notes if not note.is_shared]

    @property
    def shared(self) -> list[OwnNote]:
        return [note for note in self.notes if note.is_shared]


_OWN = Prepared[Note](
    lambda dialogue, seat, question: Note.objects.filter(dialogue=dialogue, seat=seat, question=question).order_by("pk")
)


def own_notes(here: Here, question: int | None = None) -> OwnNotes:
    """The seat's own thoughts on a question, or on all. One query.

    When the meeting is closed no row tells whose it is: the device's secret finds them, among all that were shared.
    """
    if here.dialogue.state != State.CLOSED and question is not None:
        mine = _OWN(here.dialogue.pk, here.seat.pk, question)
    else:
        rows = Note.objects.filter(dialogue=here.dialogue).order_by("question", "pk")
        if question is not None:
            rows = rows.filter(question=question)
        if here.dialogue.state == State.CLOSED:
            mine = [note for note in rows.exclude(author=None) if is_author(here, note)]
        else:
            mine = list(rows.filter(seat=here.seat))
    found: list[OwnNote] = []
    unreadable = 0
    for note in mine:
        text = open_note(here, note)
        if text is None:
            unreadable += 1
        else:
            found.append(OwnNote(note.pk, note.question, note.shared_at is not None, text))
    return OwnNotes(found, unreadable)


def token_of_author(here: Here, key: str) -> bytes:
    """What a note with this key carries so that its author's device knows it again."""
    return author_token(here.token.secret, here.dialogue.pk, here.seat.number, key)


def is_author(here: Here, note: Note) -> bool:
    return note.author is not None and hmac.compare_digest(token_of_author(here, note.key), bytes(note.author))


def open_note(here: Here, note: Note) -> str | None:
    """A note's words for its author, None when it was sealed with another secret."""
    if note.sealed is None:
        return note.text
    try:
        return unseal(here.token.secret, here.dialogue.pk, note.sealed)
    except ValueError:
        return None
