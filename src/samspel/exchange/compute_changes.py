"""Changes of the newest selection by hand, and what each would come to.

No word is read or compared again, whatever the number of posts: only what is near the change is chosen anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from samspel.exchange.chosen import Chosen, locked_gifts, locked_in, pair_of
from samspel.exchange.proposing import store_change

if TYPE_CHECKING:
    from samspel.engine import matching

_LOCK_S: Final = 1.5

Way = Literal["swap", "forbid"]


@dataclass(frozen=True, slots=True)
class Price:
    """What a change would come to: needs met in all, and whose needs of this match would wait."""

    met: int
    waiting: tuple[int, ...]


def price(chosen: Chosen, offer_id: int, need_id: int, way: Way) -> Price | None:
    """What it would come to if these two were not put together: chosen anew around them, or nothing else moved."""
    changed = _taken_out(chosen, offer_id, need_id, way)
    if changed is None:
        return None
    before, after = (_needs_met(chosen, solution.selected) for solution in (chosen.solution, changed.solution))
    return Price(len(after), tuple(sorted(before - after)))


def could_meet(chosen: Chosen, offer_id: int, need_id: int) -> bool:
    """Whether the offer is the one that its party would meet the need with."""
    return pair_of(chosen, offer_id, need_id) is not None


def take_out(chosen: Chosen, offer_id: int, need_id: int, way: Way, at: datetime) -> bool:
    """Change the newest selection to one without this transfer; False when it is not in it."""
    changed = _taken_out(chosen, offer_id, need_id, way)
    if changed is None:
        return False
    store_change(chosen, changed, at)
    return True


def keep_locks(chosen: Chosen, at: datetime) -> None:
    """Change the newest selection to one with what is locked now, chosen anew around it."""
    from samspel.engine import matching

    problem = locked_in(chosen, locked_gifts()).pool.problem
    store_change(chosen, matching.change(problem, chosen.solution, matching.Change(), time_limit_s=_LOCK_S), at)


def mend(
    chosen: Chosen,
    gone: Iterable[int],
    at: datetime,
    *,
    left: Iterable[int] = (),
    broken: Iterable[tuple[int, int]] = (),
) -> "matching.Changed":
    """Change the newest selection to one without these parties, changed as little as can be; gives what that took.

    :param left: the others of a match that has come to nothing.
    :param broken: who gave to whom in it.
    """
    from samspel.engine import matching

    number = {name: at_ for at_, name in enumerate(chosen.pool.problem.ids)}
    away = frozenset(number[str(party)] for party in gone if str(party) in number)
    changed = matching.mend(
        chosen.pool.problem,
        chosen.solution,
        matching.Change(gone=away),
        left=[number[str(party)] for party in left if str(party) in number],
        broken=[
            (number[str(giver)], number[str(taker)])
            for giver, taker in broken
            if str(giver) in number and str(taker) in number
        ],
    )
    store_change(chosen, changed, at)
    return changed


def _taken_out(chosen: Chosen, offer_id: int, need_id: int, way: Way) -> "matching.Changed | None":
    from samspel.engine import matching

    pair = pair_of(chosen, offer_id, need_id)
    if pair is None or pair not in chosen.solution.transfers:
        return None
    wanted = matching.Change(forbid=(pair,))
    do = matching.change if way == "swap" else matching.mend
    problem = replace(chosen.pool.problem, fixed=tuple(set(chosen.pool.problem.fixed) - {pair}))
    return do(problem, chosen.solution, wanted)


def _needs_met(chosen: Chosen, selected: Iterable["matching.Selected"]) -> set[int]:
    return {gift.need for gift in chosen.gifts_of([pair for one in selected for pair in one.transfers])}
