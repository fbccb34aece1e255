"""The method of equal shares with Phragmén's sequential rule for the places that nobody can afford.

Peters and Skowron, "Proportionality and the limits of welfarism" (EC 2020, where it is called Rule X); the completion
as in Lackner and Skowron, "Multi-winner voting with approval preferences" (2023), section 2.3.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from .records import Certificate, Claim, Payment, Phase, Problem, Purchase, Solution, TableCount, Tie, Ties

__all__ = ["solve"]

Counts = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Floating point only sorts out who cannot be cheapest; whoever is this close to the cheapest is priced in fractions.
# An upper bound on the rounding of a sum over 100,000 voters, with a wide margin.
MARGIN = 1e-9
TINY = 1e-12


def solve(problem: Problem, *, ties: Ties = "first", rng: np.random.Generator | None = None) -> Solution:
    """Choose `problem.places` options so that every group of voters gets its share of the places.

    Each of the n voters gets places / n. A place costs 1. In turn, the option is bought whose supporters can pay for
    it with the lowest payment for the one who pays most; they pay equally, and who has less pays all she has. When no
    group can pay for anything more, everyone is given money in advance, equally and little by little, and the
    first group that can pay buys the next place, until all places are taken.

    Arguments: `ties` says how exact ties are broken; by "lot" needs `rng`, and the drawn order is in the result.
    Result: the winners in order of purchase with receipts, ties, coverage and a certificate; computed in exact
    fractions. The same problem, rule and seed give the same result. Options that nobody marked are never chosen.
    Cost: about places * (different ballots * options) floating point operations, and few fractions.

    >>> from samspel.engine.choosing import Ballot
    >>> votes = (Ballot(("a", "b"), voters=6), Ballot(("c",), voters=3))
    >>> solution = solve(Problem(("a", "b", "c", "d"), votes, places=3))
    >>> solution.winners
    ('a', 'b', 'c')
    >>> [str(purchase.price) for purchase in solution.purchases]
    ['1/6', '1/6', '1/3']
    >>> solve(Problem(("a", "b"), (Ballot(("b",)), Ballot(("a",))), places=1), ties="first").ties
    (Tie(place=0, tied=('a', 'b'), chosen='a'),)
    """
    lot = _draw_lot(problem.options, ties, rng)
    rank = {option: position for position, option in enumerate(lot or problem.options)}
    votes = _Votes.of(problem)
    groups = votes.merged(problem)
    purchases, found = _buy(problem, groups, [rank[option] for option in problem.options])
    winners = [problem.options.index(purchase.option) for purchase in purchases]
    marks = [int(count) for count in groups.voters @ groups.approves]
    marked = [option for option in range(len(marks)) if marks[option]]
    most_marks = sorted(marked, key=lambda option: (-marks[option], rank[problem.options[option]]))[: problem.places]
    return Solution(
        rule="equal-shares",
        winners=tuple(purchase.option for purchase in purchases),
        purchases=tuple(purchases),
        ties=tuple(found),
        tie_rule=ties,
        lot=lot,
        voters=problem.voters,
        covered=groups.covered_by(winners),
        marks=tuple(marks),
        most_marks=tuple(problem.options[option] for option in most_marks),
        most_marks_covered=groups.covered_by(most_marks),
        certificate=_certify(problem, groups, winners),
        tables=_count_tables(problem, votes, winners),
    )


def _draw_lot(options: tuple[str, ...], ties: Ties, rng: np.random.Generator | None) -> tuple[str, ...]:
    if ties == "first":
        return ()
    if rng is None:
        raise ValueError("rng must be given when ties are broken by lot, got None")
    return tuple(options[index] for index in rng.permutation(len(options)))


@dataclass(frozen=True, slots=True)
class _Votes:
    """`approves[ballot, option]` is whether it is marked, `voters[ballot]` how many people the ballot stands for."""

    approves: Flags
    voters: npt.NDArray[np.int64]

    @classmethod
    def of(cls, problem: Problem) -> "_Votes":
        index = {option: position for position, option in enumerate(problem.options)}
        columns = [index[mark] for ballot in problem.ballots for mark in ballot.marks]
        rows = np.repeat(np.arange(len(problem.ballots)), [len(ballot.marks) for ballot in problem.ballots])
        approves = np.zeros((len(problem.ballots), len(problem.options)), dtype=np.bool_)
        approves[rows, np.array(columns, dtype=np.intp)] = True
        return cls(approves, np.array([ballot.voters for ballot in problem.ballots], dtype=np.int64))

    def merged(self, problem: Problem) -> "_Groups":
        group_of: dict[bytes, int] = {}
        groups = [group_of.setdefault(row.tobytes(), len(group_of)) for row in np.packbits(self.approves, axis=1)]
        voters = np.bincount(groups, weights=self.voters, minlength=len(group_of)).astype(np.float64)
        _, first = np.unique(groups, return_index=True)
        marks = tuple(problem.ballots[ballot].marks for ballot in first.tolist())
        return _Groups(marks, voters, self.approves[first].astype(np.float64))


@dataclass(frozen=True, slots=True)
class _Groups:
    """Voters with the same marks, merged. Whole numbers, kept in floating point for the speed of its products."""

    marks: tuple[tuple[str, ...], ...]
    voters: Counts
    approves: Counts

    def covered_by(self, winners: list[int]) -> int:
        return int(self.voters @ self.approves[:, winners].any(axis=1))


@dataclass(slots=True)
class _Purses:
    """What each voter has left, exactly: amounts[of_group[group]] / unit.

    Few amounts occur, so groups are kept by amount, poorest first. All amounts are whole multiples of 1 / unit.
    """

    unit: int
    amounts: list[int]
    of_group: npt.NDArray[np.intp]

    def counts(self, groups: _Groups) -> Counts:
        """How many supporters each option (column) has with each amount (row)."""
        holders = np.zeros((len(self.amounts), len(groups.voters)))
        holders[self.of_group, np.arange(len(groups.voters))] = groups.voters
        return holders @ groups.approves

    def refine(self, price: Fraction) -> int:
        """Make the unit so small that the price is a whole number of it, and give that number."""
        unit = math.lcm(self.unit, price.denominator)
        self.amounts = [amount * (unit // self.unit) for amount in self.amounts]
        self.unit = unit
        return price.numerator * (unit // price.denominator)

    def leave(self, supports: Flags, left: list[int]) -> None:
        """Groups that support have left[purse] from now on. Keeps the amounts sorted and each of them once."""
        keys, of_group = np.unique(self.of_group * 2 + supports, return_inverse=True)
        amounts = [left[key // 2] if key % 2 else self.amounts[key // 2] for key in keys.tolist()]
        self.amounts = sorted(set(amounts))
        position = {amount: place for place, amount in enumerate(self.amounts)}
        self.of_group = np.array([position[amount] for amount in amounts], dtype=np.intp)[of_group]


def _buy(problem: Problem, groups: _Groups, rank: list[int]) -> tuple[list[Purchase], list[Tie]]:
    purchases: list[Purchase] = []
    ties: list[Tie] = []
    if not problem.ballots:
        return purchases, ties
    purses = _Purses(problem.voters, [problem.places], np.zeros(len(groups.voters), dtype=np.intp))
    open_options: Flags = np.logical_or.reduce(groups.approves > 0, axis=0)
    advancing = False
    while len(purchases) < problem.places and open_options.any():
        tied, price = _cheapest(purses, groups, open_options, _ADVANCE if advancing else _SHARES)
        if price is None:
            advancing = True
            continue
        chosen = min(tied, key=lambda option: rank[option])
        if len(tied) > 1:
            names = tuple(problem.options[option] for option in sorted(tied))
            ties.append(Tie(len(purchases), names, problem.options[chosen]))
        phase: Phase = "advance" if advancing else "shares"
        payments = _pay(groups, purses, groups.approves[:, chosen] > 0, price, phase)
        purchases.append(Purchase(problem.options[chosen], phase, price, payments))
        open_options[chosen] = False
    return purchases, ties


def _cheapest(
    purses: _Purses, groups: _Groups, open_options: Flags, pricing: "_Pricing"
) -> tuple[list[int], Fraction | None]:
    """The options with the lowest price, and that price; none when no option can be bought."""
    counts = purses.counts(groups)
    amounts = np.array([amount / purses.unit for amount in purses.amounts])
    guesses = np.where(open_options, pricing.guess(counts, amounts), np.inf)
    best: Fraction | None = None
    tied: list[int] = []
    for option in np.argsort(guesses, kind="stable").tolist():
        limit = np.inf if best is None else float(best) * (1 + MARGIN) + TINY
        if guesses[option] == np.inf or guesses[option] > limit:
            break
        price = pricing.exact([int(count) for count in counts[:, option]], purses.amounts, purses.unit)
        if price is None:
            continue
        if best is None or price < best:
            best, tied = price, [option]
        elif price == best:
            tied.append(option)
    return tied, best


def _share(counts: list[int], amounts: list[int], unit: int) -> Fraction | None:
    """The lowest limit at which payments of min(purse, limit) add up to 1; none when all purses hold less than 1."""
    missing, rich = unit, sum(counts)
    for count, amount in zip(counts, amounts, strict=True):
        if count and missing <= amount * rich:
            return Fraction(missing, rich * unit)
        missing -= count * amount
        rich -= count
    return None


def _guess_share(counts: Counts, amounts: Counts) -> Counts:
    """`_share` for every option at once, in floating point; infinite where it cannot be paid even with a margin."""
    money = counts * amounts[:, None]
    paid_by_poorer = np.cumsum(money, axis=0) - money
    as_rich = np.cumsum(counts[::-1], axis=0)[::-1]
    limits = (1 - paid_by_poorer) / np.maximum(as_rich, 1)
    payable = (counts > 0) & (limits <= amounts[:, None] * (1 + MARGIN) + TINY)
    first = payable.argmax(axis=0)
    columns = np.arange(counts.shape[1])
    return np.where(payable[first, columns], limits[first, columns], np.inf)


def _advance(counts: list[int], amounts: list[int], unit: int) -> Fraction | None:
    """What everyone must be given on top before all these purses together hold 1. A purse may be below nothing."""
    held = sum(count * amount for count, amount in zip(counts, amounts, strict=True))
    return Fraction(unit - held, sum(counts) * unit)


def _guess_advance(counts: Counts, amounts: Counts) -> Counts:
    prices: Counts = (1 - amounts @ counts) / np.maximum(counts.sum(axis=0), 1)
    return prices


@dataclass(frozen=True, slots=True)
class _Pricing:
    guess: Callable[[Counts, Counts], Counts]
    exact: Callable[[list[int], list[int], int], Fraction | None]


_SHARES = _Pricing(_guess_share, _share)
_ADVANCE = _Pricing(_guess_advance, _advance)


def _pay(groups: _Groups, purses: _Purses, supports: Flags, price: Fraction, phase: Phase) -> tuple[Payment, ...]:
    """Take the money from those who want the option, and say who paid what."""
    limit = purses.refine(price)
    left = [-limit if phase == "advance" else max(amount - limit, 0) for amount in purses.amounts]
    each = [Fraction(amount - rest, purses.unit) for amount, rest in zip(purses.amounts, left, strict=True)]
    payers = zip(np.flatnonzero(supports).tolist(), purses.of_group[supports].tolist(), strict=True)
    payments = tuple(
        Payment(groups.marks[group], int(groups.voters[group]), each[purse]) for group, purse in payers if each[purse]
    )
    purses.leave(supports, left)
    return payments


def _certify(problem: Problem, groups: _Groups, winners: list[int]) -> Certificate:
    """EJR+, Brill and Peters, "Robust and verifiable proportionality axioms for multiwinner voting" (EC 2023)."""
    left_out = [option for option in range(len(problem.options)) if option not in winners]
    if not left_out or not problem.ballots:
        return Certificate(holds=True, tightest=None)
    levels = np.arange(1, problem.places + 1)
    satisfied = groups.approves[:, winners].sum(axis=1)
    lacking = (groups.voters * (satisfied < levels[:, None])) @ groups.approves[:, left_out]
    claims = [
        Claim(
            option=problem.options[left_out[int(row.argmax())]],
            level=level,
            voters=int(row.max()),
            needed=-(-level * problem.voters // problem.places),
        )
        for level, row in zip(levels.tolist(), lacking, strict=True)
    ]
    tightest = max(claims, key=lambda claim: Fraction(claim.voters, claim.level))
    return Certificate(holds=all(claim.voters < claim.needed for claim in claims), tightest=tightest)


def _count_tables(problem: Problem, votes: _Votes, winners: list[int]) -> tuple[TableCount, ...]:
    number: dict[str, int] = {}
    table_of = np.array([number.setdefault(ballot.table, len(number)) for ballot in problem.ballots], dtype=np.intp)
    marked = votes.approves[:, winners]
    tables = []
    for name, table in number.items():
        here = table_of == table
        voters = votes.voters[here]
        tables.append(
            TableCount(
                table=name,
                voters=int(voters.sum()),
                covered=int(voters @ marked[here].any(axis=1)),
                marks=tuple((voters @ marked[here]).tolist()),
            )
        )
    return tuple(tables)
