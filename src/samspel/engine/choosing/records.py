"""What is asked of a choice, and what it answers."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

__all__ = [
    "Ballot",
    "Certificate",
    "Claim",
    "Payment",
    "Phase",
    "Problem",
    "Purchase",
    "Solution",
    "TableCount",
    "Tie",
    "Ties",
]

Ties = Literal["first", "lot"]
"""How an exact tie is broken: the option named first in the problem, or the one first in a published lot."""

Phase = Literal["shares", "advance"]
"""How a place was bought: by those who could pay from their shares, or with money in advance (Phragmén)."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one voter, or several who marked the same, could live with. An option marked twice counts once.

    A ballot without marks counts as a voter: who took part and wanted none of it has a share nonetheless.
    """

    marks: tuple[str, ...]
    voters: int = 1
    table: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """The options in the order that breaks ties by rule, the ballots, and how many places there are."""

    options: tuple[str, ...]
    ballots: tuple[Ballot, ...]
    places: int = 3

    def __post_init__(self) -> None:
        known = frozenset(self.options)
        if len(known) != len(self.options):
            raise ValueError("options must be named once each, got a name twice")
        if self.places < 1:
            raise ValueError(f"places must be at least 1, got {self.places}")
        for number, ballot in enumerate(self.ballots):
            if ballot.voters < 1:
                raise ValueError(f"ballots[{number}].voters must be at least 1, got {ballot.voters}")
            if not known.issuperset(ballot.marks):
                unknown = next(mark for mark in ballot.marks if mark not in known)
                raise ValueError(f"ballots[{number}].marks must be among the options, got {unknown!r}")

    @property
    def voters(self) -> int:
        return sum(ballot.voters for ballot in self.ballots)


@dataclass(frozen=True, slots=True)
class Payment:
    """`voters` people whose ballots have exactly these marks (as written on the first of them) paid `each` apiece."""

    marks: tuple[str, ...]
    voters: int
    each: Fraction


@dataclass(frozen=True, slots=True)
class Purchase:
    """The receipt of one place. The payments add up to exactly 1, the price of a place.

    In the phase "shares", `price` is the most that anyone paid. In the phase "advance" it is the money that every voter
    had to be given on top of her share before those who wanted the option could pay for it together.
    """

    option: str
    phase: Phase
    price: Fraction
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True)
class Tie:
    """Options with exactly the same right to a place (0 is the first place), and the one that got it."""

    place: int
    tied: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Claim:
    """`voters` people agree on `option`, which was not chosen, and have fewer than `level` winners each.

    They would have a right to it if they were `needed` or more.
    """

    option: str
    level: int
    voters: int
    needed: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """EJR+ (Brill and Peters 2023): no group large enough for `level` places that agrees on an option left out is
    without `level` winners. `tightest` is the claim that came nearest; none when nothing was left out."""

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
    """The winners in order of purchase and everything needed to see why.

    `lot` is the drawn order when ties are broken by lot: publish it before or with the result. `marks` has one number
    per option of the problem. There are fewer winners than places only if fewer options were marked at all.
    """

    rule: Literal["equal-shares"]
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
