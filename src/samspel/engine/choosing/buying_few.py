"""The same sale as in `buying`, for few marks: whole numbers in plain Python.

On the ballots of a unit, arrays of ten numbers take longer to call than to add up. Here every price is exact from the
start, and the old price of an option is its bound: prices only rise while money is spent.
"""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import pairwise
from operator import mul

import numpy as np

from .ballots import Votes
from .counting import support
from .records import Payments, Phase, Problem, Receipt

__all__ = ["FewMarket", "has_few_marks"]

# Above so many marks for an option (or, where only some places are bought, in all) arrays are faster. Measured.
MOST_EACH, MOST_MARKS = 75, 1_000

# More than the division of two whole numbers rounds.
ROUNDING = 1e-12


def has_few_marks(problem: Problem) -> bool:
    """Whether plain Python is faster; it only moves time about."""
    marks = len(problem.votes.who)
    return marks <= (MOST_MARKS if problem.budget is None else MOST_EACH * len(problem.options))


@dataclass(slots=True)
class FewMarket:
    """The state of the sale. A group has `purse[group] / unit`.

    `bounds[option]`: a unit of its worth costs at least this; infinite when it is bought or out of reach.
    `prices[option]`: the last price, as numerator and denominator.
    """

    problem: Problem
    share: int
    advancing: bool = False
    unit: int = field(init=False)
    purse: list[int] = field(init=False)
    supporters: list[list[int]] = field(init=False)
    people: list[list[int]] = field(init=False)
    points: list[list[int]] = field(init=False)
    everyone: list[int] = field(init=False)
    prices: list[tuple[int, int]] = field(init=False)
    bounds: list[float] = field(init=False)
    bought: set[int] = field(init=False)

    def __post_init__(self) -> None:
        votes = self.problem.votes
        self.unit = max(self.problem.voters, 1)
        self.purse = [self.share] * len(votes.voters)
        pieces = [slice(*ends) for ends in pairwise(votes.start.tolist())]
        who = votes.who.tolist()
        self.supporters = [who[piece] for piece in pieces]
        people = [] if votes.alike else votes.voters[votes.who].tolist()
        self.people = [people[piece] for piece in pieces]
        points = votes.points.tolist() if self.problem.value == "points" else []
        self.points = [points[piece] for piece in pieces]
        self.everyone = list(map(mul, support(self.problem), self.problem.worth))
        self.prices = [
            (cost, weight) if weight else (0, 1)
            for cost, weight in zip(self.problem.money[1], self.everyone, strict=True)
        ]
        self.bounds = [cost / weight * (1 - ROUNDING) if cost else math.inf for cost, weight in self.prices]
        self.bought = {option for option, weight in enumerate(self.everyone) if not weight}

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

    def _price(self, option: int) -> tuple[int, int] | None:
        """The lowest price per unit of worth at which payments of min(purse, price * worth) add up to the cost, as
        numerator and denominator. None when all purses together hold less. In advance: what everyone must be given on
        top before the supporters' purses together hold the cost; a purse may be below nothing then."""
        purses, people = list(map(self.purse.__getitem__, self.supporters[option])), self.people[option]
        cost = self.problem.money[1][option] * self.unit
        if self.advancing:
            held = sum(map(mul, purses, people)) if people else sum(purses)
            return cost - held, self.unit * (sum(people) if people else len(purses))
        find = self._poor_by_points if self.points[option] else self._poor
        found = find(option, purses, cost)
        if found is not None:
            self.prices[option] = found
        return found

    def _poor(self, option: int, purses: list[int], cost: int) -> tuple[int, int] | None:
        """Whoever had too little for an old price has too little for the new one: the price rises until all who are
        left can pay it."""
        people, worth = self.people[option], self.problem.worth[option]
        missing, rich = self.prices[option]
        part = -(-missing * self.unit * worth // rich)
        while True:
            if people:
                poor = [pair for pair in zip(purses, people, strict=True) if pair[0] < part]
                missing = cost - sum([amount * voters for amount, voters in poor])
                rich = self.everyone[option] // worth - sum([voters for _, voters in poor])
            else:
                held = [amount for amount in purses if amount < part]
                missing, rich = cost - sum(held), len(purses) - len(held)
            if not rich:
                return None
            needed = -(-missing // rich)
            if needed <= part:
                return missing, rich * worth * self.unit
            part = needed

    def _poor_by_points(self, option: int, purses: list[int], cost: int) -> tuple[int, int] | None:
        """The same when supporters get different points."""
        people, count = self.people[option], -1
        weights = list(map(mul, self.points[option], people)) if people else self.points[option]
        money = list(map(mul, purses, people)) if people else purses
        kinds = list(zip(purses, self.points[option], money, weights, strict=True))
        missing, rich = self.prices[option]
        missing *= self.unit
        while rich:
            poor = [kind for kind in kinds if kind[0] * rich < missing * kind[1]]
            if len(poor) == count:
                return missing, rich * self.unit
            count = len(poor)
            missing = cost - sum([kind[2] for kind in poor])
            rich = self.everyone[option] - sum([kind[3] for kind in poor])
        return None

    def pay(self, option: int, price: Fraction) -> Payments:
        """Take the money from those who want the option, and say who paid what."""
        unit = math.lcm(self.unit, price.denominator)
        if unit != self.unit:
            factor = unit // self.unit
            self.purse = [amount * factor for amount in self.purse]
            self.unit = unit
        rate = price.numerator * (unit // price.denominator)
        groups, purse = self.supporters[option], self.purse
        before = [purse[group] for group in groups]
        if self.advancing:
            after = [-rate] * len(groups)
        elif points := self.points[option]:
            parts = [rate * each for each in points]
            after = [amount - part if amount > part else 0 for amount, part in zip(before, parts, strict=True)]
        else:
            part = rate * self.problem.worth[option]
            after = [amount - part if amount > part else 0 for amount in before]
        for group, amount in zip(groups, after, strict=True):
            purse[group] = amount
        self.bought.add(option)
        self.bounds[option] = math.inf
        receipt = partial(_receipt, self.problem.votes, option, before, after, unit * self.problem.unit)
        return Payments(self.problem.ballots, receipt)


def _receipt(votes: Votes, option: int, before: list[int], after: list[int], unit: int) -> Receipt:
    """Who paid what, from what was in the supporters' purses."""
    place: dict[int, int] = {}
    due = [have - left for have, left in zip(before, after, strict=True)]
    level = np.array([place.setdefault(amount, len(place)) for amount in due], dtype=np.int64)
    paying = np.array([amount > 0 for amount in due])
    payers = votes.supporters(option)[paying]
    return Receipt(votes.example[payers], votes.voters[payers], level[paying], tuple(place), unit)
