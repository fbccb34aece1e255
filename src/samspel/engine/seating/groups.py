"""Small draws at one table: who talks in threes, and who is the table's reason advocate."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

__all__ = ["deal_trios", "draw"]

Seat = TypeVar("Seat")


def deal_trios(order: Sequence[Seat], size: int = 3) -> tuple[tuple[Seat, ...], ...]:
    """Deal a table into groups of `size` or one more; five become three and two, because nobody talks alone.

    Dealt like cards, so that neighbours in `order` come into different groups: give them sorted by unit.

    >>> [len(group) for group in deal_trios("abcdefgh")]
    [4, 4]
    >>> deal_trios("abcde")
    (('a', 'c', 'e'), ('b', 'd'))
    >>> deal_trios("")
    ()
    """
    if size < 2:
        raise ValueError(f"size must be at least 2, got {size}")
    if not order:
        return ()
    groups = max(len(order) // size, -(-len(order) // (size + 1)))
    return tuple(tuple(order[start::groups]) for start in range(groups))


def draw(seats: Sequence[Seat], *, rng: np.random.Generator, earlier: Sequence[Seat] = ()) -> Seat:
    """Draw one seat by lot among those drawn the fewest times in `earlier`: nobody twice before everyone once.

    The seed of `rng` and the order of `seats` decide: keep both with the draw.

    >>> draw(["a", "b", "c"], rng=np.random.default_rng(5), earlier=["a", "c"])
    'b'
    """
    if not seats:
        raise ValueError("seats must be at least 1, got 0")
    drawn = Counter(earlier)
    fewest = min(drawn[seat] for seat in seats)
    lots = [seat for seat in seats if drawn[seat] == fewest]
    return lots[int(rng.integers(len(lots)))]
