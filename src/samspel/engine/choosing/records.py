"""What is asked of a choice, and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Literal, get_args, overload

import numpy as np

from .ballots import Ballot, Ints, Votes

__all__ = [
    "RULES",
    "Ballot",
    "Certificate",
    "Claim",
    "Payment",
    "Payments",
    "Phase",
    "Problem",
    "Purchase",
    "Receipt",
    "Rule",
    "Solution",
    "TableCount",
    "Tie",
    "Ties",
    "Value",
]

Rule = Literal["equal-shares", "phragmen", "pav", "seq-pav", "cc", "most-marks", "stv", "greedy"]
"""Equal shares is the rule of the house; the others are there to compare with, or because somebody asks for them."""

RULES: tuple[Rule, ...] = get_args(Rule)

Ties = Literal["first", "lot"]
"""How an exact tie is broken: the option named first in the problem, or the one first in a published lot."""

Value = Literal["marks", "cost", "points"]
"""What a winner is worth to a voter who marked it: 1, its cost, or the points she gave it."""

Phase = Literal["shares", "advance", "support"]
"""How a place was got: paid from shares, with money in advance (Phragmén), or by support, where nothing is paid."""


@dataclass(frozen=True)
class Problem:
    """The options in the order that breaks ties by rule, the ballots, and how many places there are.

    With a `budget`, the options have `costs` (one each, in the same money) and the budget takes the places' place.
    """

    options: tuple[str, ...]
    ballots: tuple[Ballot, ...]
    places: int = 3
    costs: tuple[Fraction, ...] = ()
    budget: Fraction | None = None
    value: Value = "marks"

    def __post_init__(self) -> None:
        known = frozenset(self.options)
        if len(known) != len(self.options):
            raise ValueError("options must be named once each, got a name twice")
        if self.places < 1:
            raise ValueError(f"places must be at least 1, got {self.places}")
        self._check_money()
        for number, ballot in enumerate(self.ballots):
            if ballot.voters < 1:
                raise ValueError(f"ballots[{number}].voters must be at least 1, got {ballot.voters}")
            if not known.issuperset(ballot.marks):
                unknown = next(mark for mark in ballot.marks if mark not in known)
                raise ValueError(f"ballots[{number}].marks must be among the options, got {unknown!r}")
            if ballot.points and len(ballot.points) != len(ballot.marks):
                raise ValueError(f"ballots[{number}].points must be one for each mark, got {len(ballot.points)}")
            if ballot.points and min(ballot.points) < 0:
                raise ValueError(f"ballots[{number}].points must be at least 0, got {min(ballot.points)}")

    def _check_money(self) -> None:
        if (self.budget is None) != (not self.costs):
            raise ValueError("costs and budget must be given together, got one of them")
        if self.budget is None:
            if self.value == "cost":
                raise ValueError("value must not be 'cost' without a budget")
            return
        if self.budget <= 0:
            raise ValueError(f"budget must be above 0, got {self.budget}")
        if len(self.costs) != len(self.options):
            raise ValueError(f"costs must be one for each option, got {len(self.costs)} for {len(self.options)}")
        for option, cost in zip(self.options, self.costs, strict=True):
            if cost <= 0:
                raise ValueError(f"costs[{option!r}] must be above 0, got {cost}")

    @cached_property
    def voters(self) -> int:
        return sum(ballot.voters for ballot in self.ballots)

    @cached_property
    def votes(self) -> Votes:
        """The ballots as arrays, made when first asked for."""
        return Votes.of(self.options, self.ballots)

    @cached_property
    def unit(self) -> int:
        """How many of the money's smallest parts are 1: costs and budget are whole numbers of them."""
        return lcm(*(Fraction(amount).denominator for amount in (self.budget or 1, *self.costs)))

    @cached_property
    def money(self) -> tuple[int, tuple[int, ...]]:
        """What there is and what each option costs, in whole parts of `unit`; a place costs 1."""
        if self.budget is None:
            return self.places, (1,) * len(self.options)
        return int(self.budget * self.unit), tuple(int(cost * self.unit) for cost in self.costs)

    @cached_property
    def worth(self) -> tuple[int, ...]:
        """What each option is worth to one who marked it; with `value` "points", for each point."""
        return self.money[1] if self.value == "cost" else (1,) * len(self.options)


@dataclass(frozen=True, slots=True)
class Payment:
    """`voters` people whose ballots have exactly these marks (as written on the first of them) paid `each` apiece."""

    marks: tuple[str, ...]
    voters: int
    each: Fraction


@dataclass(frozen=True, slots=True)
class Receipt:
    """`voters[i]` people whose ballots are like number `example[i]` paid `amounts[level[i]] / unit` each."""

    example: Ints
    voters: Ints
    level: Ints
    amounts: tuple[int, ...]
    unit: int


@dataclass(frozen=True, eq=False)
class Payments(Sequence[Payment]):
    """Who paid what for one winner: a sequence of `Payment`, written out when it is first read."""

    ballots: Sequence[Ballot]
    write: Callable[[], Receipt]

    @cached_property
    def receipt(self) -> Receipt:
        return self.write()

    def __len__(self) -> int:
        return len(self.receipt.example)

    @overload
    def __getitem__(self, index: int) -> Payment: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Payment, ...]: ...
    def __getitem__(self, index: int | slice) -> Payment | tuple[Payment, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(len(self))[index])
        receipt = self.receipt
        ballot = self.ballots[int(receipt.example[index])]
        marks = tuple(ballot.dots()) if ballot.points else ballot.marks
        each = Fraction(receipt.amounts[int(receipt.level[index])], receipt.unit)
        return Payment(marks, int(receipt.voters[index]), each)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True, slots=True)
class Purchase:
    """The receipt of one winner. The payments add up to its cost; a place costs 1.

    In the phase "shares", `price` is the most that anyone paid, for each unit of what the winner is worth to her. In
    the phase "advance" it is the money that every voter had to be given on top of her share before those who wanted
    the option could pay for it together. In the phase "support" nothing is paid: the payments are the support that
    each voter gave under the rule, and `price` is their sum.
    """

    option: str
    phase: Phase
    price: Fraction
    payments: Sequence[Payment]

    def by_amount(self) -> list[tuple[int, Fraction]]:
        """How many people paid each amount, the highest first."""
        people: dict[Fraction, int] = {}
        if isinstance(self.payments, Payments):
            receipt = self.payments.receipt
            voters = np.bincount(receipt.level, weights=receipt.voters, minlength=1).tolist()
            for level in np.unique(receipt.level).tolist():
                each = Fraction(receipt.amounts[level], receipt.unit)
                people[each] = people.get(each, 0) + int(voters[level])
        else:
            for payment in self.payments:
                people[payment.each] = people.get(payment.each, 0) + payment.voters
        return [(people[each], each) for each in sorted(people, reverse=True)]


@dataclass(frozen=True, slots=True)
class Tie:
    """Options with exactly the same right to a place (0 is the first place), and the one that got it.

    Under the exact rules, where whole committees tie: the options that can stand at this place, in the order that
    breaks ties, given those chosen for the places before. Under "stv", `excluded` is whether it was a tie for leaving
    the count; then `chosen` is the one that left, and `place` the number of winners so far.
    """

    place: int
    tied: tuple[str, ...]
    chosen: str
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """`voters` people agree on `option`, which was not chosen, and have fewer than `level` winners each.

    With a budget: none of them has more than `level` of what is worth something to her, counted with this option.
    They would have a right to it if they were `needed` or more.
    """

    option: str
    level: int | Fraction
    voters: int
    needed: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """EJR+ (Brill and Peters 2023): no group large enough for `level` places that agrees on an option left out is
    without `level` winners. `tightest` is the claim that came nearest, or the worst that was broken; none when nothing
    was left out. With a budget: no group can pay for an option left out by paying for each of its winners at the same
    price as for this one (for `value` "cost": EJR+ up to any one option)."""

    holds: bool
    tightest: Claim | None


@dataclass(frozen=True, slots=True)
class TableCount:
    """One table: its voters, how many of them have a winner, and its marks for each winner in order."""

    table: str
    voters: int
    covered: int
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """The winners in order and everything needed to see why.

    The order is that of purchase or election; under the exact rules "pav" and "cc", where all places are chosen at
    once, that which breaks ties. `lot` is the drawn order when ties are broken by lot: publish it before or with the
    result. `marks` has one number per option of the problem. `most_marks`: what most marks (with a budget: as many as
    there is money for) would have chosen. There are fewer winners than places only if fewer options were marked at all.
    """

    rule: Rule
    winners: tuple[str, ...]
    purchases: tuple[Purchase, ...]
    ties: tuple[Tie, ...]
    tie_rule: Ties
    lot: tuple[str, ...]
    voters: int
    covered: int
    marks: tuple[int, ...]
    most_marks: tuple[str, ...]
    most_marks_covered: int
    certificate: Certificate
    tables: tuple[TableCount, ...]

    @property
    def coverage(self) -> float:
        """The share of the voters who have at least one winner; 0 when nobody voted."""
        return self.covered / self.voters if self.voters else 0.0
