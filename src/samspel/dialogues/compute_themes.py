"""The themes of a question: shared notes become a problem for ``engine.themes``, its answer is checked and stored.

The rows are all there is to go on: who groups next, in whatever process, knows what the leaders have done. A note that
has a place keeps it while others come, unless its theme was a guess and another has become rather sure. What is read
from here stands in ``theme_queries``.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import numpy as np
from django.db.models import Q

from samspel import __version__
from samspel.core.lexicon import SHIPPED, shipped_lexicon
from samspel.dialogues.models import Dialogue, Grouping, Note, NotesApart, Theme, ThemePlace
from samspel.engine import themes
from samspel.engine.records import as_json

SURE_FROM = 0.75  # so many in a hundred are right: three in four of all placed notes are
FEW_NOTES = 10  # so many that a word which stands in one of them only tells about that one
_LONGEST = 80  # letters of a word that is kept beside a theme or a note
_NAME_WORDS = 3
_NAME_GLUE = " · "


class ThemesError(RuntimeError):
    """The checker refused what the solver made: a defect of ours, and nothing is stored."""


@dataclass(frozen=True)
class Place:
    """Where a note was, in numbers that may be kept: what it takes to put it back."""

    note_id: int
    theme_id: int
    confidence: float
    because: str
    same_as_id: int | None


def notes_to_place(dialogue: Dialogue, question: int) -> "dict[int, str]":
    """The texts that have themes: shared, and not set aside."""
    rows = Note.objects.filter(dialogue=dialogue, question=question, shared_at__isnull=False, set_aside_at=None)
    return dict(rows.order_by("pk").values_list("pk", "text"))


def lock_grouping(dialogue: Dialogue, question: int) -> Grouping:
    """The question's grouping, made if there is none; its row is held until the transaction ends."""
    Grouping.objects.get_or_create(
        dialogue=dialogue, question=question, defaults={"seed": secrets.randbits(48), "computed_at": None}
    )
    return Grouping.objects.select_for_update().get(dialogue=dialogue, question=question)


def places_of(grouping: Grouping) -> dict[int, Place]:
    """Where every note is, in the order they came to it."""
    rows = ThemePlace.objects.filter(theme__grouping=grouping).order_by("pk")
    return {
        row[0]: Place(*row) for row in rows.values_list("note_id", "theme_id", "confidence", "because", "same_as_id")
    }


def group(grouping: Grouping, dialogue: Dialogue, *, at: datetime) -> int:
    """Place the notes that have come, and let what was moved by hand teach the rest; gives how many were new.

    The caller holds the grouping. Cost: about 0.7 s of one processor for 1,600 notes.

    :raises ThemesError: when the checker finds a broken promise.
    """
    texts = notes_to_place(dialogue, grouping.question)
    rows = {row.note_id: row for row in ThemePlace.objects.filter(theme__grouping=grouping).order_by("pk")}
    known = {row.pk: row for row in grouping.themes.all()}
    # Those that have a place first, in the order they came to it: what repeats what then stays as it is.
    order = [*(note_id for note_id in rows if note_id in texts), *(note_id for note_id in texts if note_id not in rows)]
    problem = themes.Problem(
        tuple(themes.Note(str(note_id), texts[note_id]) for note_id in order),
        shipped_lexicon(),
        themes.known_language(dialogue.language),
        moved={
            str(note_id): known[rows[note_id].theme_id].key
            for note_id in order
            if note_id in rows and rows[note_id].because == ThemePlace.Because.HAND
        },
        apart=frozenset(
            frozenset({str(one), str(other)}) for one, other in pairs_apart(order) if one in texts and other in texts
        ),
    )
    earlier = _earlier([rows[note_id] for note_id in order if note_id in rows], known) if known else None
    result = themes.solve(problem, rng=np.random.default_rng(grouping.seed), earlier=earlier).result
    if broken := themes.check(problem, result):
        raise ThemesError("; ".join(broken[:3]))
    stored = _store_themes(grouping, known, result, _shared_words(texts.values(), result))
    _store_places(result, rows, stored)
    grouping.computed_at = at
    grouping.version = f"samspel {__version__} {SHIPPED}"
    grouping.told = as_json([(one.kind, one.numbers) for one in themes.describe(problem, result)])
    grouping.save(update_fields=["computed_at", "version", "told"])
    return sum(note_id not in rows for note_id in texts)


def pairs_apart(note_ids: Iterable[int]) -> list[tuple[int, int]]:
    """The pairs among these notes that a leader has taken apart."""
    ids = list(note_ids)
    return list(NotesApart.objects.filter(Q(one__in=ids)).values_list("one_id", "other_id"))


def forget(note: Note) -> None:
    """Take a note that is set aside out of its theme, with the words that only it has.

    Its own words may have named a theme: those go too.
    """
    place = ThemePlace.objects.filter(note=note).select_related("theme").first()
    if place is None:
        return
    theme = place.theme
    ThemePlace.objects.filter(same_as=note).update(same_as=None, because=ThemePlace.Because.WORDS)
    place.delete()
    left = [
        *Note.objects.filter(
            theme_place__theme__grouping=theme.grouping_id, shared_at__isnull=False, set_aside_at=None
        ).values_list("text", flat=True)
    ]
    found = Theme.objects.filter(grouping=theme.grouping_id)
    for each in found:
        told = _in_enough(each.words, left)
        names = (
            _name_of_words(_in_enough(_named_words(each), left)) if each.origin == Theme.Origin.FOUND else each.names
        )
        if (told, names) != (each.words, each.names):
            each.words, each.names = told, names
            each.save(update_fields=["words", "names"])


# ---------------------------------------------------------------- from rows, and back to them


def _earlier(rows: Sequence[ThemePlace], known: Mapping[int, Theme]) -> themes.Result:
    return themes.Result(
        tuple(themes.Theme(row.key, row.names, cast(Any, row.origin), tuple(row.words)) for row in known.values()),
        tuple(
            themes.Placement(
                str(row.note_id),
                known[row.theme_id].key,
                row.confidence,
                cast(Any, row.because),
                tuple(row.words),
                str(row.same_as_id) if row.same_as_id else None,
            )
            for row in rows
        ),
    )


def _store_themes(
    grouping: Grouping, known: Mapping[int, Theme], result: themes.Result, shared: frozenset[str]
) -> dict[str, Theme]:
    """The themes' rows by key, with their words of now. A name that is given once stays."""
    by_key = {row.key: row for row in known.values()}
    new, changed = [], []
    for position, theme in enumerate(result.themes):
        words = [word for word in theme.words if word in shared]
        row = by_key.get(theme.id)
        if row is None:
            names = _name_of_words(words) if theme.origin == "found" else dict(theme.names)
            row = Theme(grouping=grouping, key=theme.id, origin=theme.origin, position=position, names=names)
            row.words = words
            new.append(row)
        elif (row.words, row.position) != (words, position):
            row.words, row.position = words, position
            changed.append(row)
        if row.origin == Theme.Origin.FOUND and not row.names and row.pk and words:
            row.names = _name_of_words(words)
            changed.append(row)
    Theme.objects.bulk_create(new)
    Theme.objects.bulk_update({row.pk: row for row in changed}.values(), ["words", "position", "names"])
    return by_key | {row.key: row for row in new}


def _store_places(result: themes.Result, rows: Mapping[int, ThemePlace], stored: Mapping[str, Theme]) -> None:
    new, changed, placed = [], [], set()
    for place in result.placements:
        note_id = int(place.note_id)
        placed.add(note_id)
        values = {
            "theme_id": stored[place.theme].pk,
            "confidence": round(place.confidence, 4),
            "because": place.because,
            "words": [word for word in place.words if len(word) <= _LONGEST],
            "same_as_id": int(place.same_as) if place.same_as else None,
        }
        row = rows.get(note_id)
        if row is None:
            new.append(ThemePlace(note_id=note_id, **values))
        elif _tells_more(row, place) or any(
            getattr(row, name) != value for name, value in values.items() if name != "confidence"
        ):
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
    ThemePlace.objects.bulk_create(new)
    ThemePlace.objects.bulk_update(changed, ["theme", "confidence", "because", "words", "same_as"], batch_size=500)
    ThemePlace.objects.filter(pk__in=[row.pk for note_id, row in rows.items() if note_id not in placed]).delete()


def _tells_more(row: ThemePlace, place: themes.Placement) -> bool:
    """Whether the confidence is another in words, or by a twentieth: every note that comes moves it a little."""
    return sureness(row.confidence) != sureness(place.confidence) or abs(row.confidence - place.confidence) >= 0.05


def sureness(confidence: float) -> str:
    """How sure a theme is, in three: ``sure``, ``likely``, or ``guess``, which is never shown as a fact."""
    return "sure" if confidence >= SURE_FROM else "likely" if confidence >= themes.PLACED_FROM else "guess"


# ---------------------------------------------------------------- words that may be told


def _shared_words(texts: Iterable[str], result: themes.Result) -> frozenset[str]:
    """Of the themes' telling words those that more than one note has: a word of one's own would point at its author."""
    return frozenset(_in_enough({word for theme in result.themes for word in theme.words}, list(texts)))


def _in_enough(words: Iterable[str], texts: Sequence[str]) -> list[str]:
    """Those of the words that stand in at least two of the texts (in one, where there are few), in their order."""
    words = [word for word in words if len(word) <= _LONGEST]
    wanted = {themes.normalise(word): word for word in words}
    longest = max((name.count(" ") for name in wanted), default=0) + 1
    seen: Counter[str] = Counter()
    for text in texts:
        parts = themes.normalise(text).split()
        seen.update(
            {
                phrase
                for length in range(1, longest + 1)
                for start in range(len(parts) - length + 1)
                if (phrase := " ".join(parts[start : start + length])) in wanted
            }
        )
    least = 1 if len(texts) < FEW_NOTES else 2
    return [word for word in words if seen[themes.normalise(word)] >= least]


def _name_of_words(words: Sequence[str]) -> dict[str, str]:
    called = _NAME_GLUE.join(words[:_NAME_WORDS])
    return dict.fromkeys(("sv", "da", "en"), called) if called else {}


def _named_words(theme: Theme) -> list[str]:
    return str(theme.names.get("sv", "")).split(_NAME_GLUE) if theme.names else []
