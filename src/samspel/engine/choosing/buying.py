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

import numpy as np
import numpy.typing as npt

from .ballots import Ints, Votes
from .buying_few import FewMarket, has_few_marks
from .counting import support
from .records import Payments, Phase, Problem, Purchase, Tie

__all__ = ["buy"]

Floats = npt.NDArray[np.float64]

# What rounding can do to a sum over a million voters, with a wide margin. It is relative to the whole sum, because
# what is missing to a price is a difference of sums.
MARGIN = 1e-10

# Pricing everything at once pays when many options must be priced again: one option alone costs about as much as this
# many marks in the passes over all of them (measured; it only moves time about).
MARKS_FOR_ONE = 1500
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
        told = price if problem.value == "cost" else price / problem.unit
        purchases.append(Purchase(problem.options[chosen], phase, told, payments))
    return purchases, ties


@dataclass(slots=True)
class _Purses:
    """What each voter has left, exactly: amounts[of_group[group]] / unit, and the same rounded in `held`.

    Few amounts occur, so groups are kept by amount. All amounts are whole multiples of 1 / unit.
    """

    unit: int
    amounts: list[int]
    held: Floats
    of_group: Ints

    def refine(self, price: Fraction) -> int:
        """Make the unit so small that the price is a whole number of it, and give that number."""
        unit = math.lcm(self.unit, price.denominator)
        if unit != self.unit:
            factor = unit // self.unit
            self.amounts = [amount * factor for amount in self.amounts]
            self.unit = unit
        return price.numerator * (unit // price.denominator)

    def leave(self, groups: Ints, kind: Ints, left: list[int]) -> None:
        """groups[i] have left[kind[i]] from now on. Amounts that nobody has are forgotten, equal ones become one."""
        self.of_group[groups] = kind + len(self.amounts)
        amounts = self.amounts + left
        used = np.flatnonzero(np.bincount(self.of_group, minlength=len(amounts)))
        number: dict[int, int] = {}
        place = np.zeros(len(amounts), dtype=np.int64)
        place[used] = [number.setdefault(amounts[kept], len(number)) for kept in used.tolist()]
        self.of_group = place[self.of_group]
        held = np.concatenate([self.held, [amount / self.unit for amount in left]])
        self.held = np.zeros(len(number))
        self.held[place[used]] = held[used]
        self.amounts = list(number)


@dataclass(slots=True)
class _Kinds:
    """The supporters of one option by what they have and what it is worth to them: `voters[i]` people have the amount
    `purse[i]` (a number in the purses) and get `worth[i]`; supporter group j is of the kind `of[j]`."""

    purse: Ints
    worth: Ints
    voters: Ints
    of: Ints


@dataclass(slots=True)
class _Market:
    """The state of the sale. `bounds[option]`: it costs at least this; infinite when it is bought or out of reach."""

    problem: Problem
    share: int
    votes: Votes = field(init=False)
    costs: tuple[int, ...] = field(init=False)
    purses: _Purses = field(init=False)
    advancing: bool = field(init=False, default=False)
    bounds: Floats = field(init=False)
    bought: npt.NDArray[np.bool_] = field(init=False)
    patience: int = field(init=False)
    eager: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.votes = self.problem.votes
        self.costs = self.problem.money[1]
        voters = max(self.problem.voters, 1)
        of_group = np.zeros(len(self.votes.voters), dtype=np.int64)
        self.purses = _Purses(voters, [self.share], np.array([self.share / voters]), of_group)
        self.bought = np.zeros(len(self.costs), dtype=np.bool_)
        self.patience = 4 + len(self.votes.who) // MARKS_FOR_ONE
        with np.errstate(divide="ignore"):
            everyone = np.array(support(self.problem), dtype=np.float64) * np.array(self.problem.worth)
            self.bounds = np.array(self.costs) / everyone * (1 - MARGIN)

    @property
    def has_open(self) -> bool:
        return bool(((self.votes.marks > 0) & ~self.bought).any())

    def advance(self) -> Phase:
        """From now on money is given in advance: everything that is not bought comes within reach again."""
        self.advancing = True
        self.bounds = np.where((self.votes.marks > 0) & ~self.bought, -np.inf, np.inf)
        self._refresh()
        return "advance"

    def _refresh(self) -> None:
        """Raise all bounds at once, in passes over the marks. Each step of the loop is a bound of its own."""
        votes, marks = self.votes, np.maximum(self.votes.marks, 1)
        cost = np.array(self.costs, dtype=np.float64)
        held = self.purses.held[self.purses.of_group]
        if self.advancing:
            missing = cost - votes.sums(held * votes.voters)
            slack = MARGIN * (cost + votes.sums(abs(held) * votes.voters))
            np.maximum(self.bounds, (missing - slack) / marks, out=self.bounds)
            return
        held = held[votes.who]
        people = votes.voters[votes.who].astype(np.float64)
        each = votes.points if self.problem.value == "points" else np.array(self.problem.worth)[votes.option]
        money, weight = held * people, people * each
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
        fresh: dict[int, _Kinds] = {}
        waiting = self.bounds.copy()
        while True:
            option = int(waiting.argmin())
            if waiting[option] == np.inf or waiting[option] > limit:
                return tied, best
            if option not in fresh:
                if len(fresh) == self.patience and not self.eager:
                    self.eager = True
                    self._refresh()
                    np.maximum(waiting, self.bounds, out=waiting)
                    continue
                fresh[option] = self._kinds(option)
                self.bounds[option] = waiting[option] = max(self._bound(option, fresh[option]), waiting[option])
                continue
            price = self._price(option, fresh[option])
            waiting[option] = np.inf
            if price is None:
                self.bounds[option] = np.inf
            elif best is None or price < best:
                best, tied = price, [option]
                limit = float(best) + abs(float(best)) * MARGIN
            elif price == best:
                tied.append(option)

    def _kinds(self, option: int) -> _Kinds:
        groups = self.votes.supporters(option)
        purse = self.purses.of_group[groups]
        if self.problem.value != "points":
            voters = np.bincount(purse, weights=None if self.votes.alike else self.votes.voters[groups])
            used = np.flatnonzero(voters)
            worth = np.full(len(used), self.problem.worth[option])
            return _Kinds(used, worth, voters[used].astype(np.int64), purse)
        dots = self.votes.dots(option)
        width = int(dots.max()) + 1
        keys, of = np.unique(purse * width + dots, return_inverse=True)
        counts = np.bincount(of, weights=self.votes.voters[groups]).astype(np.int64)
        return _Kinds(keys // width, keys % width, counts, of)

    def _bound(self, option: int, kinds: _Kinds) -> float:
        """Not more than the price, in floating point."""
        held = self.purses.held[kinds.purse]
        money = held * kinds.voters
        cost = float(self.costs[option])
        if self.advancing:
            return float((cost - money.sum() - MARGIN * (cost + abs(money).sum())) / kinds.voters.sum())
        if money.sum() < cost * (1 - MARGIN):
            return math.inf
        weight = (kinds.worth * kinds.voters).astype(np.float64)
        missing, rich, poor_before = cost, weight.sum(), 0
        while True:
            rate = missing / rich
            poor = held < rate * kinds.worth
            count = int(np.count_nonzero(poor))
            if count == poor_before:
                return float(rate - MARGIN * cost / rich)
            poor_before = count
            missing, rich = cost - money[poor].sum(), weight[~poor].sum()
            if missing <= MARGIN * cost or rich == 0:
                return float(self.bounds[option])  # so near to all they have that only whole numbers can tell

    def _price(self, option: int, kinds: _Kinds) -> Fraction | None:
        """The lowest price per unit of worth at which payments of min(purse, price * worth) add up to the cost.

        None when all purses together hold less. In advance: what everyone must be given on top before the supporters'
        purses together hold the cost. A purse may be below nothing then.
        """
        unit = self.purses.unit
        supporters = [
            (self.purses.amounts[purse], worth, voters)
            for purse, worth, voters in zip(
                kinds.purse.tolist(), kinds.worth.tolist(), kinds.voters.tolist(), strict=True
            )
        ]
        missing = self.costs[option] * unit
        if self.advancing:
            held = sum(amount * voters for amount, _, voters in supporters)
            return Fraction(missing - held, unit * sum(voters for _, _, voters in supporters))
        rich = sum(worth * voters for _, worth, voters in supporters)
        while supporters:
            left = []
            lacking, able = missing, rich
            for supporter in supporters:
                amount, worth, voters = supporter
                if amount * rich < missing * worth:
                    lacking -= amount * voters
                    able -= worth * voters
                else:
                    left.append(supporter)
            if len(left) == len(supporters):
                return Fraction(missing, rich * unit)
            supporters, missing, rich = left, lacking, able
        return None

    def pay(self, option: int, price: Fraction) -> Payments:
        """Take the money from those who want the option, and say who paid what."""
        kinds = self._kinds(option)
        rate = self.purses.refine(price)
        have = [self.purses.amounts[purse] for purse in kinds.purse.tolist()]
        of = kinds.of if self.problem.value == "points" else np.searchsorted(kinds.purse, kinds.of)
        if self.advancing:
            left = [-rate] * len(have)
        else:
            left = [max(amount - rate * worth, 0) for amount, worth in zip(have, kinds.worth.tolist(), strict=True)]
        unit = self.purses.unit * self.problem.unit
        due = [amount - rest for amount, rest in zip(have, left, strict=True)]
        groups = self.votes.supporters(option)
        paying = np.array(due, dtype=object).astype(bool)[of]
        self.purses.leave(groups, of, left)
        self.bought[option] = True
        self.bounds[option] = np.inf
        payers = groups[paying]
        return Payments(
            self.problem.ballots, self.votes.example[payers], self.votes.voters[payers], of[paying], tuple(due), unit
        )
