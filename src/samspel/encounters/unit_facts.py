"""What a unit's picture of its meetings is made of, as ``disclosing`` lets it out: None is a hidden number."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from django.utils import timezone

from samspel.core.installation import installation
from samspel.encounters import disclosing, figures
from samspel.encounters.compute_signals import Found, changes_of
from samspel.encounters.models import Factor, Point, Round, Side
from samspel.encounters.open_figures import units_told
from samspel.encounters.screening import without_masks
from samspel.encounters.weeks import Week, mondays
from samspel.engine import themes
from samspel.ui.templatetags.sam import in_language

# Pairs, factors and words are counted from the newest of these days that lies so far back. The day stays put while
# answers come: of two pictures with days of their own, one could be taken from the other.
COUNTED_FROM = ((1, 1), (5, 1), (9, 1))
COUNTED_AT_LEAST = timedelta(weeks=8)
WORDS_MOST, FACTORS_MOST = 8, 6
# Beside the words, how many texts they are out of: no word is empty.
ALL_TEXTS = ""

Way = Literal["helped", "hindered"]


@dataclass(frozen=True)
class Pairs:
    """Meetings that both sides told of; ``n`` is the sum of the parts that are shown, and ``hidden`` the most that the
    others can be."""

    n: int | None = None
    alike: int | None = None
    staff_better: int | None = None
    resident_better: int | None = None
    hidden: int = 0


@dataclass(frozen=True)
class Mentions:
    """In how many answers each side named a factor."""

    factor: str
    them: int | None
    us: int | None


@dataclass(frozen=True)
class Factors:
    """What helped and what was in the way, and of how many answers of each side."""

    them: int | None = None
    us: int | None = None
    helped: Sequence[Mentions] = ()
    hindered: Sequence[Mentions] = ()


@dataclass(frozen=True)
class Word:
    """A word, how many wrote it, and its size: 1 is the largest."""

    text: str
    count: int
    size: int


@dataclass(frozen=True)
class Deed:
    """What a unit told that it did after a round, and when."""

    words: str
    told_on: date


@dataclass(frozen=True)
class Facts:
    """What the picture is made of. ``counted_from``: the day from which pairs, factors and words are counted.
    ``least``: so many answers a figure needs to be shown here.
    ``peers``: other units' residents with the same service, as (how many said "Bra", of how many), told openly."""

    weeks: Mapping[Side, Sequence[Week]]
    counted_from: date
    least: int
    changes: Sequence[Found] = ()
    pairs: Pairs = Pairs()
    factors: Factors = Factors()
    words: Sequence[Word] = ()
    texts: int = 0
    peers: Sequence[tuple[int, int]] = ()
    deed: Deed | None = None


def counted_from(today: date) -> date:
    """The fixed day from which pairs, factors and words are counted.

    >>> counted_from(date(2026, 11, 22)), counted_from(date(2026, 2, 1))
    (datetime.date(2026, 9, 1), datetime.date(2025, 9, 1))
    """
    days = [date(year, month, day) for year in (today.year - 1, today.year) for month, day in COUNTED_FROM]
    return max(day for day in days if day + COUNTED_AT_LEAST <= today)


def facts_of(unit_id: int, *, at: datetime) -> Facts:
    """Everything for a unit's picture as of now."""
    today = timezone.localdate(at)
    shown = mondays(today)
    since, until = shown[0], shown[-1] + timedelta(weeks=1)
    start = counted_from(today)
    weeks = disclosing.weeks_of_unit(unit_id, figures.weeks(unit_id, since, until), today=today, at=at)
    pairs = disclosing.pairs_of_unit(unit_id, start, figures.agreement(unit_id, start, until), at=at)
    least = disclosing.Circle.INSIDE.threshold
    hidden = sum(part is None for part in pairs.values()) * (least - 1)
    words, texts = _words(unit_id, start, until, at=at)
    return Facts(
        weeks={side: [Week(day, weeks.get((side, day), disclosing.HIDDEN)) for day in shown] for side in Side},
        counted_from=start,
        least=least,
        changes=_changes(unit_id, since),
        pairs=Pairs(pairs["n"], pairs["alike"], pairs["staff_better"], pairs["resident_better"], hidden),
        factors=_factors(unit_id, start, until, at=at),
        words=words,
        texts=texts,
        peers=_peers(unit_id, today),
        deed=_deed(unit_id, since),
    )


def _changes(unit_id: int, since: date) -> list[Found]:
    """Each side's newest change within the weeks shown, residents' first."""
    newest: dict[Side, Found] = {}
    for change in changes_of(unit_id):
        if change.since >= since:
            newest.setdefault(change.side, change)
    return [newest[side] for side in Side if side in newest]


def _factors(unit_id: int, since: date, until: date, *, at: datetime) -> Factors:
    answers = dict.fromkeys(Side.values, 0)
    for period in figures.weeks(unit_id, since, until):
        answers[period.side] += period.counts.n
    found, told = disclosing.factors_of_unit(unit_id, since, figures.factors(unit_id, since, until), answers, at=at)
    by_factor: dict[str, dict[str, disclosing.FactorFigures]] = {}
    for one in found:
        by_factor.setdefault(one.factor, {})[one.side] = one
    named = Factor.objects.filter(key__in=by_factor).order_by("position", "pk")
    rows = [(in_language(factor.name), by_factor[factor.key]) for factor in named]
    return Factors(
        told[Side.RESIDENT],
        told[Side.STAFF],
        _mentions(rows, "helped"),
        _mentions(rows, "hindered"),
    )


def _mentions(rows: Sequence[tuple[str, Mapping[str, disclosing.FactorFigures]]], way: Way) -> list[Mentions]:
    """What residents named most stands first; what neither side named is left out."""

    def count(found: Mapping[str, disclosing.FactorFigures], side: Side) -> int | None:
        return getattr(found[side], way) if side in found else 0

    mentions = [Mentions(name, count(found, Side.RESIDENT), count(found, Side.STAFF)) for name, found in rows]
    named = [one for one in mentions if one.them or one.us]
    return sorted(named, key=lambda one: (-(one.them or 0), -(one.us or 0)))[:FACTORS_MOST]


def _words(unit_id: int, since: date, until: date, *, at: datetime) -> tuple[list[Word], int]:
    """The words that enough residents have written, the most usual first, and in how many texts."""
    texts = figures.texts(unit_id, since, until)
    notes = (themes.Note(str(number), without_masks(text)) for number, text in enumerate(texts))
    counted = themes.count_words(notes, language=themes.known_language(installation().language), keep_notes=False)
    writers = {one.word: one.count for one in counted} | {ALL_TEXTS: len(texts)}
    shown = disclosing.words_of_unit(unit_id, since, writers, at=at)
    told = shown.pop(ALL_TEXTS, 0)
    most = sorted(shown.items(), key=lambda row: (-row[1], row[0]))[:WORDS_MOST]
    sizes = themes.size_classes([count for _word, count in most])
    return [Word(word, count, size) for (word, count), size in zip(most, sizes, strict=True)], told


def _peers(unit_id: int, today: date) -> list[tuple[int, int]]:
    """Other units with the service this unit is most asked about, as their last look tells openly: the sum of them and
    the unit says no more than everybody may read."""
    services = Counter(
        Point.objects.filter(unit_id=unit_id, service__isnull=False).order_by("pk").values_list("service_id", flat=True)
    )
    if not services:
        return []
    [(service_id, _points)] = services.most_common(1)
    told = units_told(service_id, today)
    return [(one.good, one.n) for unit, one in told.items() if unit != unit_id and one.n and one.good is not None]


def _deed(unit_id: int, since: date) -> Deed | None:
    """What the unit last told that it did, if the weeks that are shown reach back before it."""
    told = Round.objects.filter(unit_id=unit_id, published_at__isnull=False).order_by("-number").first()
    if told is None or told.published_at is None:
        return None
    day = timezone.localdate(told.published_at)
    return Deed(told.done, day) if day > since else None
