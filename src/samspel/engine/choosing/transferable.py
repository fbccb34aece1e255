"""The single transferable vote as Scotland counts it, in whole numbers.

The Scottish Local Government Elections Order 2007 (SSI 2007/42), rules 46 to 52: whole quota, and each paper of a
surplus goes on with a value cut to five decimals, so that a hand count gives the same. Every value is a whole number of
hundred-thousandths, so nothing is rounded but what the rules round.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import numpy as np
import numpy.typing as npt

from .ballots import Ints
from .records import Payments, Problem, Purchase, Receipt, Tie

__all__ = ["transfer"]

DECIMALS = 100_000


def transfer(problem: Problem, rank: Sequence[int]) -> tuple[list[Purchase], list[Tie]]:
    """Elect who reaches the quota, pass surpluses on, and exclude the last until the places are taken.

    A tie is decided by the latest earlier stage at which they differed; if none, by rank: of surpluses the first one's
    goes on first, from the count the last one leaves. Nobody is elected whom no ballot names. The receipt of each
    elected names the papers of her pile with their values. Cost: a round for each option, over the papers that move.
    """
    count = _Count(problem, rank)
    vacancies = min(problem.places, int(count.continuing.sum()))
    surpluses: list[int] = []
    while len(count.elected) < vacancies:
        continuing = np.flatnonzero(count.continuing)
        if len(continuing) <= vacancies - len(count.elected):
            count.elect(continuing.tolist())
        elif (reached := continuing[count.totals[continuing] >= count.quota]).size:
            surpluses += count.elect(reached.tolist())
        elif surpluses:
            largest = count.pick(surpluses, highest=True)
            surpluses.remove(largest)
            count.pass_on(largest)
        else:
            count.exclude(count.pick(continuing.tolist(), highest=False))
    return count.elected, count.ties


class _Count:
    """Ballot papers in piles. Ballots with the same order are one row; its papers lie with the option
    `order[row, place[row]]` and are worth `value[row]` each. Rows are filled up with a number that no option has:
    there lie papers that name nobody who is left."""

    def __init__(self, problem: Problem, rank: Sequence[int]) -> None:
        self.problem = problem
        self.rank = rank
        self.elected: list[Purchase] = []
        self.ties: list[Tie] = []
        column = {option: place for place, option in enumerate(problem.options)}
        rows: dict[tuple[str, ...], int] = {}
        papers: list[int] = []
        example: list[int] = []
        for number, ballot in enumerate(problem.ballots):
            row = rows.setdefault(ballot.marks, len(rows))
            if row == len(papers):
                papers.append(0)
                example.append(number)
            papers[row] += ballot.voters
        self.papers = np.array(papers, dtype=np.int64)
        self.example = np.array(example, dtype=np.int64)
        nobody = len(column)
        self.order = np.full((len(rows), max(map(len, rows), default=0) + 1), nobody, dtype=np.int32)
        for row, marks in enumerate(rows):
            self.order[row, : len(marks)] = [column[mark] for mark in marks]
        self.quota = (sum(papers) - papers_without_marks(rows, papers)) // (problem.places + 1) * DECIMALS + DECIMALS
        self.continuing = np.zeros(nobody + 1, dtype=np.bool_)
        self.continuing[self.order] = True
        self.continuing[nobody] = False
        self.value = np.full(len(rows), DECIMALS, dtype=np.int64)
        self.place = np.full(len(rows), -1, dtype=np.int64)
        self.holder = np.full(len(rows), nobody, dtype=np.int64)
        self.totals = np.zeros(nobody + 1, dtype=np.int64)
        self.history = np.zeros((2 * nobody + 1, nobody + 1), dtype=np.int64)
        self.stages = 0
        self._move(np.arange(len(rows)))

    def elect(self, options: list[int]) -> list[int]:
        """Those with most votes first; gives back who has a surplus."""
        for option in sorted(options, key=lambda option: (-self.totals[option], self.rank[option])):
            self.continuing[option] = False
            pile = np.flatnonzero(self.holder == option)
            values, level = np.unique(self.value[pile], return_inverse=True)
            ballots, amounts = self.problem.ballots, tuple(values.tolist())
            told = partial(Receipt, self.example[pile], self.papers[pile], level, amounts, DECIMALS)
            receipt = Payments(ballots, told)
            votes = Fraction(int(self.totals[option]), DECIMALS)
            self.elected.append(Purchase(self.problem.options[option], "support", votes, receipt))
        return [option for option in options if self.totals[option] > self.quota]

    def pass_on(self, option: int) -> None:
        """The surplus goes to the next on each paper, at the part of the paper's value that the surplus is of all."""
        pile = np.flatnonzero(self.holder == option)
        total = int(self.totals[option])
        values, level = np.unique(self.value[pile], return_inverse=True)
        passed = [(total - self.quota) * value // total for value in values.tolist()]
        self.value[pile] = np.array(passed, dtype=np.int64)[level]
        self.totals[option] = self.quota
        self._move(pile)

    def exclude(self, option: int) -> None:
        """The papers go to the next, at the value they have."""
        self.continuing[option] = False
        self.totals[option] = 0
        self._move(np.flatnonzero(self.holder == option))

    def pick(self, options: list[int], *, highest: bool) -> int:
        """The one with most (or fewest) votes now; of several, at the latest stage where they differ; else by rank."""
        stage = self.stages
        tied = np.array(options)
        while len(tied) > 1 and stage:
            seen = self.history[:stage, tied]
            differing = np.flatnonzero((seen != seen[:, :1]).any(axis=1))
            if not len(differing):
                break
            stage = int(differing[-1])
            tied = tied[seen[stage] == (seen[stage].max() if highest else seen[stage].min())]
        chosen = int(min(tied, key=lambda o: self.rank[o] if highest else -self.rank[o]))
        if len(tied) > 1:
            names = tuple(self.problem.options[option] for option in sorted(tied.tolist()))
            self.ties.append(Tie(len(self.elected), names, self.problem.options[chosen], excluded=not highest))
        return chosen

    def _move(self, rows: Ints) -> None:
        """Lay the papers of these rows with the next option that is left, and write down the stage."""
        ahead = self.order[rows]
        able: npt.NDArray[np.bool_] = self.continuing[ahead]
        able &= np.arange(ahead.shape[1]) > self.place[rows, None]
        able[:, -1] = True
        place = able.argmax(axis=1)
        self.place[rows] = place
        self.holder[rows] = ahead[np.arange(len(rows)), place]
        worth = self.papers[rows] * self.value[rows]
        np.add.at(self.totals, self.holder[rows], worth)
        self.history[self.stages] = self.totals
        self.stages += 1


def papers_without_marks(rows: dict[tuple[str, ...], int], papers: list[int]) -> int:
    """Papers that name nobody are not valid and do not count towards the quota."""
    return papers[rows[()]] if () in rows else 0
