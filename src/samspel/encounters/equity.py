"""Is it as good for everybody? Each group of a service beside all others of whom the same is known.

Made of figures that have been told, and of nothing else: what one reads here anybody can work out from the table.
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

    ``gap`` is the smallest difference to all others that would have been seen eight times of ten.
    """

    group: str
    figure: Figure
    share: Interval | None
    verdict: Verdict
    gap: float | None


@dataclass(frozen=True)
class DimensionRows:
    """A dimension's groups in the order they were given; ``unknown`` is the share of answers of which it is unknown,
    None while that is too few to tell."""

    dimension: str
    rows: tuple[GroupRow, ...]
    unknown: float | None


def differences(lines: Mapping[str, Mapping[str, Figure]], *, looks: int = LOOKS) -> list[DimensionRows]:
    """Each dimension's groups judged; ``""`` is those of whom it is unknown, and is in no comparison.

    :param lines: the figures by dimension and group, those that are hidden too. A group is judged against the sum of
        the other groups that are shown, so that nothing hidden is in the judgment.
    """
    judged = sum(len(_known(groups)) for groups in lines.values() if len(_known(groups)) > 1)
    wrong = WRONG / (max(1, judged) * looks)
    return [_dimension(name, groups, wrong) for name, groups in lines.items()]


def is_any_seen(found: list[DimensionRows]) -> bool:
    return any(row.verdict.is_seen for one in found for row in one.rows)


def _known(groups: Mapping[str, Figure]) -> dict[str, tuple[int, int]]:
    """The groups that are shown, each as (good, answers)."""
    return {
        group: (one.good, one.n)
        for group, one in groups.items()
        if group and one.n is not None and one.good is not None
    }


def _dimension(name: str, groups: Mapping[str, Figure], wrong: float) -> DimensionRows:
    known = _known(groups)
    good, n = sum(one for one, _ in known.values()), sum(one for _, one in known.values())
    rows = []
    for group, told in groups.items():
        if not group:
            continue
        mine = known.get(group)
        if mine is None:
            rows.append(GroupRow(group, HIDDEN, None, Verdict.TOO_FEW, None))
            continue
        share = exact(*mine, level=1 - wrong)
        others = (good - mine[0], n - mine[1])
        if not others[1]:
            rows.append(GroupRow(group, told, share, Verdict.CANNOT_TELL, None))
            continue
        common = good / n
        gap = smallest_gap(common * (1 - common) * (1 / mine[1] + 1 / others[1]), level=1 - wrong)
        rows.append(GroupRow(group, told, share, _verdict(mine, others, gap, wrong), gap))
    unknown = groups.get("", HIDDEN).n
    return DimensionRows(name, tuple(rows), None if unknown is None else unknown / (n + unknown))


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
