"""A simulated year of giving and getting, policy by policy: `python -m benchmarks.exchange.year [--smoke]`.

People come day by day, are asked about rings and chains, answer after some days, drop out, are mended, and leave
(`worlds.py`). Rows are medians over the seeds; a difference is that of the same seeds, with its 95 % interval
(Student's t). What could be met is a bound on every policy: on the best selection by one who knows the whole year and
every answer beforehand. Seconds are the processor's; every year is checked.
"""

import argparse
import math
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# One thread: what several do at once would count several times.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from benchmarks.exchange.worlds import CHAIN, LONGEST_ANSWER, RING, Answers, World, make_world
from samspel.engine.matching import Change, Objective, Problem, Selected, Solution, mend, solve

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

BEGINS_AFTER = 2  # days after the last yes
LIMIT_S = 60.0  # of one selection
SIZES = {"quarter": 25_000, "town": 100_000, "city": 400_000}
SMOKE, SEEDS = 4_000, 5


# ---------------------------------------------------------------- policies

GOALS = ("needs", "needs, then surviving a no", "surviving a no")
_OFTEN = {0: "on arrival", 1: "daily", 7: "weekly", 30: "monthly"}


@dataclass(frozen=True, slots=True)
class Policy:
    """How often is chosen (0: for each who comes, the pair that fits best), how long rings and chains may be, and what
    is wanted of a selection, one of `GOALS`."""

    every: int
    ring: int = RING
    chain: int = CHAIN
    goal: str = GOALS[0]

    @property
    def name(self) -> str:
        return f"{_OFTEN[self.every]}, rings {self.ring}, chains {self.chain}, {self.goal}"

    def objectives(self, arcs: int, chance: float) -> tuple[Objective, ...]:
        needs = Objective("needs met", np.ones(arcs))
        survive = Objective("needs met on average", np.zeros(arcs), chance=chance)
        return {GOALS[0]: (needs,), GOALS[1]: (needs, survive), GOALS[2]: (survive,)}[self.goal]


DEFAULT = Policy(7)
POLICIES = (
    *(Policy(0, 2, chain) for chain in (0, 1)),
    *(Policy(every, chain=chain) for every in (1, 7, 30) for chain in (0, CHAIN)),
    *(Policy(7, ring, chain) for ring in (2, 3) for chain in (0, CHAIN)),
    *(Policy(7, chain=chain) for chain in (1, 3)),
    *(Policy(every, goal=goal) for every in (1, 7, 30) for goal in GOALS[1:]),
    *(Policy(7, chain=0, goal=goal) for goal in GOALS[1:]),
)


# ---------------------------------------------------------------- a year


@dataclass(slots=True)
class Proposal:
    """People who have been asked: whose answers are awaited, on which days, and when the last had been heard."""

    selected: Selected
    since: int
    awaited: dict[int, int]
    heard: int


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody was asked about or had said yes to, and the first and last day of it."""

    person: int
    begins: int
    ends: int


@dataclass(slots=True)
class Year:
    """What came of it.

    :param begun: the rings and chains that all said yes to, with the day on which they began.
    :param lost: transfers that had been proposed and went because of somebody's no or leaving.
    """

    begun: list[tuple[int, Selected]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    asked: int = 0
    noes: int = 0
    lost: int = 0
    unproven: int = 0
    seconds: float = 0.0

    @property
    def needs_met(self) -> int:
        return sum(one.needs_met for _, one in self.begun)

    def waited(self, world: World) -> Ints:
        """Days of each need that was met."""
        return np.array(
            [day - world.comes[taker] for day, one in self.begun for _, taker in one.transfers], dtype=np.int64
        )

    def days_open(self, world: World) -> float:
        """Of a need on average, until it was met or its post left."""
        days = (world.last - world.comes + 1).astype(np.float64)
        for day, one in self.begun:
            people = np.array(one.posts)
            days[people] = day - world.comes[people]
        return float(days[world.pool.needs].mean())


def run(world: World, policy: Policy) -> Year:
    """One year, and on until nobody is left."""
    start = time.process_time()
    town = _Town(world, policy)
    for day in range(int(world.last.max(initial=0)) + 2):
        town.live(day)
    town.year.seconds = time.process_time() - start
    return town.year


class _Town:
    def __init__(self, world: World, policy: Policy) -> None:
        self.world, self.policy, self.year = world, policy, Year()
        self.open: list[Proposal] = []
        self.waiting = np.zeros(len(world.comes), dtype=bool)  # there, and in no proposal
        self.refused = np.zeros(len(world.pool.givers), dtype=bool)
        self.against: set[int] = set()  # who said no today
        self.leaving: set[int] = set()  # and who goes for good

    def live(self, day: int) -> None:
        come = np.flatnonzero(self.world.comes == day)
        self.waiting[come] = True
        self.waiting[self.world.last < day] = False
        self._hear(day)
        self._begin_or_mend(day)
        if not self.policy.every:
            for person in come.tolist():
                self._greet(person, day)
        elif day % self.policy.every == 0:
            self._select(day)

    # ------------------------------------------------------------ being asked

    def _ask(self, one: Selected, day: int) -> None:
        assert self.waiting[list(one.posts)].all()
        self.waiting[list(one.posts)] = False
        self.year.asked += len(one.posts)
        self.open.append(
            Proposal(one, day, {person: day + int(self.world.answers_in[person]) for person in one.posts}, day)
        )

    def _hear(self, day: int) -> None:
        self.against, self.leaving = set(), set()
        for proposal in self.open:
            for person in [person for person, due in proposal.awaited.items() if due <= day]:
                del proposal.awaited[person]
                proposal.heard = day
                if not self.world.says_yes(person, proposal.selected):
                    self.against.add(person)
                    mine = [pair for pair in proposal.selected.transfers if person in pair]
                    self.refused[[self.world.places[pair] for pair in mine]] = True
            self.leaving.update(person for person in proposal.selected.posts if self.world.last[person] < day)
        self.year.noes += len(self.against)

    def _begin_or_mend(self, day: int) -> None:
        """What all have said yes to begins, unless somebody drops out at the last moment."""
        kept, broken = [], []
        for proposal in self.open:
            people = set(proposal.selected.posts)
            if people & (self.leaving | self.against):
                broken.append(proposal)
                continue
            if proposal.awaited or day < proposal.heard + BEGINS_AFTER:
                kept.append(proposal)
                continue
            dropping = {person for person in people if not self.world.stays(person, proposal.selected)}
            if dropping:
                self.leaving |= dropping
                self.year.noes += len(dropping)
                broken.append(proposal)
                continue
            self.year.begun.append((day, proposal.selected))
            self._end(proposal, day)
        self.open = kept
        if broken:
            self._mend(broken, day)

    def _end(self, proposal: Proposal, day: int) -> None:
        self.year.held += [Held(person, proposal.since, day) for person in proposal.selected.posts]

    def _mend(self, broken: Sequence[Proposal], day: int) -> None:
        """With the least change; who had said yes to all that she still does is not asked again."""
        concerned = sorted({person for proposal in broken for person in proposal.selected.posts})
        awaited = {person: due for proposal in broken for person, due in proposal.awaited.items()}
        for proposal in broken:
            self._end(proposal, day)
        self.waiting[concerned] = True
        self.waiting[[*self.leaving]] = False
        here = self._askable(day)
        here[concerned] = True
        people, problem = self._problem(here)
        number = {person: at for at, person in enumerate(people.tolist())}
        before = [_renamed(proposal.selected, number) for proposal in broken]
        nothing = (0.0,) * len(problem.objectives)
        solution = Solution(tuple(before), nothing, tuple(math.inf for _ in nothing), "good", 0.0)
        out = frozenset(number[person] for person in self.leaving | self.against)
        changed = mend(problem, solution, Change(gone=out), time_limit_s=LIMIT_S)
        self.year.lost += len(changed.lost)
        anew = {int(people[post]) for post in changed.asked_anew}
        for found in changed.solution.selected:
            one = _renamed(found, people)
            if not set(one.posts) & set(concerned):
                continue  # it can wait until it is chosen among all
            self.waiting[list(one.posts)] = False
            asked = anew & set(one.posts)
            due = {person: awaited[person] for person in one.posts if person in awaited}
            due |= {person: day + int(self.world.answers_in[person]) for person in asked}
            self.year.asked += len(asked)
            self.open.append(Proposal(one, day, due, day))

    # ------------------------------------------------------------ choosing

    def _askable(self, day: int) -> Mask:
        """Those who wait and have time to answer."""
        askable: Mask = self.waiting & (self.world.last >= day + LONGEST_ANSWER + BEGINS_AFTER)
        return askable

    def _problem(self, here: Mask) -> tuple[Ints, Problem]:
        """The pool of these people alone, and who they are."""
        pool, policy = self.world.pool, self.policy
        people = np.flatnonzero(here)
        number = np.cumsum(here) - 1
        arcs = here[pool.givers] & here[pool.takers] & ~self.refused
        givers, takers = number[pool.givers[arcs]], number[pool.takers[arcs]]
        goals = policy.objectives(len(givers), self.world.answers.yes)
        ids = tuple(map(str, people.tolist()))
        return people, Problem(ids, pool.needs[people], givers, takers, goals, policy.ring, policy.chain)

    def _select(self, day: int) -> None:
        people, problem = self._problem(self._askable(day))
        solution = solve(problem, time_limit_s=LIMIT_S)
        self.year.unproven += solution.status != "best"
        for one in solution.selected:
            self._ask(_renamed(one, people), day)

    def _greet(self, person: int, day: int) -> None:
        """The pair that fits best, if there is one; else, where chains may be, a gift."""
        pool, here = self.world.pool, self._askable(day)
        if not here[person]:
            return
        usable = here[pool.givers] & here[pool.takers] & ~self.refused
        fit = pool.objectives[0].weights
        out, into = np.flatnonzero(usable & (pool.givers == person)), np.flatnonzero(usable & (pool.takers == person))
        helps = {int(pool.takers[arc]): float(fit[arc]) for arc in out}
        helped = {int(pool.givers[arc]): float(fit[arc]) for arc in into}
        pairs = {other: helps[other] + helped[other] for other in helps.keys() & helped.keys()}
        gifts = {other: worth for other, worth in helped.items() if not pool.needs[other]}
        if pairs:
            self._ask(Selected("ring", (person, _best(pairs))), day)
        elif self.policy.chain and gifts:
            self._ask(Selected("chain", (_best(gifts), person)), day)
        elif self.policy.chain and helps and not pool.needs[person]:
            self._ask(Selected("chain", (person, _best(helps))), day)


def _best(worth: Mapping[int, float]) -> int:
    return max(worth, key=lambda person: (worth[person], -person))


def _renamed(one: Selected, names: Mapping[int, int] | Ints) -> Selected:
    return Selected(one.kind, tuple(int(names[post]) for post in one.posts))


# ---------------------------------------------------------------- what must be true of a year


def check(world: World, policy: Policy, year: Year, bound: float = math.inf) -> list[str]:
    """What is wrong with a year, from what it left behind."""
    wrong = []
    ends = dict.fromkeys(range(len(world.comes)), -1)
    for held in sorted(year.held, key=lambda held: (held.begins, held.ends)):
        if held.begins < ends[held.person]:
            wrong.append(f"person {held.person} is in two proposals on day {held.begins}")
        if held.begins < world.comes[held.person] or held.begins > world.last[held.person]:
            wrong.append(f"person {held.person} is asked on day {held.begins}, when she is not there")
        ends[held.person] = held.ends
    places = Counter(person for _, one in year.begun for person in one.posts)
    wrong += [f"person {person} is in {times} places" for person, times in places.items() if times > 1]
    for day, one in year.begun:
        if one.needs_met > (policy.ring if one.kind == "ring" else policy.chain):
            wrong.append(f"a {one.kind} has {one.needs_met} transfers")
        if one.kind == "chain" and world.pool.needs[one.posts[0]]:
            wrong.append(f"a chain begins at person {one.posts[0]}, who has a need")
        wrong += [f"{pair} cannot be" for pair in one.transfers if pair not in world.places]
        wrong += [f"person {person} had left on day {day}" for person in one.posts if world.last[person] < day]
    if year.needs_met > bound + 1e-6:
        wrong.append(f"{year.needs_met} needs are met, above the bound {bound:g}")
    return wrong


# ---------------------------------------------------------------- tables


@dataclass(frozen=True, slots=True)
class Row:
    """One policy's figures in one world."""

    share: float
    met: float
    median_days: float
    late_days: float
    open_days: float
    asked: float
    noes: float
    lost: float
    seconds: float
    unproven: float

    @property
    def told(self) -> str:
        """In the order of `HEAD`."""
        return (
            f"{self.met:.0f}|{self.share:.1f} %|{self.median_days:.0f}, {self.late_days:.0f}|{self.open_days:.1f}"
            f"|{self.asked:.2f}|{self.noes:.0f}|{self.lost:.0f}|{self.seconds:.1f}|{self.unproven:.0f}"
        )

    @classmethod
    def of(cls, world: World, year: Year, bound: float) -> "Row":
        waited = year.waited(world)
        middle, late = np.quantile(waited, (0.5, 0.9)) if len(waited) else (math.nan, math.nan)
        met = year.needs_met
        return cls(
            share=100 * met / bound if bound else math.nan,
            met=met,
            median_days=float(middle),
            late_days=float(late),
            open_days=year.days_open(world),
            asked=year.asked / met if met else math.nan,
            noes=year.noes,
            lost=year.lost,
            seconds=year.seconds,
            unproven=year.unproven,
        )


def interval(differences: Sequence[float]) -> tuple[float, float, float]:
    """The mean of differences in the same worlds, and its 95 % limits."""
    values = np.array(differences)
    mean, count = float(values.mean()), len(values)
    if count < 2:
        return mean, -math.inf, math.inf
    half = float(stdtrit(count - 1, 0.975) * values.std(ddof=1) / count**0.5)
    return mean, mean - half, mean + half


WIDTHS = (10, 16, 26, 11, 14, 6, 6, 7, 10, 28, 28)
HEAD = "needs met|share of bound|days waited: median, p90|days open|asked a need|noes|lost|CPU s|unproven"


def table(policies: Sequence[Policy], worlds: Sequence[World], bounds: Sequence[float]) -> Iterator[str]:
    """One line a policy, as it is done, beside the first."""
    yield f"policy|{HEAD}|needs met beside the first|days open beside the first"
    usual: list[Row] = []
    for policy in policies:
        rows = []
        for world, bound in zip(worlds, bounds, strict=True):
            year = run(world, policy)
            if wrong := check(world, policy, year, bound):
                raise SystemExit(f"{policy.name}: {'; '.join(wrong[:3])}")
            rows.append(Row.of(world, year, bound))
        usual = usual or rows
        middle = Row(*(float(np.median([getattr(row, name) for row in rows])) for name in Row.__slots__))
        beside = (
            interval([getattr(row, name) - getattr(other, name) for row, other in zip(rows, usual, strict=True)])
            for name in ("met", "open_days")
        )
        cells = (middle.told, *(f"{more:+.1f} ({low:+.1f} to {high:+.1f})" for more, low, high in beside))
        yield "|".join((policy.name, *cells))


def _in_columns(line: str) -> str:
    first, *cells = line.split("|")
    return f"{first:58}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exchange.year", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a village, few policies")
    parser.add_argument("--size", choices=SIZES, default="town", help="how many residents")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--thin", action="store_true", help="three times as many kinds of help")
    parser.add_argument("--yes", type=float, default=Answers().yes, help="the chance that one who is asked says yes")
    options = parser.parse_args()
    residents = SMOKE if options.smoke else SIZES[options.size]
    seeds = range(1, 1 + (2 if options.smoke else options.seeds))
    worlds = [make_world(residents, seed, Answers(yes=options.yes), thin=options.thin) for seed in seeds]
    bounds = [world.bound() for world in worlds]
    print(
        f"{residents} residents{', thin' if options.thin else ''}, {options.yes:.0%} say yes,"
        f" seeds {seeds.start} to {seeds.stop - 1}, load {os.getloadavg()[0]:.1f}"
    )
    people = np.median([len(world.comes) for world in worlds])
    needs = np.median([world.pool.needs.sum() for world in worlds])
    arcs = np.median([len(world.pool.givers) / len(world.comes) for world in worlds])
    print(f"{people:.0f} people, {needs:.0f} needs, {arcs:.1f} arcs each; at most {np.median(bounds):.0f} can be met")
    policies = [DEFAULT, *(policy for policy in POLICIES if policy != DEFAULT)]
    for line in table(policies[:6] if options.smoke else policies, worlds, bounds):
        print(_in_columns(line), flush=True)


if __name__ == "__main__":
    main()
