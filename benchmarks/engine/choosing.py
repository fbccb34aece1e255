"""How long choosing takes: `python -m benchmarks.engine.choosing [--smoke]`."""

import argparse
import statistics
import time

import numpy as np

from samspel.engine.choosing import Ballot, Problem, check, solve

# name, voters, options, places, chance that a voter marks an option
SIZES = (
    ("unit", 60, 40, 3, 0.1),
    ("hall", 400, 200, 3, 0.2),
    ("hall, 20 places", 400, 200, 20, 0.05),
    ("city", 10_000, 200, 3, 0.05),
)


def make_problem(voters: int, options: int, places: int, density: float, seed: int) -> Problem:
    marked = np.random.default_rng(seed).random((voters, options)) < density
    names = tuple(f"o{option}" for option in range(options))
    ballots = tuple(Ballot(tuple(names[option] for option in np.flatnonzero(row).tolist())) for row in marked)
    return Problem(names, ballots, places)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true", help="the two smallest sizes, and every result checked")
    arguments = parser.parse_args()
    print(f"{'size':16} {'voters':>7} {'options':>8} {'places':>7} {'median ms':>10}")
    for name, voters, options, places, density in SIZES[:2] if arguments.smoke else SIZES:
        seconds = []
        for seed in (1, 2, 3):
            problem = make_problem(voters, options, places, density, seed)
            solve(problem)
            start = time.perf_counter()
            solution = solve(problem)
            seconds.append(time.perf_counter() - start)
            assert not arguments.smoke or check(problem, solution) == []
        print(f"{name:16} {voters:7} {options:8} {places:7} {1000 * statistics.median(seconds):10.1f}")


if __name__ == "__main__":
    main()
