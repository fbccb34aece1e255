"""Is it as good for everybody? Each group of a service beside all others of whom the same is known.

Made of figures that have been told, and of nothing else: what one reads here anybody can work out from the table.
Answers of a day that are alike count as fewer (``engine.inference.design_effects``).
Every group of every dimension is judged at once, and again at every look: so strictly that over all of them and over
LOOKS looks at most one service in twenty is told of a difference that is chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from samspel.encounters.disclosing import HIDDEN, Figure
from samspel.engine.inference import Interval, exact, exact_p, smallest_gap
from samspel.engine.inference import difference as gap_between

# So often a service's groups are looked at before the promise begins anew: nearly two years of looks.
LOOKS = 24
# A wrong word about any group, at any of the looks, in so many services of a hundred.
WRONG = 0.05
# A difference larger than this (of 100) that could not have been seen: then nothing can be said.
GAP_LEAST = 0.10
# From so many answers on in the smaller of the two, two shares are compared by their intervals: as good, and faster.
EXACT_MOST = 2000


class Verdict(StrEnum):
    LOWER = "lower"
    HIGHER = "higher"
    NONE = "none"
    CANNOT_TELL = "cannot"
    TOO_FEW = "few"

    @property
    def is_seen(self) -> bool:
        return self in {Verdict.LOWER, Verdict.HIGHER}


@dataclass(frozen=True)
class GroupRow:
    """A group: its figure, between what its share lies while all groups' do, and what can be said of it.

    ``gap`` is the smallest difference to all others that would have been seen eight times of ten; ``counts_as``: as so
    many answers that are not alike, None where it is hidden.
    """

    group: str
    figure: Figure
    share: Interval | None
    verdict: Verdict
    gap: float | None
    counts_as: int | None = None


@dataclass(frozen=True)
class DimensionRows:
    """A dimension's groups in the order they were given; ``unknown`` is the share of answers of which it is unknown,
    None while that is too few to tell."""

    dimension: str
    rows: tuple[GroupRow, ...]
    unknown: float | None


def differences(
    lines: Mapping[str, Mapping[str, Figure]],
    effects: Mapping[str, Mapping[str, float]] | None = None,
    *,
    looks: int = LOOKS,
) -> list[DimensionRows]:
    """Each dimension's groups judged; ``""`` is those of whom it is unknown, and is in no comparison.

    :param lines: the figures by dimension and group, those that are hidden too. A group is judged against the sum of
        the other groups that are shown, so that nothing hidden is in the judgment.
    :param effects: by dimension and group: by how much its answers count for fewer than they are; 1 where none is.
    """
    effects = effects or {}
    judged = sum(len(_known(groups, {})) for groups in lines.values() if len(_known(groups, {})) > 1)
    wrong = WRONG / (max(1, judged) * looks)
    return [_dimension(name, groups, effects.get(name, {}), wrong) for name, groups in lines.items()]


def _known(groups: Mapping[str, Figure], effects: Mapping[str, float]) -> dict[str, tuple[int, int]]:
    """The groups that are shown, each as (good, answers) of as many as its answers count for."""
    return {
        group: _as_fewer(one.good, one.n, effects.get(group, 1.0))
        for group, one in groups.items()
        if group and one.n is not None and one.good is not None
    }


def _as_fewer(good: int, n: int, effect: float) -> tuple[int, int]:
    """The same share, as near as it can be, of so many fewer answers; of all or none good it stays so."""
    fewer = max(1, int(n / effect))
    return round(good * fewer / n), fewer


def _dimension(name: str, groups: Mapping[str, Figure], effects: Mapping[str, float], wrong: float) -> DimensionRows:
    known = _known(groups, effects)
    good, n = sum(one for one, _ in known.values()), sum(one for _, one in known.values())
    rows = []
    for group, told in groups.items():
        if not group:
            continue
        mine = known.get(group)
        if mine is None:
            rows.append(GroupRow(group, HIDDEN, None, Verdict.TOO_FEW, None))
            continue
        share = _band(told, mine, wrong)
        others = (good - mine[0], n - mine[1])
        if not others[1]:
            rows.append(GroupRow(group, told, share, Verdict.CANNOT_TELL, None, mine[1]))
            continue
        common = good / n
        gap = smallest_gap(common * (1 - common) * (1 / mine[1] + 1 / others[1]), level=1 - wrong)
        rows.append(GroupRow(group, told, share, _verdict(mine, others, gap, wrong), gap, mine[1]))
    unknown, shown = groups.get("", HIDDEN).n, sum(groups[group].n or 0 for group in known)
    return DimensionRows(name, tuple(rows), None if unknown is None else unknown / (shown + unknown))


def _band(told: Figure, counted: tuple[int, int], wrong: float) -> Interval:
    """Around the share that is told, as wide as of the answers that are counted."""
    band = exact(*counted, level=1 - wrong)
    share = (told.good or 0) / (told.n or 1)
    return Interval(share, min(band.low, share), max(band.high, share), band.level)


def _verdict(mine: tuple[int, int], others: tuple[int, int], gap: float, wrong: float) -> Verdict:
    if _differ(mine, others, wrong):
        return Verdict.LOWER if mine[0] * others[1] < others[0] * mine[1] else Verdict.HIGHER
    return Verdict.CANNOT_TELL if gap > GAP_LEAST else Verdict.NONE


def _differ(mine: tuple[int, int], others: tuple[int, int], wrong: float) -> bool:
    """Whether chance alone would be as unlike as this in fewer than ``wrong`` of all cases; exact for few answers."""
    if gap_between(mine, others).holds(0):  # not even at one look at one group: no need to count exactly
        return False
    if min(mine[1], others[1]) <= EXACT_MOST:
        return exact_p(mine, others) < wrong
    return not gap_between(mine, others, level=1 - wrong).holds(0)
