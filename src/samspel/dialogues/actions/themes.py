"""Sorting notes into themes: the engine proposes, those who lead have the last word, and all of it can be taken back.

A change holds the dialogue beside those who write in it, and then the question's grouping: phones never wait for a
theme. What it takes to put things back is kept in ids and numbers.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import astuple
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from samspel.core.actor import SYSTEM, Actor
from samspel.core.audit import record
from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.dialogues import compute_themes
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.compute_themes import Place, lock_grouping, places_of
from samspel.dialogues.holding import hold_dialogue
from samspel.dialogues.live import tell
from samspel.dialogues.models import ConsoleAction, Dialogue, Grouping, Note, NotesApart, Theme, ThemePlace
from samspel.dialogues.theme_queries import roots_of

MOST_MADE = 40  # themes that leaders make in one question


@transaction.atomic
def place_notes(*, actor: Actor, dialogue_id: int, question: int, at: datetime) -> int:
    """Give the notes that have come since a theme; gives how many. Asked for again it does nothing."""
    dialogue = _hold(actor, dialogue_id)
    return _place(actor, dialogue, question, at)


def place_notes_later(dialogue: Dialogue, *questions: int, at: datetime) -> None:
    """The same when the transaction is through: before the hall sees themes, and when the meeting is closed."""

    def place() -> None:
        with transaction.atomic():
            hold_dialogue(dialogue.pk)
            fresh = Dialogue.objects.get(pk=dialogue.pk)
            for question in questions:
                _place(SYSTEM, fresh, question, at)

    transaction.on_commit(place, robust=True)  # a hall whose notes cannot be sorted still goes on


def _place(actor: Actor, dialogue: Dialogue, question: int, at: datetime) -> int:
    texts = compute_themes.notes_to_place(dialogue, question)
    placed = ThemePlace.objects.filter(theme__grouping__dialogue=dialogue, theme__grouping__question=question)
    if set(texts) == set(placed.values_list("note_id", flat=True)):
        return 0
    grouping = lock_grouping(dialogue, question)
    if set(texts) == set(placed.values_list("note_id", flat=True)):
        return 0
    new = compute_themes.group(grouping, dialogue, at=at)
    record(actor, "themes.grouped", grouping, question=question, notes=new)
    tell(dialogue, "themes")
    return new


@transaction.atomic
def move_notes(
    *,
    actor: Actor,
    dialogue_id: int,
    note_ids: Collection[int],
    theme_id: int | None = None,
    title: str = "",
    at: datetime,
) -> Theme:
    """Put notes in a theme, or in a new one that is called ``title``; their words teach the others at once.

    What repeats them comes along. Moved to where a hand has put them already, nothing happens.
    """
    dialogue = _hold(actor, dialogue_id)
    wanted = set(note_ids)
    notes = list(_shown(dialogue).filter(pk__in=wanted))
    if not notes or len(notes) != len(wanted) or len({note.question for note in notes}) != 1:
        raise NotFoundError("note")
    grouping = lock_grouping(dialogue, notes[0].question)
    before = places_of(grouping)
    is_new = theme_id is None and not _called(grouping, title)
    theme = _make(grouping, title) if theme_id is None else _top(grouping, theme_id)
    moved = [note for note in notes if not _is_there_by_hand(before.get(note.pk), theme)]
    if not moved:
        return theme
    values = {"theme": theme, "confidence": 1.0, "because": ThemePlace.Because.HAND, "same_as": None}
    for note in moved:
        ThemePlace.objects.update_or_create(note=note, defaults=values)
    compute_themes.group(grouping, dialogue, at=at)
    changed = _changed(grouping, before)
    undo = {"places": changed, "made": [theme.pk] if is_new else []}
    facts = {"theme": theme.pk, "notes": len(moved), "taught": max(0, len(changed) - len(moved))}
    _told(actor, dialogue, grouping, "theme.moved", undo, at, **facts)
    return theme


@transaction.atomic
def merge_themes(*, actor: Actor, dialogue_id: int, theme_id: int, into_id: int, at: datetime) -> None:
    """Show one theme under another. Both keep their notes, and are taken apart as they were."""
    dialogue, grouping, theme = _theme(actor, dialogue_id, theme_id)
    into = _top(grouping, into_id)
    if theme.merged_into_id == into.pk:
        return
    if theme.origin == Theme.Origin.OTHER:
        raise ConflictError(_("Övrigt kan inte ligga under ett annat tema."))
    if theme.pk == into.pk:
        raise ConflictError(_("Välj ett annat tema."))
    undo = {"themes": [[theme.pk, theme.merged_into_id, theme.is_hidden]]}
    theme.merged_into = into
    theme.save(update_fields=["merged_into"])
    _told(actor, dialogue, grouping, "theme.merged", undo, at, theme=theme.pk, into=into.pk)


@transaction.atomic
def part_theme(*, actor: Actor, dialogue_id: int, theme_id: int, at: datetime) -> None:
    """Take a theme out again from under another."""
    dialogue, grouping, theme = _theme(actor, dialogue_id, theme_id)
    if theme.merged_into_id is None:
        return
    undo = {"themes": [[theme.pk, theme.merged_into_id, theme.is_hidden]]}
    theme.merged_into = None
    theme.save(update_fields=["merged_into"])
    _told(actor, dialogue, grouping, "theme.parted", undo, at, theme=theme.pk)


@transaction.atomic
def rename_theme(*, actor: Actor, dialogue_id: int, theme_id: int, title: str, at: datetime) -> None:
    """Call a theme something else; an empty title gives it its own name back."""
    dialogue, grouping, theme = _theme(actor, dialogue_id, theme_id)
    title = _checked_title(title, may_be_empty=theme.origin != Theme.Origin.HAND)
    if title == theme.title:
        return
    theme.title_before, theme.title = theme.title, title
    theme.save(update_fields=["title", "title_before"])
    _told(actor, dialogue, grouping, "theme.renamed", {"renamed": theme.pk}, at, theme=theme.pk)


@transaction.atomic
def set_hidden(*, actor: Actor, dialogue_id: int, theme_id: int, wanted: bool, at: datetime) -> None:
    """Keep a theme from the hall, the phones and the protocol, or show it again. Its notes stay in it."""
    dialogue, grouping, theme = _theme(actor, dialogue_id, theme_id)
    if theme.is_hidden == wanted:
        return
    undo = {"themes": [[theme.pk, theme.merged_into_id, theme.is_hidden]]}
    theme.is_hidden = wanted
    theme.save(update_fields=["is_hidden"])
    _told(actor, dialogue, grouping, "theme.hidden" if wanted else "theme.shown", undo, at, theme=theme.pk)


@transaction.atomic
def take_apart(*, actor: Actor, dialogue_id: int, note_id: int, at: datetime) -> None:
    """A note is not the same as the one it was laid with: each has the place that its own words give."""
    dialogue, grouping, place = _place_of(actor, dialogue_id, note_id)
    if place.same_as_id is None:
        return
    before = places_of(grouping)
    one, other = sorted((note_id, place.same_as_id))
    pair, _new = NotesApart.objects.get_or_create(one_id=one, other_id=other)
    compute_themes.group(grouping, dialogue, at=at)
    undo = {"places": _changed(grouping, before), "parted": [pair.pk]}
    _told(actor, dialogue, grouping, "theme.note_parted", undo, at, note=note_id)


@transaction.atomic
def lay_together(*, actor: Actor, dialogue_id: int, note_id: int, at: datetime) -> None:
    """Take back that a note was taken apart from others."""
    dialogue, grouping, _at = _place_of(actor, dialogue_id, note_id)
    pairs = NotesApart.objects.filter(one=note_id) | NotesApart.objects.filter(other=note_id)
    ids = list(pairs.values_list("one_id", "other_id"))
    if not ids:
        return
    before = places_of(grouping)
    pairs.delete()
    compute_themes.group(grouping, dialogue, at=at)
    undo = {"places": _changed(grouping, before), "joined": [list(pair) for pair in ids]}
    _told(actor, dialogue, grouping, "theme.note_joined", undo, at, note=note_id)


def put_back(dialogue: Dialogue, kept: Mapping[str, Any]) -> None:
    """Undo the last change: ``leading.undo`` has made sure that it is the last, and holds the dialogue.

    Notes that have come since keep their places. What was set aside meanwhile does not come back.
    """
    grouping = Grouping.objects.select_for_update().get(pk=kept["grouping"], dialogue=dialogue)
    rows = {row.note_id: row for row in ThemePlace.objects.filter(theme__grouping=grouping)}
    back = []
    for place in (Place(*values) for values in kept.get("places", ())):
        if (row := rows.get(place.note_id)) is None:
            continue
        row.theme_id, row.confidence, row.because = place.theme_id, place.confidence, place.because
        row.same_as_id = place.same_as_id if place.same_as_id in rows else None
        row.words = []  # they are found again the next time notes are placed
        back.append(row)
    ThemePlace.objects.bulk_update(back, ["theme", "confidence", "because", "same_as", "words"], batch_size=500)
    for theme_id, merged_into, is_hidden in kept.get("themes", ()):
        grouping.themes.filter(pk=theme_id).update(merged_into=merged_into, is_hidden=is_hidden)
    if (renamed := grouping.themes.filter(pk=kept.get("renamed", 0)).first()) is not None:
        renamed.title, renamed.title_before = renamed.title_before, renamed.title
        renamed.save(update_fields=["title", "title_before"])
    grouping.themes.filter(pk__in=kept.get("made", ()), places=None).delete()
    NotesApart.objects.filter(pk__in=kept.get("parted", ())).delete()
    NotesApart.objects.bulk_create(
        [NotesApart(one_id=one, other_id=other) for one, other in kept.get("joined", ())], ignore_conflicts=True
    )


# ---------------------------------------------------------------- what they have in common


def _hold(actor: Actor, dialogue_id: int) -> Dialogue:
    hold_dialogue(dialogue_id)
    return get_dialogue(actor, dialogue_id, "theme.sort")


def _theme(actor: Actor, dialogue_id: int, theme_id: int) -> tuple[Dialogue, Grouping, Theme]:
    """The theme as it is now, and its grouping, held."""
    dialogue = _hold(actor, dialogue_id)
    grouping = Grouping.objects.select_for_update().filter(dialogue=dialogue, themes=theme_id).first()
    if grouping is None:
        raise NotFoundError("theme")
    return dialogue, grouping, grouping.themes.get(pk=theme_id)


def _place_of(actor: Actor, dialogue_id: int, note_id: int) -> tuple[Dialogue, Grouping, ThemePlace]:
    dialogue = _hold(actor, dialogue_id)
    note = _shown(dialogue).filter(pk=note_id).first()
    if note is None:
        raise NotFoundError("note")
    grouping = lock_grouping(dialogue, note.question)
    place = ThemePlace.objects.filter(note=note).first()
    if place is None:
        raise NotFoundError("note")
    return dialogue, grouping, place


def _shown(dialogue: Dialogue) -> QuerySet[Note]:
    return Note.objects.filter(dialogue=dialogue, shared_at__isnull=False, set_aside_at=None)


def _is_there_by_hand(place: Place | None, theme: Theme) -> bool:
    return place is not None and place.theme_id == theme.pk and place.because == ThemePlace.Because.HAND


def _top(grouping: Grouping, theme_id: int | None) -> Theme:
    """The theme, or the one that it is shown under."""
    rows = list(grouping.themes.all())
    roots = roots_of(rows)
    if theme_id is None or theme_id not in roots:
        raise NotFoundError("theme")
    return roots[theme_id]


def _called(grouping: Grouping, title: str) -> Theme | None:
    """The theme that leaders call so already."""
    return grouping.themes.filter(title__iexact=" ".join(title.split()), merged_into=None).exclude(title="").first()


def _make(grouping: Grouping, title: str) -> Theme:
    """A theme with this title: the one there is, or a new one."""
    title = _checked_title(title)
    if (same := _called(grouping, title)) is not None:
        return same
    if grouping.themes.filter(origin=Theme.Origin.HAND).count() >= MOST_MADE:
        raise ConflictError(_("Så många egna teman ryms inte. Använd ett av dem som finns."))
    position = grouping.themes.count()
    key = f"hand-{secrets.token_hex(4)}"
    return Theme.objects.create(
        grouping=grouping, key=key, origin=Theme.Origin.HAND, position=position, names={}, title=title
    )


def _checked_title(title: str, *, may_be_empty: bool = False) -> str:
    title = " ".join(title.split())
    longest = Theme._meta.get_field("title").max_length or 0
    if not title and not may_be_empty:
        raise InvalidError(fields={"title": _("Skriv vad temat ska heta.")})
    if len(title) > longest:
        raise InvalidError(fields={"title": _("Högst %(n)s tecken.") % {"n": longest}})
    return title


def _changed(grouping: Grouping, before: Mapping[int, Place]) -> list[list[Any]]:
    """Where the notes were that are elsewhere now, or there for another reason."""
    now = places_of(grouping)
    return [
        list(astuple(place))
        for note_id, place in before.items()
        if note_id in now
        and (place.theme_id, place.because, place.same_as_id)
        != (now[note_id].theme_id, now[note_id].because, now[note_id].same_as_id)
    ]


def _told(
    actor: Actor, dialogue: Dialogue, grouping: Grouping, verb: str, undo: dict[str, Any], at: datetime, **facts: int
) -> None:
    """Keep it for undo and the other leaders, write the audit trail, and tell."""
    ConsoleAction.objects.create(
        dialogue=dialogue,
        person_id=actor.person_id,
        name=actor.name,
        verb=verb,
        before={"grouping": grouping.pk, **undo},
        at=at,
    )
    record(actor, verb, grouping, **facts)
    tell(dialogue, "themes")
