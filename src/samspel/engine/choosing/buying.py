"""Equal shares and Phragmén's sequential rule: both buy one winner after the other with the voters' own money.

Peters and Skowron, "Proportionality and the limits of welfarism" (EC 2020, where equal shares is called Rule X); with
costs: Peters, Pierczyński and Skowron, "Proportional participatory budgeting with additive utilities" (NeurIPS 2021);
the completion and Phragmén's rule as in Lackner and Skowron, "Multi-winner voting with approval preferences" (2023).

Prices only rise while money is spent, so an option is priced again only when its old price would make it the cheapest
("lazily"). Floating point sorts out who cannot be cheapest; whoever can is priced in whole numbers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from operator import mul
from typing import Any

import numpy as np
import numpy.typing as npt

from .ballots import Ints, Votes
from .buying_few import FewMarket, has_few_marks
from .counting import support
from .records import Payments, Phase, Problem, Purchase, Receipt, Tie

__all__ = ["buy"]

Floats = npt.NDArray[np.float64]

# What rounding can do to a sum over a million voters, with a wide margin. It is relative to the whole sum, because
# what is missing to a price is a difference of sums.
MARGIN = 1e-10

# What it can do to one purse, from which every purchase so far was taken, beside the share.
SLACK = 1e-12

# Pricing everything at once pays when many options must be priced again: one option alone costs about as much as this
# many marks in the passes over all of them (measured; it only moves time about).
AT_LEAST, MARKS_FOR_ONE = 20, 1500
PASSES = 4


def buy(problem: Problem, rank: Sequence[int], *, advance_only: bool) -> tuple[list[Purchase], list[Tie]]:
    """Winners with receipts. `rank` breaks ties; `advance_only` is Phragmén's rule: nobody has a share to begin with.

    With a budget nothing is bought in advance: what no group can pay for from its shares stays unbought.
    """
    share = 0 if advance_only else problem.money[0]
    market = (FewMarket if has_few_marks(problem) else _Market)(problem, share)
    most = problem.places if problem.budget is None else len(problem.options)
    purchases: list[Purchase] = []
    ties: list[Tie] = []
    phase: Phase = "shares"
    if advance_only:
        phase, market.advancing = "advance", True
    while len(purchases) < most and market.has_open:
        tied, price = market.cheapest()
        if price is None and (phase == "advance" or problem.budget is not None):
            break
        if price is None:
            phase = market.advance()
            continue
        chosen = min(tied, key=rank.__getitem__)
        if len(tied) > 1:
            names = tuple(problem.options[option] for option in sorted(tied))
            ties.append(Tie(len(purchases), names, problem.options[chosen]))
        payments = market.pay(chosen, price)
        told = price if problem.value == "cost" or problem.unit == 1 else price / problem.unit
        purchases.append(Purchase(problem.options[chosen], phase, told, payments))
    return purchases, ties


@dataclass(slots=True)
class _Guess:
    """What an option costs at least, in floating point; what its supporters hold, and which of them cannot pay their
    part of that (`none`: all can)."""

    price: float
    held: Floats
    poor: npt.NDArray[np.bool_] | None = None


@dataclass(slots=True)
class _Market:
    """The state of the sale. `bounds[option]`: it costs at least this; infinite when it is bought or out of reach.

    A purse holds `held[group]`, rounded. Exactly it holds what `terms[group]`, small whole numbers, say of `amounts`,
    in parts of 1 / `unit`: 1 of the first, the share, until it is emptied, and less for each purchase that she paid
    her part of. So the large numbers are as few as the purchases, however many purses there are.
    """

    problem: Problem
    share: int
    votes: Votes = field(init=False)
    costs: tuple[int, ...] = field(init=False)
    unit: int = field(init=False)
    amounts: list[int] = field(init=False)
    terms: npt.NDArray[Any] = field(init=False)
    held: Floats = field(init=False)
    people: Floats = field(init=False)
    worth: Floats | tuple[int, ...] = field(init=False)
    weight: list[int] = field(init=False)
    start: list[int] = field(init=False)
    advancing: bool = field(init=False, default=False)
    bounds: Floats = field(init=False)
    bought: set[int] = field(init=False)
    patience: int = field(init=False)
    eager: bool = field(init=False, default=False)
    guesses: dict[int, _Guess] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        problem, votes = self.problem, self.problem.votes
        self.votes, self.costs = votes, problem.money[1]
        self.unit, self.amounts = max(problem.voters, 1), [self.share]
        has_points = problem.value == "points"
        most = len(self.costs) if problem.budget is not None else min(problem.places, len(self.costs))
        self.terms = np.zeros((len(votes.voters), 1 + most), dtype=np.int32 if has_points else np.int8)
        self.terms[:, 0] = 1
        self.held = np.full(len(votes.voters), self.share / self.unit)
        self.people = votes.voters[votes.who].astype(np.float64)
        self.worth = votes.points.astype(np.float64) if has_points else problem.worth
        marked = support(problem)
        self.weight = [count * worth for count, worth in zip(marked, problem.worth, strict=True)]
        self.start = votes.start.tolist()
        self.bought = {option for option, count in enumerate(marked) if not count}
        self.patience = AT_LEAST + len(votes.who) // MARKS_FOR_ONE
        self.bounds = np.array(
            [
                cost / weight * (1 - MARGIN) if weight else math.inf
                for cost, weight in zip(self.costs, self.weight, strict=True)
            ]
        )

    @property
    def has_open(self) -> bool:
        return len(self.bought) < len(self.costs)

    def advance(self) -> Phase:
        """From now on money is given in advance: everything that is not bought comes within reach again."""
        self.advancing = True
        self.bounds[:] = -np.inf
        self.bounds[sorted(self.bought)] = np.inf
        self._refresh()
        return "advance"

    def _refresh(self) -> None:
        """Raise all bounds at once, in passes over the marks. Each step of the loop is a bound of its own."""
        votes, marks = self.votes, np.maximum(self.votes.marks, 1)
        cost = np.array(self.costs, dtype=np.float64)
        if self.advancing:
            missing = cost - votes.sums(self.held * votes.voters)
            slack = MARGIN * (cost + votes.sums(abs(self.held) * votes.voters))
            np.maximum(self.bounds, (missing - slack) / marks, out=self.bounds)
            return
        held = self.held[votes.who]
        each = votes.points if self.problem.value == "points" else np.array(self.problem.worth)[votes.option]
        money, weight = held * self.people, self.people * each
        missing, everyone = cost, np.maximum(votes.sums_at(weight), 1)
        rich = everyone
        self.bounds[votes.sums_at(money) < cost * (1 - MARGIN)] = np.inf
        for _ in range(PASSES):
            rate = missing / rich
            np.maximum(self.bounds, rate - MARGIN * cost / rich, out=self.bounds)
            poor = held < rate[votes.option] * each
            missing = cost - votes.sums_at(np.where(poor, money, 0))
            rich = everyone - votes.sums_at(np.where(poor, weight, 0))
            near = (missing <= MARGIN * cost) | (rich <= 0.5)  # only whole numbers can tell
            missing, rich = np.where(near, 0, missing), np.where(near, 1, rich)

    def cheapest(self) -> tuple[list[int], Fraction | None]:
        """The options with the lowest price, and that price; none when nothing can be bought."""
        best: Fraction | None = None
        limit = np.inf
        tied: list[int] = []
        if self.eager:
            self._refresh()
        self.guesses = {}
        waiting = self.bounds.copy()
        while True:
            option = int(waiting.argmin())
            bound = float(waiting[option])
            if bound == np.inf or bound > limit:
                return tied, best
            if option not in self.guesses:
                if len(self.guesses) == self.patience and not self.eager:
                    self.eager = True
                    self._refresh()
                    np.maximum(waiting, self.bounds, out=waiting)
                    continue
                self.guesses[option] = guess = self._guess(option, bound)
                self.bounds[option] = waiting[option] = max(guess.price, bound)
                continue
            price = self._price(option, self.guesses[option])
            waiting[option] = np.inf
            if price is None:
                self.bounds[option] = np.inf
            elif best is None or price < best:
                best, tied = price, [option]
                limit = float(best) + abs(float(best)) * MARGIN
            elif price == best:
                tied.append(option)

    def _guess(self, option: int, bound: float) -> _Guess:
        """Not more than the price. Whoever cannot pay her part of an old price cannot pay her part of the new one."""
        groups, people, worth = self._supporters(option)
        held, cost = self.held[groups], float(self.costs[option])
        money = held if self.votes.alike else held * people
        together = float(money.sum())
        if self.advancing:
            slack = MARGIN * (cost + float(abs(money).sum()))
            return _Guess((cost - together - slack) / int(self.votes.marks[option]), held)
        if together < cost * (1 - MARGIN):
            return _Guess(math.inf, held)
        everyone = self.weight[option]
        missing, rich, known, poor = cost, float(everyone), 0, None
        rate = max(bound, missing / rich)
        while True:
            more = held < rate * worth
            count = int(np.count_nonzero(more))
            if count <= known:
                return _Guess(missing / rich - MARGIN * cost / rich, held, poor)
            known, poor = count, more
            missing, rich = cost - float(money @ poor), everyone - float((people * worth) @ poor)
            if missing <= MARGIN * cost or rich < 0.5:
                return _Guess(bound, held, poor)  # so near to all they have that only whole numbers can tell
            rate = missing / rich

    def _supporters(self, option: int) -> tuple[Ints, Floats, Any]:
        """The groups that want an option, the people in each, and what it is worth to one of them."""
        marks = slice(self.start[option], self.start[option + 1])
        worth = self.worth[option] if isinstance(self.worth, tuple) else self.worth[marks]
        return self.votes.who[marks], self.people[marks], worth

    def _sum(self, groups: Ints, people: Floats) -> int:
        """What is in these purses together, in parts of 1 / `unit`."""
        counts = people @ self.terms[groups, : len(self.amounts)]
        return sum(map(mul, map(int, counts.tolist()), self.amounts))

    def _price(self, option: int, guess: _Guess) -> Fraction | None:
        """The lowest price per unit of worth at which payments of min(purse, price * worth) add up to the cost.

        None when all purses together hold less. In advance: what everyone must be given on top before the supporters'
        purses together hold the cost. A purse may be below nothing then.
        """
        groups, people, worth = self._supporters(option)
        missing = self.costs[option] * self.unit
        if self.advancing:
            return Fraction(missing - self._sum(groups, people), self.unit * int(self.votes.marks[option]))
        held, poor, rich = guess.held, guess.poor, self.weight[option]
        if poor is not None:
            missing -= self._sum(groups[poor], people[poor])
            gone = people[poor]
            rich -= worth * int(gone.sum()) if isinstance(worth, int) else int(gone @ worth[poor])
        if missing > 0 and rich:
            due = missing / (rich * self.unit) * worth
            able = held - due if poor is None else np.where(poor, due - held, held - due)
            if able.min() > SLACK * (np.max(due) + self.share / self.unit):
                return Fraction(missing, rich * self.unit)
        return self._price_by_whole_numbers(option, guess)

    def _price_by_whole_numbers(self, option: int, guess: _Guess) -> Fraction | None:
        """The same where floating point cannot tell who is poor: the poorest for what she gets first."""
        groups, people, worths = self._supporters(option)
        worth = np.broadcast_to(np.asarray(worths, dtype=np.int64), len(groups)).tolist()
        rows, of = _alike(self.terms[groups, : len(self.amounts)])
        each = [sum(map(mul, row, self.amounts)) for row in rows.tolist()]
        purses = [(each[kind], worth[place], place) for place, kind in enumerate(of.tolist())]
        purses.sort(key=lambda purse: Fraction(purse[0], purse[1]))
        missing, rich = self.costs[option] * self.unit, self.weight[option]
        guess.poor = poor = np.zeros(len(groups), dtype=np.bool_)
        for amount, gets, place in purses:
            if amount * rich > missing * gets:
                return Fraction(missing, rich * self.unit)
            poor[place] = True
            missing -= amount * int(people[place])
            rich -= gets * int(people[place])
            if missing == 0:
                return Fraction(amount, gets * self.unit)
        return None

    def pay(self, option: int, price: Fraction) -> Payments:
        """Take the money from those who want the option, and say who paid what."""
        unit = math.lcm(self.unit, price.denominator)
        if unit != self.unit:
            factor = unit // self.unit
            self.amounts = [amount * factor for amount in self.amounts]
            self.unit = unit
        rate = price.numerator * (unit // price.denominator)
        groups, _, worth = self._supporters(option)
        last, has_points = len(self.amounts), self.problem.value == "points"
        guess = self.guesses[option]
        due = partial(
            _receipt,
            self.votes,
            groups,
            self.terms[groups, :last],
            tuple(self.amounts),
            guess.poor,
            self.votes.dots(option) if has_points else self.problem.worth[option],
            rate,
            unit * self.problem.unit,
            self.advancing,
        )
        if self.advancing:
            self.amounts.append(rate)
            self.terms[groups] = 0
            self.terms[groups, last] = -1
            self.held[groups] = -float(price)
        else:
            self.amounts.append(rate if has_points else rate * self.problem.worth[option])
            self.terms[groups, last] = -worth if has_points else -1
            left = guess.held - float(price) * worth
            if guess.poor is not None:
                self.terms[groups[guess.poor]] = 0
                left[guess.poor] = 0
            self.held[groups] = left
        self.bought.add(option)
        self.bounds[option] = np.inf
        return Payments(self.problem.ballots, due)


def _receipt(
    votes: Votes,
    groups: Ints,
    terms: npt.NDArray[Any],
    amounts: tuple[int, ...],
    poor: npt.NDArray[np.bool_] | None,
    worth: Ints | int,
    rate: int,
    unit: int,
    in_advance: bool,
) -> Receipt:
    """Who paid what: all that was in her purse if she is `poor`, else her part. In advance all that was in it, and what
    she was given on top."""
    keys = terms.astype(np.int64)
    if not in_advance:
        all_she_has = np.zeros(len(groups), dtype=np.bool_) if poor is None else poor
        part = np.where(all_she_has, 0, np.broadcast_to(worth, len(groups)))
        keys = np.column_stack([np.where(all_she_has[:, None], keys, 0), part])
    rows, level = _alike(keys)
    given = rate if in_advance else 0
    due = [given + sum(map(mul, row, (*amounts, rate))) for row in rows.tolist()]
    paying = np.array([amount > 0 for amount in due])[level]
    payers = groups[paying]
    return Receipt(votes.example[payers], votes.voters[payers], level[paying], tuple(due), unit)


def _alike(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Ints]:
    """The different rows, and which of them each row is."""
    kinds, of = np.unique(rows, axis=0, return_inverse=True)
    return kinds, of.reshape(-1)
