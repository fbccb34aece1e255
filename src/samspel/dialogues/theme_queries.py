"""What others read of a question's themes: counts for the hall, all notes for its leaders and the export.

Nothing set aside is ever in it: it is left out where the rows are read, not where they are shown.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from samspel.dialogues.compute_themes import sureness
from samspel.dialogues.compute_words import may_show_words
from samspel.dialogues.models import Dialogue, HiddenWord, Note, NotesApart, Theme, ThemePlace
from samspel.engine import themes as engine

MOST_ON_SCREEN = 8
_PLACED = engine.PLACED_FROM


@dataclass(frozen=True)
class ThemeCount:
    """A theme as everybody may see it: in how many thoughts, how many of those are guesses, and its telling words.

    ``size`` is 1 for the largest, 8 for the smallest.
    """

    theme_id: int
    key: str
    name: str
    count: int
    guesses: int
    words: tuple[str, ...]
    size: int
    share_percent: int
    is_other: bool


@dataclass(frozen=True)
class ThemedNote:
    """A shared note in a theme, as leaders read it. ``sureness`` is sure, likely, guess or hand."""

    note_id: int
    text: str
    table: str
    theme_id: int
    confidence: float
    sureness: str
    words: tuple[str, ...]
    same_as_id: int | None


def roots_of(rows: Iterable[Theme]) -> dict[int, Theme]:
    """The theme each theme is shown under: itself, or what the leaders laid it under."""
    by_id = {row.pk: row for row in rows}
    found = {}
    for row in by_id.values():
        at, seen = row, {row.pk}
        while at.merged_into_id in by_id and at.merged_into_id not in seen:
            at = by_id[at.merged_into_id]
            seen.add(at.pk)
        found[row.pk] = at
    return found


def name_of(theme: Theme, *, hidden: frozenset[str] = frozenset()) -> str:
    """What a theme is called: by the leaders, or by the lexicon or its words in the reader's language."""
    if theme.title:
        return theme.title
    language = (get_language() or "sv")[:2]
    name = str(theme.names.get(language) or next(iter(theme.names.values()), ""))
    if theme.origin == Theme.Origin.FOUND:
        name = " · ".join(part for part in name.split(" · ") if part not in hidden)
        name = name[:1].upper() + name[1:]
    return name or _("Tema utan namn")


def themes_of(dialogue: Dialogue, question: int) -> tuple[ThemeCount, ...]:
    """The themes with notes, most notes first and other last, without those the leaders hid. Three queries.

    The hall sees them when it may see the words (``compute_words.may_show_words``).
    """
    rows = list(Theme.objects.filter(grouping__dialogue=dialogue, grouping__question=question))
    if not rows:
        return ()
    roots = roots_of(rows)
    counts: Counter[int] = Counter()
    guesses: Counter[int] = Counter()
    placed = ThemePlace.objects.filter(theme__in=rows, note__set_aside_at=None, note__shared_at__isnull=False)
    is_guess = Q(confidence__lt=_PLACED) & ~Q(because=ThemePlace.Because.HAND)
    figures = placed.values("theme_id").annotate(count=Count("pk"), guessed=Count("pk", filter=is_guess))
    for theme_id, count, guessed in figures.values_list("theme_id", "count", "guessed"):
        counts[roots[theme_id].pk] += count
        guesses[roots[theme_id].pk] += guessed
    hidden = _hidden_among(dialogue, (word for row in rows for word in (*row.words, *_parts(row))))
    shown = [row for row in rows if roots[row.pk] is row and counts[row.pk] and not row.is_hidden]
    shown.sort(key=lambda row: (row.origin == Theme.Origin.OTHER, -counts[row.pk], row.position, row.pk))
    sizes = engine.size_classes([counts[row.pk] for row in shown])
    largest = max((counts[row.pk] for row in shown), default=1)
    words = _words_with_merged(rows, roots)
    return tuple(
        ThemeCount(
            row.pk,
            row.key,
            name_of(row, hidden=hidden),
            counts[row.pk],
            guesses[row.pk],
            tuple(word for word in words[row.pk] if word not in hidden),
            size,
            round(100 * counts[row.pk] / largest),
            row.origin == Theme.Origin.OTHER,
        )
        for row, size in zip(shown, sizes, strict=True)
    )


def themes_in_protocol(dialogue: Dialogue, question: int, *, inside: bool) -> tuple[ThemeCount, ...]:
    """The themes for the unit's own people, or for all: then only when the words were let through to the hall."""
    return themes_of(dialogue, question) if inside or may_show_words(dialogue) else ()


def themes_in_protocols(dialogue: Dialogue, *, inside: bool) -> list[tuple[str, tuple[ThemeCount, ...]]]:
    """The same for each of the dialogue's questions, with its text."""
    return [
        (question.text, themes_in_protocol(dialogue, question.number, inside=inside))
        for question in dialogue.questions.all()
    ]


def _notes_in(theme_ids: Sequence[int]) -> QuerySet[ThemePlace]:
    """Places with their notes and tables, the surest first."""
    return (
        ThemePlace.objects.filter(theme__in=theme_ids, note__set_aside_at=None, note__shared_at__isnull=False)
        .select_related("note__table")
        .order_by("-confidence", "note_id")
    )


def _themed(row: ThemePlace, theme_id: int) -> ThemedNote:
    return ThemedNote(
        row.note_id,
        row.note.text,
        row.note.table.name if row.note.table else "",
        theme_id,
        row.confidence,
        "hand" if row.because == ThemePlace.Because.HAND else sureness(row.confidence),
        tuple(row.words),
        row.same_as_id,
    )


def _words_with_merged(rows: Iterable[Theme], roots: Mapping[int, Theme]) -> Mapping[int, tuple[str, ...]]:
    """A theme's telling words, and then those of the themes that lie under it."""
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: (roots[row.pk].pk != row.pk, row.position)):
        found[roots[row.pk].pk].update(dict.fromkeys(row.words))
    return {theme_id: tuple(words)[:8] for theme_id, words in found.items()}


def _parts(row: Theme) -> list[str]:
    return str(row.names.get("sv", "")).split(" · ") if row.origin == Theme.Origin.FOUND else []


def _hidden_among(dialogue: Dialogue, words: Iterable[str]) -> frozenset[str]:
    """Those of the words that the leaders took off the list of words, in any of their forms."""
    off = list(HiddenWord.objects.filter(dialogue=dialogue).values_list("word", flat=True))
    if not off:
        return frozenset()
    listed = list(dict.fromkeys(words))
    notes = [engine.Note(f"off {number}", word) for number, word in enumerate(off)]
    notes += [engine.Note(str(number), word) for number, word in enumerate(listed)]
    gone = {word for word in listed if word.casefold() in off}
    for counted in engine.count_words(notes, language=engine.known_language(dialogue.language)):
        if any(note_id.startswith("off ") for note_id in counted.note_ids):
            gone |= {listed[int(note_id)] for note_id in counted.note_ids if not note_id.startswith("off ")}
    return frozenset(gone)


# ---------------------------------------------------------------- the leaders' page


@dataclass(frozen=True)
class NoteCard:
    """A note to move, with those that say the same under it."""

    note: ThemedNote
    repeats: tuple[ThemedNote, ...]
    was_apart: bool = False


@dataclass(frozen=True)
class ThemeColumn:
    """A theme on the leaders' page: its figures, what lies under it, and some of its notes."""

    theme: Theme
    name: str
    words: tuple[str, ...]
    count: int
    sure: int
    likely: int
    guesses: int
    by_hand: int
    merged: tuple[tuple[int, str], ...]
    cards: tuple[NoteCard, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class ThemesPage:
    """All themes of a question for its leaders. ``waiting`` notes have come since; ``open`` is the one that is read."""

    columns: tuple[ThemeColumn, ...]
    hidden: tuple[ThemeColumn, ...]
    empty: tuple[tuple[int, str], ...]
    targets: tuple[tuple[int, str], ...]
    notes: int
    waiting: int
    repeats: int

    @property
    def sure(self) -> int:
        return sum(column.sure + column.likely + column.by_hand for column in (*self.columns, *self.hidden))


def themes_page(dialogue: Dialogue, question: int, *, opened: int = 0, first: int = 0, most: int = 30) -> ThemesPage:
    """Everything for the page: six queries, and two more where a theme is opened, however many notes.

    :param opened: the theme whose notes are shown, from the ``first`` on, ``most`` of them.
    """
    rows = list(Theme.objects.filter(grouping__dialogue=dialogue, grouping__question=question))
    roots = roots_of(rows)
    figures: dict[int, Counter[str]] = defaultdict(Counter)
    placed = ThemePlace.objects.filter(theme__in=rows, note__set_aside_at=None)
    for theme_id, confidence, because, repeats in placed.values_list("theme_id", "confidence", "because", "same_as_id"):
        figure = figures[roots[theme_id].pk]
        figure["hand" if because == ThemePlace.Because.HAND else sureness(confidence)] += 1
        figure["all"] += 1
        figure["repeats"] += repeats is not None
    notes = Note.objects.filter(
        dialogue=dialogue, question=question, shared_at__isnull=False, set_aside_at=None
    ).count()
    under: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in rows:
        if roots[row.pk] is not row:
            under[roots[row.pk].pk].append((row.pk, name_of(row)))
    words = _words_with_merged(rows, roots)
    columns = []
    for row in rows:
        if roots[row.pk] is not row:
            continue
        figure = figures[row.pk]
        cards, more = _cards(row, rows, roots, first, most) if row.pk == opened else ((), 0)
        columns.append(
            ThemeColumn(
                row,
                name_of(row),
                words.get(row.pk, ()),
                figure["all"],
                figure["sure"],
                figure["likely"],
                figure["guess"],
                figure["hand"],
                tuple(under[row.pk]),
                cards,
                more,
            )
        )
    columns.sort(key=lambda each: (each.theme.origin == Theme.Origin.OTHER, -each.count, each.theme.position))
    shown = [each for each in columns if not each.theme.is_hidden]
    return ThemesPage(
        tuple(each for each in shown if each.count or each.theme.origin in {"hand", "other"}),
        tuple(each for each in columns if each.theme.is_hidden),
        tuple((each.theme.pk, each.name) for each in shown if not each.count and each.theme.origin == "lexicon"),
        tuple((each.theme.pk, each.name) for each in sorted(shown, key=lambda each: each.name.casefold())),
        notes,
        max(0, notes - sum(each.count for each in columns)),
        sum(figure["repeats"] for figure in figures.values()),
    )


def _cards(
    theme: Theme, rows: Sequence[Theme], roots: Mapping[int, Theme], first: int, most: int
) -> tuple[tuple[NoteCard, ...], int]:
    """The notes of a theme that stand for themselves, the least sure first, each with what repeats it."""
    members = [row.pk for row in rows if roots[row.pk] is theme]
    stand = _notes_in(members).filter(same_as=None).order_by("confidence", "note_id")
    chosen = [_themed(row, theme.pk) for row in stand[first : first + most + 1]]
    more, chosen = len(chosen) > most, chosen[:most]
    ids = [note.note_id for note in chosen]
    repeats: dict[int, list[ThemedNote]] = defaultdict(list)
    for row in ThemePlace.objects.filter(same_as__in=ids, note__set_aside_at=None).select_related("note__table"):
        repeats[row.same_as_id or 0].append(_themed(row, theme.pk))
    apart: set[int] = set()
    for pair in NotesApart.objects.filter(Q(one__in=ids) | Q(other__in=ids)).values_list("one_id", "other_id"):
        apart.update(pair)
    return (
        tuple(NoteCard(note, tuple(repeats[note.note_id]), note.note_id in apart) for note in chosen),
        first + most if more else 0,
    )
