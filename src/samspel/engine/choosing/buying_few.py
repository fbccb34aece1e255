"""The same sale as in `buying`, for few marks: whole numbers in plain Python.

On the ballots of a unit, arrays of ten numbers take longer to call than to add up. Here every price is exact from the
start, and the old price of an option is its bound: prices only rise while money is spent.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

import numpy as np

from .counting import support
from .records import Payments, Phase, Problem

__all__ = ["FewMarket", "has_few_marks"]

# Above so many marks for an option (or, where only some places are bought, in all) arrays are faster. Measured.
MOST_EACH, MOST_MARKS = 150, 1_000

# More than the division of two whole numbers rounds.
ROUNDING = 1e-12

Key = TypeVar("Key", bound=Hashable)

# Supporters with the same amount left and the same worth: amount, worth, people.
Kinds = list[tuple[int, int, int]]


def has_few_marks(problem: Problem) -> bool:
    """Whether plain Python is faster; it only moves time about."""
    marks = len(problem.votes.who)
    return marks <= (MOST_MARKS if problem.budget is None else MOST_EACH * len(problem.options))


@dataclass(slots=True)
class FewMarket:
    """The state of the sale. Amounts are whole multiples of 1 / `unit`: a group has `amounts[purse[group]]`.

    `bounds[option]`: a unit of its worth costs at least this; infinite when it is bought or out of reach.
    """

    problem: Problem
    share: int
    advancing: bool = False
    unit: int = field(init=False)
    amounts: list[int] = field(init=False)
    purse: list[int] = field(init=False)
    voters: list[int] = field(init=False)
    alike: bool = field(init=False)
    supporters: list[list[int]] = field(init=False)
    points: list[list[int]] = field(init=False)
    bounds: list[float] = field(init=False)
    bought: set[int] = field(init=False)

    def __post_init__(self) -> None:
        votes, costs = self.problem.votes, self.problem.money[1]
        self.unit, self.amounts = max(self.problem.voters, 1), [self.share]
        self.voters, self.alike = votes.voters.tolist(), votes.alike
        self.purse = [0] * len(self.voters)
        start, who = votes.start.tolist(), votes.who.tolist()
        pieces = [slice(*ends) for ends in pairwise(start)]
        self.supporters = [who[piece] for piece in pieces]
        points = votes.points.tolist() if self.problem.value == "points" else []
        self.points = [points[piece] for piece in pieces]
        everyone = [count * worth for count, worth in zip(support(self.problem), self.problem.worth, strict=True)]
        self.bounds = [
            cost / weight * (1 - ROUNDING) if weight else math.inf for cost, weight in zip(costs, everyone, strict=True)
        ]
        self.bought = {option for option, groups in enumerate(self.supporters) if not groups}

    @property
    def has_open(self) -> bool:
        return len(self.bought) < len(self.bounds)

    def advance(self) -> Phase:
        """From now on money is given in advance: everything that is not bought comes within reach again."""
        self.advancing = True
        self.bounds = [math.inf if option in self.bought else -math.inf for option in range(len(self.bounds))]
        return "advance"

    def cheapest(self) -> tuple[list[int], Fraction | None]:
        """The options with the lowest price, and that price; none when nothing can be bought."""
        bounds = self.bounds
        best: tuple[int, int] | None = None
        limit = math.inf
        tied: list[int] = []
        for option in sorted(range(len(bounds)), key=bounds.__getitem__):
            if bounds[option] > limit or bounds[option] == math.inf:
                break
            price = self._price(option)
            if price is None:
                bounds[option] = math.inf
                continue
            rough = price[0] / price[1]
            bounds[option] = rough - abs(rough) * ROUNDING
            lower = -1 if best is None else price[0] * best[1] - best[0] * price[1]
            if lower < 0:
                best, tied, limit = price, [option], rough + abs(rough) * ROUNDING
            elif lower == 0:
                tied.append(option)
        return tied, None if best is None else Fraction(*best)

    def _kinds(self, option: int) -> Kinds:
        """Supporters with the same purse who get the same from the option."""
        groups, amounts = self.supporters[option], self.amounts
        if not self.points[option]:
            worth = self.problem.worth[option]
            purses = map(self.purse.__getitem__, groups)
            return [(amounts[purse], worth, people) for purse, people in self._counted(purses, groups).items()]
        keys = zip(map(self.purse.__getitem__, groups), self.points[option], strict=True)
        return [(amounts[purse], worth, people) for (purse, worth), people in self._counted(keys, groups).items()]

    def _counted(self, keys: Iterable[Key], groups: Sequence[int]) -> Mapping[Key, int]:
        """How many people each key stands for; there is one for each group."""
        if self.alike:
            return Counter(keys)
        people: dict[Key, int] = {}
        get = people.get
        for key, voters in zip(keys, map(self.voters.__getitem__, groups), strict=True):
            people[key] = get(key, 0) + voters
        return people

    def _price(self, option: int) -> tuple[int, int] | None:
        """The lowest price per unit of worth at which payments of min(purse, price * worth) add up to the cost, as
        numerator and denominator. None when all purses together hold less. In advance: what everyone must be given on
        top before the supporters' purses together hold the cost; a purse may be below nothing then."""
        kinds = self._kinds(option)
        missing = self.problem.money[1][option] * self.unit
        if self.advancing:
            held = sum(amount * people for amount, _, people in kinds)
            return missing - held, self.unit * sum(people for _, _, people in kinds)
        if self.points[option]:
            common = math.lcm(*{worth for _, worth, _ in kinds})
            kinds.sort(key=lambda kind: kind[0] * (common // kind[1]))
        else:
            kinds.sort()
        rich = sum(worth * people for _, worth, people in kinds)
        for amount, worth, people in kinds:  # the poorest first: whoever cannot pay her part pays all she has
            if missing * worth <= amount * rich:
                return missing, rich * self.unit
            missing -= amount * people
            rich -= worth * people
        return None

    def pay(self, option: int, price: Fraction) -> Payments:
        """Take the money from those who want the option, and say who paid what."""
        unit = math.lcm(self.unit, price.denominator)
        if unit != self.unit:
            factor = unit // self.unit
            self.amounts = [amount * factor for amount in self.amounts]
            self.unit = unit
        rate = price.numerator * (unit // price.denominator)
        groups = self.supporters[option]
        worths = self.points[option] or [self.problem.worth[option]] * len(groups)
        keys = list(zip(map(self.purse.__getitem__, groups), worths, strict=True))
        number = {amount: place for place, amount in enumerate(self.amounts)}
        level: dict[tuple[int, int], int] = {}
        after: list[int] = []
        due: list[int] = []
        for purse, worth in dict.fromkeys(keys):
            have = self.amounts[purse]
            left = -rate if self.advancing else max(have - rate * worth, 0)
            level[purse, worth] = len(due)
            due.append(have - left)
            after.append(number.setdefault(left, len(number)))
        self.amounts = list(number)
        levels = [level[key] for key in keys]
        for group, kind in zip(groups, levels, strict=True):
            self.purse[group] = after[kind]
        self.bought.add(option)
        self.bounds[option] = math.inf
        votes = self.problem.votes
        payers, of = votes.supporters(option), np.array(levels, dtype=np.int64)
        if 0 in due:
            paying = np.array([amount > 0 for amount in due])[of]
            payers, of = payers[paying], of[paying]
        return Payments(
            self.problem.ballots, votes.example[payers], votes.voters[payers], of, tuple(due), unit * self.problem.unit
        )
