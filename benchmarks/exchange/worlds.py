"""Towns for a year: who comes when and for how long, who could help whom, and what each would answer.

Every policy meets the same people with the same answers, for each has a draw for each transfer she could be asked
about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from benchmarks.engine.matching import make_pool
from samspel.engine.matching import Pair, Problem, Selected

__all__ = ["CHAIN", "LONGEST_ANSWER", "RING", "Answers", "World", "make_world"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RING, CHAIN = 4, 6
DAYS = 365
STANDS = 90  # days, and as many again when it is renewed
LONGEST_ANSWER = 7  # days
GIVE_ONLY, NEED_ONLY = 0.2, 0.3  # of people; the others do both
WITH_WINDOW, WINDOW, WINDOW_WITHIN = 0.3, 60, 30  # of people; days; days after they came
QUIET_WEEKS, BUSY_WEEKS = {0, 26, 27, 28, 29, 30, 51}, {2, 3, 34, 35, 36, 37}
AT_ONCE = 1 / 3  # of a year's people are there on one day, nobody being helped

# An assumption: ten a day in a town of 100,000. Brattleboro Time Trade counted 2,036 exchanges in 2013 (The Commons,
# May 2014) in a county of some 44,000, which is 4,600 in such a town.
PEOPLE_A_RESIDENT = 0.0365


@dataclass(frozen=True, slots=True)
class Answers:
    """How people take to being asked; `yes` and `stays` are chances of one who is asked, whatever her part in it."""

    yes: float = 0.8
    stays: float = 0.95
    renews: float = 0.5


@dataclass(frozen=True)
class World:
    """Everybody of a year, and what each would answer.

    :param pool: who could help whom, where both are there at one time and their windows meet.
    :param comes, last: ``[people]``, the first and the last day on which they can be asked.
    :param answers_in: ``[people]``, days.
    :param likes, keeps: ``[arcs, 2]``, the giver's and the taker's draws: she says yes, and does not drop out after
        it, when those of her transfers are low enough.
    """

    pool: Problem
    comes: Ints
    last: Ints
    answers_in: Ints
    likes: Floats
    keeps: Floats
    answers: Answers = field(default_factory=Answers)

    @cached_property
    def places(self) -> Mapping[Pair, int]:
        return {
            pair: at for at, pair in enumerate(zip(self.pool.givers.tolist(), self.pool.takers.tolist(), strict=True))
        }

    def _would(self, draws: Floats, chance: float, person: int, one: Selected) -> bool:
        parts = [(self.places[pair], pair.index(person)) for pair in one.transfers if person in pair]
        return all(draws[arc, side] < chance ** (1 / len(parts)) for arc, side in parts)

    def says_yes(self, person: int, one: Selected) -> bool:
        return self._would(self.likes, self.answers.yes, person, one)

    def stays(self, person: int, one: Selected) -> bool:
        return self._would(self.keeps, self.answers.stays, person, one)

    def bound(self) -> float:
        """No policy can meet more needs.

        What a policy has met at the end is rings and chains that share nobody, of transfers between people who were
        there at one time and would neither refuse nor drop out. Of such transfers, let each person get at most one and
        give at most one, and nobody with a need give who does not get: every outcome is so, whatever the lengths of its
        rings and chains, and the most transfers that are so is a flow, which a linear programme finds.
        """
        possible = (self.likes < self.answers.yes**0.5).all(axis=1) & (self.keeps < self.answers.stays**0.5).all(axis=1)
        pool = self.pool.only(possible)
        arcs, needs = np.arange(len(pool.givers)), pool.needs
        if not len(arcs):
            return 0.0
        gets, gives = (
            csr_array((np.ones(len(arcs)), (ends, arcs)), shape=(len(needs), len(arcs)))
            for ends in (pool.takers, pool.givers)
        )
        rows = vstack([gets[needs], gives[~needs], (gives - gets)[needs]])
        most = np.concatenate([np.ones(len(needs)), np.zeros(int(needs.sum()))])
        found = linprog(-np.ones(len(arcs)), A_ub=rows, b_ub=most, bounds=(0, None), method="highs")
        return float(round(-found.fun, 6))


def make_world(residents: int, seed: int, answers: Answers | None = None, *, thin: bool = False) -> World:
    """A year of Poisson arrivals, fewer in holidays and more when the terms begin; kinds of help and areas as in
    `make_pool`, whose pools are those of one day here.

    :param thin: so many kinds of help that a whole year is such a pool.
    """
    answers = answers or Answers()
    rng = np.random.default_rng(seed)
    comes = _arrivals(residents * PEOPLE_A_RESIDENT, rng)
    people = len(comes)
    givers = round(GIVE_ONLY * people)
    at_once = people * (1.0 if thin else AT_ONCE)
    pool = make_pool(people - givers, givers, seed, ring=RING, chain=CHAIN, at_once=at_once)
    comes = rng.permutation(comes)
    begins = comes + rng.integers(WINDOW_WITHIN, size=people)
    ends = begins + WINDOW
    is_open = rng.random(people) >= WITH_WINDOW
    begins[is_open], ends[is_open] = 0, 3 * DAYS
    last = np.minimum(comes + STANDS * np.where(rng.random(people) < answers.renews, 2, 1), ends)
    takes_only = (rng.random(people) < NEED_ONLY / (1 - GIVE_ONLY)) & pool.needs
    one, other = pool.givers, pool.takers
    pool = pool.only(
        ~takes_only[one]
        & (np.maximum(comes[one], comes[other]) <= np.minimum(last[one], last[other]))
        & (np.maximum(begins[one], begins[other]) <= np.minimum(ends[one], ends[other]))
    )
    answers_in = np.minimum(rng.geometric(0.4, people), LONGEST_ANSWER)
    likes, keeps = rng.random((2, len(pool.givers), 2))
    return World(pool, comes, last, answers_in, likes, keeps, answers)


def _arrivals(people: float, rng: np.random.Generator) -> Ints:
    weeks = np.arange(DAYS) // 7
    rate = np.where(np.isin(weeks, [*QUIET_WEEKS]), 0.5, np.where(np.isin(weeks, [*BUSY_WEEKS]), 1.5, 1.0))
    return np.repeat(np.arange(DAYS), rng.poisson(people * rate / rate.sum()))
