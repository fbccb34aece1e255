"""What follows from numbers that somebody has read: the least and the most that another one can be."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array


class Attacker:
    """Unknown counts at least 0, and every equation that somebody can write down from what she has read."""

    def __init__(self) -> None:
        self.names: dict[object, int] = {}
        self.rows: list[tuple[dict[int, float], float]] = []
        self.fixed: dict[int, float] = {}

    def at(self, name: object) -> int:
        return self.names.setdefault(name, len(self.names))

    def knows(self, name: object, value: int) -> None:
        self.fixed[self.at(name)] = value

    def adds_up(self, total: object, parts: list[object]) -> None:
        row = {self.at(total): -1.0}
        for part in parts:
            row[self.at(part)] = row.get(self.at(part), 0.0) + 1.0
        self.rows.append((row, 0.0))

    def reach(self, name: object) -> tuple[float, float]:
        unknown = [place for place in range(len(self.names)) if place not in self.fixed]
        column = {place: number for number, place in enumerate(unknown)}
        target = self.at(name)
        if target in self.fixed:
            return self.fixed[target], self.fixed[target]
        data, where, right = [], [], []
        for number, (row, value) in enumerate(self.rows):
            for place, factor in row.items():
                if place in self.fixed:
                    value -= factor * self.fixed[place]
                else:
                    data.append(factor)
                    where.append((number, column[place]))
            right.append(value)
        matrix = csr_array((data, tuple(zip(*where, strict=True))), shape=(len(self.rows), len(unknown)))
        ends = []
        for sign in (1.0, -1.0):
            goal = np.zeros(len(unknown))
            goal[column[target]] = sign
            found = linprog(goal, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
            assert found.status in {0, 3}, found.message
            ends.append(np.inf if found.status == 3 else sign * found.fun)
        return ends[0], ends[1]
