"""From a problem to a seating: deal, swap, and try rounds anew while people meet again."""

import time
from collections.abc import Sequence

import numpy as np

from .annealing import Budget, Seating, anneal
from .dealing import deal
from .measuring import measure
from .records import Problem, Solution
from .room import Ints, Room
from .sizes import repeats_at_best, seats

__all__ = ["default_steps", "solve"]

# Seconds on the machine of the figures in docs/algorithms/seating.md: what a step costs whatever its size, for each
# attribute or earlier round, for each two seats compared by one of them, and for each pair with a rule of its own.
STEP_S, LIKE_S, COMPARE_S, NAMED_S = 50e-6, 15e-6, 4.5e-9, 6e-9
USUAL_S = 0.3
# How much of the time the steps take there; so a busier machine still makes them all.
SHARE = 0.8
# How much of the steps the rounds get one after another; the rest is for trying them anew beside each other.
IN_TURN = 0.6
# The steps of a round's first try, by tables, and of the tries while people meet again: many short ones do better then.
FIRST_PER_TABLE, TRY_PER_TABLE, TRY_LEAST, TRY_MOST = 11, 8, 30, 150


def default_steps(problem: Problem, time_limit_s: float) -> int:
    """As many steps as take most of the limit on the machine of the figures; the same on every machine."""
    size, _ = seats(problem.tables, len(problem.people))
    likes = len(problem.weights) + (problem.rounds - 1) / 2
    compared = (len(size) // 2) * max(size) ** 2 * (likes + 3)
    named = 2 * (len(problem.apart) + len(problem.together))
    step_s = STEP_S + LIKE_S * likes + COMPARE_S * compared + NAMED_S * named
    return max(int(SHARE * time_limit_s / step_s), 1)


def solve(
    problem: Problem, *, rng: np.random.Generator, time_limit_s: float | None = None, steps: int | None = None
) -> Solution:
    """Seat everyone in every round: keep the rules, mix the tables, and let people meet new faces.

    People are dealt out, those with rules first, units evenly, and then changed in pairs (`annealing`). Rounds come one
    after another; a pair that has met costs `problem.repeat_weight`. Then each round is tried anew beside the others,
    and while people meet again also all from the beginning.

    Arguments: `rng` decides the draws. `time_limit_s` becomes a number of steps (`default_steps`) unless `steps` says
    it, and stops a machine that is too slow for them: `Solution.is_cut` tells. A step pairs every table with another
    one. Without either: the steps of a third of a second, and nothing stops them.
    Result: a seating even when the rules cannot all be kept; then its status is "broken" and `broken` says what, who
    and why. Same problem, seed and steps, and not cut: same seating.
    Cost: steps * people * size of a table * (attributes + rounds); memory people * (size of a table + rounds), and with
    distances people ** 2.

    >>> from samspel.engine.seating import Person, Table
    >>> people = [Person(name, {"unit": name[0]}) for name in ("a1", "a2", "b1", "b2")]
    >>> tables = (Table("Eldkvarn", 2, 2), Table("Ekeby", 2, 2))
    >>> solution = solve(Problem(tuple(people), tables, rounds=2), rng=np.random.default_rng(1))
    >>> solution.status, solution.repeats, solution.broken
    ('best', 0, ())
    """
    begun = time.monotonic()
    room = Room(problem)
    if steps is None:
        steps = default_steps(problem, USUAL_S if time_limit_s is None else time_limit_s)
    budget = Budget(steps, np.inf if time_limit_s is None else begun + time_limit_s)
    least_repeats = repeats_at_best(problem, [room.sitting] * problem.rounds)
    names = [table.id for table in problem.tables]
    rounds = []
    rooms = [room.in_round(problem, number) for number in range(problem.rounds)]
    for who in _Search(rooms, rng, budget, least_repeats).run():
        tables = room.tables_of(who)[: room.people].tolist()
        rounds.append({person.id: names[table] for person, table in zip(problem.people, tables, strict=True)})
    seconds = time.monotonic() - begun
    return measure(problem, rounds, is_cut=not budget.has_time(), seconds=seconds)


class _Search:
    """The rounds, tried until the steps or the time are over or nothing better is possible."""

    def __init__(self, rooms: Sequence[Room], rng: np.random.Generator, budget: Budget, least_repeats: int) -> None:
        self.room = rooms[0]
        self.rooms = rooms
        self.rounds = len(rooms)
        self.rng = rng
        self.budget = budget
        self.least_repeats = least_repeats
        self.left = budget.steps

    def run(self) -> list[Ints]:
        room = self.room
        first = self.left
        if self.rounds > 1:
            first = min(int(IN_TURN * first), self.rounds * (TRY_LEAST + FIRST_PER_TABLE * room.tables))
        plans = self._in_turn(first)
        best, value = list(plans), self._value(plans)
        try_steps = self.rounds * min(max(TRY_PER_TABLE * room.tables, TRY_LEAST), TRY_MOST)
        attempt = 0
        while self.rounds > 1 and self.left > self.rounds and self.budget.has_time() and value > self._least():
            meets_again = value[1] > self.least_repeats
            steps = min(try_steps if meets_again else max(try_steps, self.left // 2), self.left)
            if not meets_again:
                plans = self._beside(best, steps)
            else:
                plans = self._in_turn(steps) if attempt % 2 else self._beside(plans, steps)
            attempt += 1
            if self._value(plans) < value:
                best, value = list(plans), self._value(plans)
        return best

    def _least(self) -> tuple[int, int, float]:
        return 0, self.least_repeats, self.rounds * self.room.floor + 1e-6

    def _value(self, plans: Sequence[Ints]) -> tuple[int, int, float]:
        room = self.room
        broken = sum(here.broken(who) for here, who in zip(self.rooms, plans, strict=True))
        return broken, room.repeats(plans), sum(map(room.alike, plans))

    def _in_turn(self, steps: int) -> list[Ints]:
        """Every round from the beginning, each knowing those before it."""
        plans: list[Ints] = []
        for number in range(self.rounds):
            share = steps // (self.rounds - number)
            room = self.rooms[number]
            who, used = self._seat(room, deal(room, self.rng), plans, share, warm=False)
            plans.append(who)
            steps -= used
        return plans

    def _beside(self, plans: Sequence[Ints], steps: int) -> list[Ints]:
        """Every round again from where it is, knowing all the others."""
        plans = list(plans)
        for number in range(self.rounds):
            others = plans[:number] + plans[number + 1 :]
            share = steps // (self.rounds - number)
            plans[number], used = self._seat(self.rooms[number], plans[number], others, share, warm=True)
            steps -= used
        return plans

    def _seat(self, room: Room, who: Ints, others: Sequence[Ints], steps: int, *, warm: bool) -> tuple[Ints, int]:
        others_codes = [room.codes_of(other) for other in others]
        seating = Seating(room, [*room.likes, *((room.repeat_weight, codes) for codes in others_codes)], who)
        ends_at = self.budget.ends_at
        if np.isfinite(ends_at):
            now = time.monotonic()
            ends_at = now + max(ends_at - now, 0.0) * min(1.0, steps / max(self.left, 1))
        used = anneal(seating, self.rng, Budget(steps, ends_at), floor=room.least(others_codes), warm=warm)
        self.left -= max(used, 1)
        return seating.who, used
