"""The same sale as in `buying`, for few marks: whole numbers in plain Python.

On the ballots of a unit, arrays of ten numbers take longer to call than to add up. Here every price is exact from the
start, and the old price of an option is its bound: prices only rise while money is spent. Floating point only says who
cannot pay her part, where that is sure.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import compress, pairwise
from operator import mul, truediv

import numpy as np

from .ballots import Votes
from .counting import support
from .records import Payments, Phase, Problem, Receipt

__all__ = ["FewMarket", "has_few_marks"]

# Above so many marks for an option (or, where only some places are bought, in all) arrays are faster. Measured.
MOST_EACH, MOST_MARKS = 45, 1_000

# More than sums of as many amounts as there are marks here are rounded, and bounds with them.
ROUNDING = 1e-10


def has_few_marks(problem: Problem) -> bool:
    """Whether plain Python is faster; it only moves time about."""
    marks = len(problem.votes.who)
    return marks <= (MOST_MARKS if problem.budget is None else MOST_EACH * len(problem.options))


@dataclass(slots=True)
class FewMarket:
    """The state of the sale. A group has `purse[group] / unit`, which is about `held[group]`.

    `weights[option]`: the people of its groups times their points; nothing when each is 1.
    `bounds[option]`: a unit of its worth costs at least this; infinite when it is bought or out of reach.
    `prices[option]`: the last price, as numerator and denominator.
    """

    problem: Problem
    share: int
    advancing: bool = False
    unit: int = field(init=False)
    purse: list[int] = field(init=False)
    held: list[float] = field(init=False)
    supporters: list[list[int]] = field(init=False)
    people: list[list[int]] = field(init=False)
    points: list[list[int]] = field(init=False)
    weights: list[list[int]] = field(init=False)
    everyone: list[int] = field(init=False)
    prices: list[tuple[int, int]] = field(init=False)
    bounds: list[float] = field(init=False)
    bought: set[int] = field(init=False)

    def __post_init__(self) -> None:
        votes = self.problem.votes
        self.unit = max(self.problem.voters, 1)
        self.purse = [self.share] * len(votes.voters)
        self.held = [self.share / self.unit] * len(votes.voters)
        pieces = [slice(*ends) for ends in pairwise(votes.start.tolist())]
        who = votes.who.tolist()
        self.supporters = [who[piece] for piece in pieces]
        people = [] if votes.alike else votes.voters[votes.who].tolist()
        self.people = [people[piece] for piece in pieces]
        points = votes.points.tolist() if self.problem.value == "points" else []
        self.points = [points[piece] for piece in pieces]
        weights = list(map(mul, points, people)) if points and people else points or people
        self.weights = [weights[piece] for piece in pieces]
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
        if self.advancing:
            groups, people = self.supporters[option], self.people[option]
            cost = self.problem.money[1][option] * self.unit
            return cost - self._sum(groups, people), self.unit * (sum(people) if people else len(groups))
        found = self._guess(option) or self._price_by_whole_numbers(option)
        if not found[1]:
            return None
        self.prices[option] = found
        return found

    def _sum(self, groups: Iterable[int], people: Iterable[int]) -> int:
        """What is in these purses together, in parts of 1 / `unit`; no people: one in each group."""
        purses = map(self.purse.__getitem__, groups)
        return sum(map(mul, purses, people)) if people else sum(purses)

    def _guess(self, option: int) -> tuple[int, int] | None:
        """Whoever had too little for an old price has too little for the new one: the price rises until all who are
        left can pay it. None where floating point cannot tell who; over nothing when all together hold too little."""
        people, cost, worth = self.people[option], self.problem.money[1][option], self.problem.worth[option]
        groups, weights, everyone = self.supporters[option], self.weights[option], self.everyone[option] // worth
        held = list(map(self.held.__getitem__, groups))
        money = list(map(mul, held, people)) if people else held
        if sum(money) < cost * (1 - ROUNDING):
            return 0, 0
        most = list(map(truediv, held, self.points[option])) if self.points[option] else held
        missing, rich = self.prices[option]
        rate, known, count, poor = missing * worth / rich, -1, 0, list[bool]()
        while count > known:
            known, poor = count, [amount < rate for amount in most]
            count = poor.count(True)
            rich = everyone - (sum(compress(weights, poor)) if weights else count)
            if not rich:
                return None
            rate = (cost - sum(compress(money, poor))) / rich
        missing = cost * self.unit - self._sum(compress(groups, poor), compress(people, poor) if people else ())
        rate = missing / (rich * self.unit)
        low, high = rate * (1 - ROUNDING), rate * (1 + ROUNDING)
        if [amount < low for amount in most] != poor or [amount < high for amount in most] != poor:
            return None
        return missing, rich * worth * self.unit

    def _price_by_whole_numbers(self, option: int) -> tuple[int, int]:
        """The same, and over nothing when all purses together hold less."""
        purses, people = list(map(self.purse.__getitem__, self.supporters[option])), self.people[option]
        cost, worth = self.problem.money[1][option] * self.unit, self.problem.worth[option]
        gets = self.points[option] or [worth] * len(purses)
        money, weights = (list(map(mul, each, people)) if people else each for each in (purses, gets))
        kinds = list(zip(purses, gets, money, weights, strict=True))
        missing, rich, count = self.prices[option][0] * self.unit, self.prices[option][1], -1
        while rich:
            poor = [kind for kind in kinds if kind[0] * rich < missing * kind[1]]
            if len(poor) == count:
                break
            count = len(poor)
            missing = cost - sum([kind[2] for kind in poor])
            rich = self.everyone[option] - sum([kind[3] for kind in poor])
        return missing, rich * self.unit

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
            self.held[group] = amount / unit if amount else 0.0
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
