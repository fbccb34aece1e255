"""Areas helped alike: what the rule asks of a selection, as rows of a programme and as fractions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from .records import Areas, Problem, Selected

__all__ = ["Row", "Share", "rows_of", "shares_of"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Share:
    """Needs of an area: those that somebody could meet, those that are met, and how many may be."""

    name: str
    could: int
    met: int
    least: Fraction
    most: Fraction

    @property
    def keeps(self) -> bool:
        return self.least <= self.met <= self.most


@dataclass(frozen=True, slots=True)
class Row:
    """What each met need adds, by post, and the least that a selection must have of it."""

    adds: npt.NDArray[np.float64]
    least: float


def shares_of(problem: Problem, selected: Sequence[Selected]) -> tuple[Share, ...]:
    """How each area with a need that could be met fares; none when the problem has no areas."""
    areas = problem.areas
    if areas is None:
        return ()
    could, met = _could(problem, areas), _met(areas, selected)
    total, all_met = int(could.sum()), int(met.sum())
    return tuple(
        Share(
            areas.names[area],
            (own := int(could[area])),
            int(met[area]),
            Fraction(all_met * own, total) - areas.tolerance * own - 1,
            Fraction(all_met * own, total) + areas.tolerance * own + 1,
        )
        for area in np.flatnonzero(could).tolist()
    )


def rows_of(problem: Problem, held: Sequence[Selected] = ()) -> Iterator[Row]:
    """Two rows for each area, for what is selected beside what is held."""
    areas = problem.areas
    if areas is None:
        return
    could = _could(problem, areas)
    total = int(could.sum())
    is_told = areas.of >= 0
    had = _met(areas, held)
    for area in np.flatnonzero(could).tolist():
        own = int(could[area])
        adds = np.where(is_told, (areas.of == area) - own / total, 0.0)
        slack = areas.tolerance * own + 1
        before = int(had[area]) - Fraction(int(had.sum()) * own, total)
        yield Row(adds, float(-slack - before))
        yield Row(-adds, float(-slack + before))


def _could(problem: Problem, areas: Areas) -> Ints:
    """Needs of each area that somebody could meet."""
    takers = np.unique(problem.takers)
    return _counted(areas, takers)


def _met(areas: Areas, selected: Sequence[Selected]) -> Ints:
    return _counted(areas, np.array([taker for one in selected for _, taker in one.transfers], dtype=np.int64))


def _counted(areas: Areas, posts: Ints) -> Ints:
    numbers = areas.of[posts]
    return np.bincount(numbers[numbers >= 0], minlength=len(areas.names))
