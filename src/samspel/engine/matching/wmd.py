"""Pools of kidney exchange in PrefLib's format (.wmd): lines in, a problem out.

Mattei and Walsh, "PrefLib: a library for preferences" (2013), data type `wmd`. Alternatives whose name begins with
`Altruist` have no need.
"""

import re
from collections.abc import Iterable

import numpy as np

from .records import Objective, Problem

__all__ = ["WmdError", "read"]

_NAME = re.compile(r"#\s*ALTERNATIVE NAME (\d+):\s*(.*)")
_COUNT = re.compile(r"#\s*NUMBER (ALTERNATIVES|EDGES):\s*(\d+)")


class WmdError(ValueError):
    """The lines are not a pool; `line` is where (0: the whole), `reason` what is wrong."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line
        self.reason = reason


def read(lines: Iterable[str], *, ring: int = 4, chain: int = 6) -> Problem:
    """The pool in these lines, with one objective: the sum of weights.

    >>> names = ["# ALTERNATIVE NAME 1: Pair 1", "# ALTERNATIVE NAME 2: Pair 2", "# ALTERNATIVE NAME 3: Altruist 1"]
    >>> pool = read([*names, "1,2,5", "2,1,3.5", "3,1,1"])
    >>> pool.ids, pool.needs.tolist(), pool.objectives[0].weights.tolist()
    (('Pair 1', 'Pair 2', 'Altruist 1'), [True, True, False], [5.0, 3.5, 1.0])
    """
    names: dict[int, str] = {}
    counts: dict[str, int] = {}
    arcs: list[tuple[int, int, float]] = []
    for number, line in enumerate(lines, start=1):
        if found := _NAME.match(line):
            names[int(found[1])] = found[2].strip()
        elif found := _COUNT.match(line):
            counts[found[1]] = int(found[2])
        elif line.strip() and not line.startswith("#"):
            arcs.append(_arc(number, line, names))
    if not names:
        raise WmdError(0, "no line names an alternative (# ALTERNATIVE NAME 1: Pair 1)")
    for what, found_count in (("ALTERNATIVES", len(names)), ("EDGES", len(arcs))):
        if counts.get(what, found_count) != found_count:
            raise WmdError(0, f"NUMBER {what} says {counts[what]}, the file has {found_count}")
    place = {name: at for at, name in enumerate(names)}
    givers = np.array([place[giver] for giver, _, _ in arcs], dtype=np.int64)
    takers = np.array([place[taker] for _, taker, _ in arcs], dtype=np.int64)
    objective = Objective("weight", np.array([weight for _, _, weight in arcs], dtype=np.float64))
    needs = np.array([not name.startswith("Altruist") for name in names.values()])
    try:
        return Problem(tuple(names.values()), needs, givers, takers, (objective,), ring, chain)
    except ValueError as error:
        raise WmdError(0, str(error)) from error


def _arc(number: int, line: str, names: dict[int, str]) -> tuple[int, int, float]:
    parts = line.split(",")
    if len(parts) != 3:
        raise WmdError(number, f"an edge must be giver,taker,weight, got {line.strip()!r}")
    try:
        giver, taker, weight = int(parts[0]), int(parts[1]), float(parts[2])
    except ValueError as error:
        raise WmdError(number, f"an edge must be two whole numbers and a number, got {line.strip()!r}") from error
    for one in (giver, taker):
        if one not in names:
            raise WmdError(number, f"alternative {one} has no name")
    return giver, taker, weight
