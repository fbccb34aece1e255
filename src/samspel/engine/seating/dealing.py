"""The first seating of a round: rules as far as they go, and units evenly."""

import numpy as np

from .room import Ints, Room

__all__ = ["deal"]


def deal(room: Room, rng: np.random.Generator) -> Ints:
    """Groups, hosts and people with needs first, each to a table that fits; then the rest, the largest unit first,
    table by table in turn. [tables, seats]"""
    free = room.size.copy()
    table_of = np.full(room.total, -1, dtype=np.intp)
    empty = np.arange(room.people, room.seats)
    lacking = rng.permutation(np.flatnonzero(room.may_lack_one))[: len(empty)]
    table_of[empty[: len(lacking)]] = lacking
    free[lacking] -= 1
    for group in _careful(room):
        costs = room.unfit[room.kind[group]].sum(axis=0) + rng.random(room.tables)
        roomy = free >= len(group)
        if roomy.any():
            table = int(np.where(roomy, costs, np.inf).argmin())
            table_of[group] = table
            free[table] -= len(group)
        else:
            for person in group:
                table = int(np.where(free > 0, costs, np.inf).argmin())
                table_of[person] = table
                free[table] -= 1
    _deal_rest(room, rng, table_of, free)
    who = np.empty((room.tables, room.width), dtype=np.intp)
    by_table = np.argsort(table_of[: room.seats], kind="stable")
    there = np.arange(room.width) < room.size[:, None]
    who[there] = by_table
    who[~there] = np.arange(room.seats, room.total)
    return who


def _deal_rest(room: Room, rng: np.random.Generator, table_of: Ints, free: Ints) -> None:
    rest = rng.permutation(np.flatnonzero(table_of[: room.seats] < 0))
    unit = room.attributes[0][1][rest] if room.attributes else -1 - rest
    _, unit, count = np.unique(unit, return_inverse=True, return_counts=True)
    rest = rest[np.lexsort((unit, -count[unit]))]
    tables = np.repeat(np.arange(room.tables), free)
    level = np.concatenate([np.arange(seats) for seats in free.tolist()]) if len(free) else tables
    lot = rng.permutation(room.tables)
    table_of[rest] = tables[np.lexsort((lot[tables], level))]


def _careful(room: Room) -> list[Ints]:
    """Who is dealt first: groups that belong together, or one alone; hosts before needs before others, large first."""
    alone = [
        np.array([person]) for person in room.special.tolist() if person < room.people and room.block_of[person] < 0
    ]

    def urgency(group: Ints) -> tuple[float, int]:
        fitting = room.unfit[room.kind[group]].max(axis=0)
        return float((fitting == 0).mean()), -len(group)

    return sorted([*room.blocks, *alone], key=urgency)
