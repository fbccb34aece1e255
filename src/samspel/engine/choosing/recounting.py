"""Each rule once more, slowly and by the book, for the checker: one voter's purse after the other, in fractions."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import combinations
from math import comb

from .records import Payment, Problem, Purchase, Solution, Tie

__all__ = ["People", "recount"]

# The marks of a ballot with their points, in alphabetical order, and how many people cast it.
Marks = tuple[tuple[str, int], ...]
People = Counter[Marks]
Purses = dict[Marks, Fraction]

# Committees that are compared one by one; above, only those that differ in one option.
FEW = 5_000


def recount(problem: Problem, solution: Solution, people: People) -> Iterator[str]:
    """What the rule does not allow in winners, receipts and ties."""
    if solution.rule in ("equal-shares", "phragmen"):
        yield from _recount_purchases(problem, solution, people)
    elif solution.rule in ("pav", "cc"):
        yield from _recount_committee(problem, solution, people)
        yield from _check_support(problem, solution, people)
    elif solution.rule == "stv":
        yield from _recount_transfers(problem, solution)
    else:
        yield from _recount_turns(problem, solution, people)
        yield from _check_support(problem, solution, people)


def _order(problem: Problem, solution: Solution) -> Callable[[str], int]:
    order = dict.fromkeys((*solution.lot, *problem.options))
    return {option: place for place, option in enumerate(order)}.__getitem__


def _holders(option: str, people: Iterable[Marks]) -> list[Marks]:
    return [marks for marks in people if any(mark == option for mark, _ in marks)]


def _check_tie(name: str, met: Tie, told: Tie | None, chosen: str) -> Iterator[str]:
    if chosen != met.chosen:
        yield f"{name}: {met.chosen} has the same right and comes first in the order that breaks ties"
    if len(met.tied) == 1 and told is not None:
        yield f"{name}: a tie is told, nobody else had the same right"
    if len(met.tied) > 1 and told != met:
        yield f"{name}: the tie must be told as {met}, got {told}"


def _check_receipt(name: str, purchase: Purchase, due: dict[Marks, Fraction], people: People) -> Iterator[str]:
    expected: Counter[tuple[frozenset[str], Fraction]] = Counter()
    for marks, each in due.items():
        expected[frozenset(mark for mark, _ in marks), each] += people[marks] if each else 0
    yield from _compare(name, expected, purchase.payments)


def _compare(
    name: str, expected: Counter[tuple[frozenset[str], Fraction]], payments: Iterable[Payment]
) -> Iterator[str]:
    paid: Counter[tuple[frozenset[str], Fraction]] = Counter()
    for payment in payments:
        paid[frozenset(payment.marks), payment.each] += payment.voters
    for (marks, each), count in (expected - paid).items():
        yield f"{name}: {count} more who marked {sorted(marks)} must pay {each}"
    for (marks, each), count in (paid - expected).items():
        yield f"{name}: {count} who marked {sorted(marks)} must not pay {each}"


def _recount_purchases(problem: Problem, solution: Solution, people: People) -> Iterator[str]:
    """Replays every purchase, with every option that could have been bought instead."""
    book = _Book(problem, people, solution.rule == "equal-shares")
    ties = {tie.place: tie for tie in solution.ties}
    for place, purchase in enumerate(solution.purchases):
        name = f"purchases[{place}] ({purchase.option})"
        phase, prices = book.prices()
        if purchase.phase != phase:
            yield f"{name} must be in the phase {phase}, got {purchase.phase}"
            return
        lowest = min(prices.values(), default=None)
        if lowest is None or purchase.price != lowest or prices.get(purchase.option) != lowest:
            yield f"{name} must have the lowest price {lowest}, got {purchase.price}"
            return
        tied = tuple(option for option, price in prices.items() if price == lowest)
        met = Tie(place, tied, min(tied, key=_order(problem, solution)))
        yield from _check_tie(name, met, ties.pop(place, None), purchase.option)
        due = book.pay(purchase.option, lowest)
        if sum(each * people[marks] for marks, each in due.items()) != book.cost[purchase.option]:
            yield f"{name}: the payments must add up to {book.cost[purchase.option]}"
        yield from _check_receipt(name, purchase, due, people)
    for place in ties:
        yield f"ties name place {place}, which was not bought"
    if problem.budget is not None and book.prices()[1]:
        yield f"{next(iter(book.prices()[1]))} can still be paid for by those who marked it"


class _Book:
    """What everyone has left."""

    def __init__(self, problem: Problem, people: People, with_shares: bool) -> None:
        self.problem, self.people = problem, people
        money = problem.budget if problem.budget is not None else problem.places
        share = Fraction(money) / max(problem.voters, 1) if with_shares else Fraction(0)
        self.purses: Purses = dict.fromkeys(people, share)
        costs = problem.costs or (Fraction(1),) * len(problem.options)
        self.cost = {option: Fraction(cost) for option, cost in zip(problem.options, costs, strict=True)}
        self.left = list(problem.options)
        self.advancing = not with_shares

    def worth(self, option: str, marks: Marks) -> Fraction:
        if self.problem.value == "points":
            return Fraction(dict(marks)[option])
        return self.cost[option] if self.problem.value == "cost" else Fraction(1)

    def prices(self) -> tuple[str, dict[str, Fraction]]:
        """What each option that can be bought costs: from shares, or else, without a budget, in advance."""
        shares = {option: self.share(option) for option in self.left} if not self.advancing else {}
        payable = {option: price for option, price in shares.items() if price is not None}
        if payable or self.problem.budget is not None:
            return "shares", payable
        self.advancing = True
        return "advance", {option: self.advance(option) for option in self.left if _holders(option, self.people)}

    def share(self, option: str) -> Fraction | None:
        """The lowest rate at which the payments min(purse, rate * worth) add up to the cost."""
        holders = [
            (self.purses[marks] / self.worth(option, marks), self.worth(option, marks), self.people[marks])
            for marks in _holders(option, self.people)
        ]
        missing, rich = self.cost[option], sum((worth * count for _, worth, count in holders), Fraction(0))
        for rate, worth, count in sorted(holders):
            if missing <= rate * rich:
                return missing / rich
            missing -= rate * worth * count
            rich -= worth * count
        return None

    def advance(self, option: str) -> Fraction:
        """The time at which the supporters, each given money at speed 1, hold the cost together."""
        holders = _holders(option, self.people)
        held = sum((self.purses[marks] * self.people[marks] for marks in holders), Fraction(0))
        return (self.cost[option] - held) / sum(self.people[marks] for marks in holders)

    def pay(self, option: str, price: Fraction) -> dict[Marks, Fraction]:
        due = {}
        for marks in _holders(option, self.people):
            purse = self.purses[marks]
            due[marks] = purse + price if self.advancing else min(purse, price * self.worth(option, marks))
            self.purses[marks] = purse - due[marks]
        self.left.remove(option)
        return due


def _recount_turns(problem: Problem, solution: Solution, people: People) -> Iterator[str]:
    """Sequential PAV, most marks and greedy: at each place nothing else may be better."""
    ties = {tie.place: tie for tie in solution.ties}
    chosen: list[str] = []
    book = _Book(problem, people, False)
    left = Fraction(problem.budget if problem.budget is not None else problem.places)

    def score(option: str) -> Fraction:
        total = Fraction(0)
        for marks in _holders(option, people):
            if solution.rule == "seq-pav":
                total += Fraction(people[marks], 1 + sum(mark in chosen for mark, _ in marks))
            elif solution.rule == "greedy":
                total += people[marks] * book.worth(option, marks) / book.cost[option]
            else:
                total += people[marks] * (book.worth(option, marks) if problem.value == "points" else 1)
        return total

    for place in range(len(problem.options) + 1):
        scores = {option: score(option) for option in problem.options if option not in chosen}
        fitting = {option: value for option, value in scores.items() if value and book.cost[option] <= left}
        if not fitting:
            break
        if place >= len(solution.winners):
            yield f"winners must go on with one of {sorted(fitting)}"
            return
        highest = max(fitting.values())
        tied = tuple(option for option, value in fitting.items() if value == highest)
        winner = solution.winners[place]
        if fitting.get(winner) != highest:
            yield f"winners[{place}] must have the highest score {highest}, got {winner}"
            return
        met = Tie(place, tied, min(tied, key=_order(problem, solution)))
        yield from _check_tie(f"winners[{place}] ({winner})", met, ties.pop(place, None), winner)
        left -= book.cost[winner]
        chosen.append(winner)
    for place in ties:
        yield f"ties name place {place}, which was not filled"


def _gain(solution: Solution, have: int) -> Fraction:
    """What a voter with so many winners gives the next one."""
    if solution.rule == "cc":
        return Fraction(not have)
    return Fraction(1, have + 1) if solution.rule in ("pav", "seq-pav") else Fraction(1)


def _check_support(problem: Problem, solution: Solution, people: People) -> Iterator[str]:
    have: Counter[Marks] = Counter()
    for place, purchase in enumerate(solution.purchases):
        name = f"purchases[{place}] ({purchase.option})"
        due = {
            marks: Fraction(dict(marks)[purchase.option]) if problem.value == "points" else _gain(solution, have[marks])
            for marks in _holders(purchase.option, people)
        }
        have.update(due.keys())
        total = sum((each * people[marks] for marks, each in due.items()), Fraction(0))
        if (purchase.phase, purchase.price) != ("support", total):
            yield f"{name} must have the support {total}, got {purchase.phase} {purchase.price}"
        yield from _check_receipt(name, purchase, due, people)


def _recount_committee(problem: Problem, solution: Solution, people: People) -> Iterator[str]:
    """No other committee may have a higher score, and none with the same score may come before in the order."""
    order = _order(problem, solution)
    marked = sorted({mark for marks in people for mark, _ in marks}, key=order)
    size = len(solution.winners)
    gained = [Fraction(0)]
    for have in range(size):
        gained.append(gained[-1] + _gain(solution, have))

    def score(committee: Iterable[str]) -> Fraction:
        members = set(committee)
        return sum(
            (gained[sum(mark in members for mark, _ in marks)] * count for marks, count in people.items()), Fraction(0)
        )

    mine = score(solution.winners)
    if list(solution.winners) != sorted(solution.winners, key=order):
        yield "winners must be in the order that breaks ties"
    is_few = comb(len(marked), size) <= FEW
    others: Iterable[tuple[str, ...]] = combinations(marked, size)
    if not is_few:
        others = (
            tuple(sorted({*solution.winners, new} - {old}, key=order))
            for old in solution.winners
            for new in marked
            if new not in solution.winners
        )
    equal = [solution.winners]
    for other in others:
        value = score(other)
        if value > mine:
            yield f"winners must have the highest score: {other} has {value}, {solution.winners} has {mine}"
            return
        if value == mine and [order(option) for option in other] < [order(option) for option in solution.winners]:
            yield f"winners: {other} has the same score and comes first in the order that breaks ties"
        if value == mine:
            equal.append(other)
    if is_few:
        yield from _check_committee_ties(problem, solution, equal)


def _check_committee_ties(problem: Problem, solution: Solution, equal: Iterable[tuple[str, ...]]) -> Iterator[str]:
    ties = {tie.place: tie for tie in solution.ties}
    for place, winner in enumerate(solution.winners):
        able = {other[place] for other in equal if other[:place] == solution.winners[:place]}
        tied = tuple(option for option in problem.options if option in able)
        yield from _check_tie(f"winners[{place}] ({winner})", Tie(place, tied, winner), ties.pop(place, None), winner)
    for place in ties:
        yield f"ties name place {place}, which was not filled"


# A pile: papers with the same order and value lie together.
Pile = Counter[tuple[tuple[str, ...], int]]


def _recount_transfers(problem: Problem, solution: Solution) -> Iterator[str]:
    """Scottish STV paper by paper, values in hundred-thousandths."""
    order = _order(problem, solution)
    one = 100_000
    left = {mark for ballot in problem.ballots for mark in ballot.marks}
    vacancies = min(problem.places, len(left))
    piles: dict[str, Pile] = {option: Counter() for option in left}
    stages: list[dict[str, int]] = []
    ties = list(solution.ties)
    elected: list[str] = []
    surplus: list[str] = []
    valid = sum(ballot.voters for ballot in problem.ballots if ballot.marks)
    quota = (valid // (problem.places + 1) + 1) * one

    def votes(option: str) -> int:
        return stages[-1][option]

    def lay(papers: Iterable[tuple[tuple[str, ...], int, int]], kept: dict[str, int]) -> None:
        for marks, value, count in papers:
            following = next((mark for mark in marks if mark in left), None)
            if following is not None:
                piles[following][marks, value] += count
        stages.append(
            {
                option: kept.get(option, sum(value * count for (_, value), count in pile.items()))
                for option, pile in piles.items()
            }
        )

    def pick(options: Iterable[str], best: Callable[[Iterable[int]], int]) -> tuple[str, tuple[str, ...]]:
        tied = sorted(options, key=problem.options.index)
        for stage in reversed(stages):
            extreme = best(stage[option] for option in tied)
            tied = [option for option in tied if stage[option] == extreme]
        return (max if best is min else min)(tied, key=order), tuple(tied)

    def expect(met: Tie) -> Iterator[str]:
        told = ties.pop(0) if ties else None
        if told != met:
            yield f"the tie must be told as {met}, got {told}"

    kept: dict[str, int] = {}
    lay(((ballot.marks, one, ballot.voters) for ballot in problem.ballots), kept)
    receipts: list[tuple[int, Pile]] = []
    while len(elected) < vacancies:
        reached = [option for option in left if votes(option) >= quota]
        if len(left) <= vacancies - len(elected):
            reached = list(left)
        if reached:
            for option in sorted(reached, key=lambda option: (-votes(option), order(option))):
                left.discard(option)
                elected.append(option)
                receipts.append((votes(option), piles[option]))
                surplus += [option] if votes(option) > quota else []
            continue
        option, tied = pick(surplus or left, max if surplus else min)
        if len(tied) > 1:
            yield from expect(Tie(len(elected), tied, option, excluded=not surplus))
        pile, total = piles[option], votes(option)
        piles[option] = Counter()
        if surplus:
            surplus.remove(option)
            kept[option] = quota
            moving = [(marks, (total - quota) * value // total, count) for (marks, value), count in pile.items()]
        else:
            left.discard(option)
            moving = [(marks, value, count) for (marks, value), count in pile.items()]
        lay(moving, kept)
    if tuple(elected) != solution.winners:
        yield f"winners must be {tuple(elected)}, got {solution.winners}"
        return
    if ties:
        yield f"a tie is told that was not met: {ties[0]}"
    for place, (purchase, (total, pile)) in enumerate(zip(solution.purchases, receipts, strict=True)):
        name = f"purchases[{place}] ({purchase.option})"
        if (purchase.phase, purchase.price) != ("support", Fraction(total, one)):
            yield f"{name} must have the support {Fraction(total, one)}, got {purchase.phase} {purchase.price}"
        expected: Counter[tuple[frozenset[str], Fraction]] = Counter()
        for (marks, value), count in pile.items():
            expected[frozenset(marks), Fraction(value, one)] += count
        yield from _compare(name, expected, purchase.payments)
