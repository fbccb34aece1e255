"""What it gave and what it spared, by kind of need: counts that may be open, times a stated range.

Never per person, and never a sum of hours: what is shown is how many needs were met and how it went, with the public
threshold of encounters/disclosing, beside the municipality's own assumption and its reason.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from babel.numbers import format_decimal
from django.utils.translation import get_language

from samspel.encounters.disclosing import EXCHANGE_KINDS, Figure, growing
from samspel.exchange.models import Assumption, Category, Ended, Match, Part, Transfer
from samspel.exchange.queries import category_name

KEYS: Final = ("done", "early", "gave_told", "gave_good", "got_told", "got_good")


def counts_of(matches: Collection[Match]) -> dict[int, Counter[str]]:
    """Of matches that have ended: by kind of need, how many were met, and how givers and takers said that it went."""
    ended = [match for match in matches if match.state == Match.State.ENDED]
    parts: dict[int, dict[int, Part]] = defaultdict(dict)
    for part in Part.objects.filter(match__in=ended):
        parts[part.match_id][part.place] = part
    endings = {match.pk: match.ending for match in ended}
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for one in Transfer.objects.filter(match__in=ended, category__isnull=False):
        counts, people = found[one.category_id or 0], parts[one.match_id]
        counts["done" if endings[one.match_id] == Match.Ending.DONE else "early"] += 1
        for side, who in (("gave", people.get(one.place)), ("got", people.get(one.place + 1) or people.get(1))):
            if who is not None and who.outcome is not None:
                counts[f"{side}_told"] += 1
                counts[f"{side}_good"] += who.outcome == Part.Outcome.GOOD
    return dict(found)


@dataclass(frozen=True)
class Side:
    """One side's telling: of a hundred so many said that it went well; None is hidden."""

    of_100: int | None
    told: str
    n: str


@dataclass(frozen=True)
class Kind:
    """A kind of need as everybody may read it. ``low`` to ``high`` is the whole sum, None where nothing is assumed."""

    name: str
    done: int | None
    early: int | None
    gave: Side
    got: Side
    low: int | None
    high: int | None
    reason: str
    per_low: int | None
    per_high: int | None

    @property
    def range(self) -> str:
        """Such as 4 800–18 000, in the reader's way of writing numbers; empty where nothing is assumed."""
        return "" if self.low is None or self.high is None else f"{amount(self.low)}–{amount(self.high)}"


@dataclass(frozen=True)
class Spared:
    """All kinds with something to show, and whether there are more with too little."""

    kinds: tuple[Kind, ...]
    has_hidden: bool
    has_assumptions: bool

    @property
    def low(self) -> str:
        return amount(sum(kind.low or 0 for kind in self.kinds))

    @property
    def high(self) -> str:
        return amount(sum(kind.high or 0 for kind in self.kinds))

    @property
    def is_assumed(self) -> bool:
        """Whether there is an assumption for any of what is shown."""
        return any(kind.high is not None for kind in self.kinds)


def amount(number: int) -> str:
    """As the reader's language writes it: 18 000, 18.000, 18,000."""
    return str(format_decimal(number, locale=(get_language() or "sv")[:2]))


def spared(at: datetime) -> Spared:
    """What has been given and spared so far. Sums are of what is shown, never of what was counted."""
    counts = _all_counts()
    told: dict[str, tuple[int, int]] = {}
    for category_id, found in counts.items():
        told[f"{category_id}/done"] = (found["done"], 0)
        told[f"{category_id}/early"] = (found["early"], 0)
        for side in ("gave", "got"):
            told[f"{category_id}/{side}"] = (found[f"{side}_told"], found[f"{side}_good"])
    shown = growing(EXCHANGE_KINDS, "all", told, at=at)
    assumptions = {one.category_id: one for one in Assumption.objects.all()}
    kinds = [
        _kind(category, shown, assumptions.get(category.pk))
        for category in Category.objects.filter(pk__in=counts)
        if shown[f"{category.pk}/done"].is_shown
    ]
    return Spared(tuple(kinds), len(counts) > len(kinds), bool(assumptions))


def _all_counts() -> dict[int, Counter[str]]:
    """What is still held, and what was counted when it was erased."""
    counts = counts_of(list(Match.objects.filter(state=Match.State.ENDED)))
    for row in Ended.objects.all():
        found = counts.setdefault(row.category_id, Counter())
        found.update({key: int(getattr(row, key)) for key in KEYS})
    return counts


def _kind(category: Category, shown: dict[str, Figure], assumption: Assumption | None) -> Kind:
    done = shown[f"{category.pk}/done"].n
    low = high = None
    if assumption is not None and done is not None:
        low, high = done * assumption.low, done * assumption.high
    return Kind(
        category_name(category),
        done,
        shown[f"{category.pk}/early"].n,
        _side(shown[f"{category.pk}/gave"]),
        _side(shown[f"{category.pk}/got"]),
        low,
        high,
        assumption.reason if assumption is not None else "",
        assumption.low if assumption is not None else None,
        assumption.high if assumption is not None else None,
    )


def _side(figure: Figure) -> Side:
    return Side(figure.per_100, figure.told, str(figure))
