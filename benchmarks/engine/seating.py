"""How long seating takes and how good it is: `python -m benchmarks.engine.seating [--smoke]`. Halls are made up."""

import argparse
import statistics
import time

import numpy as np

from samspel.engine.seating import Person, Problem, Solution, Table, check, place_late, solve

# name, people, tables, least, most, rounds
SIZES = (
    ("unit", 60, 15, 4, 4, 1),
    ("unit, rounds", 60, 12, 5, 6, 3),
    ("hall", 400, 83, 4, 5, 1),
    ("hall, rounds", 400, 83, 4, 5, 3),
)


def make_problem(people: int, tables: int, least: int, most: int, rounds: int) -> Problem:
    rng = np.random.default_rng(people)
    units = rng.integers(0, max(people // 12, 2), people).tolist()
    first_of_unit = {unit: number for number, unit in reversed(list(enumerate(units)))}
    return Problem(
        people=tuple(
            Person(
                f"p{number}",
                {
                    "unit": f"u{unit}",
                    "department": f"d{unit % 5}",
                    "profession": f"y{int(rng.integers(8))}",
                    "role": "manager" if first_of_unit[unit] == number else "employee",
                },
                manages=(f"u{unit}",) if first_of_unit[unit] == number else (),
                needs=("accessible",) if number % 50 == 0 else (),
            )
            for number, unit in enumerate(units)
        ),
        tables=tuple(Table(f"t{n}", least, most, () if n % 3 else ("accessible",)) for n in range(tables)),
        rounds=rounds,
    )


def time_late(problem: Problem, solution: Solution) -> float:
    """Milliseconds for one who comes late, the median of fifty."""
    seconds = []
    for number in range(50):
        start = time.perf_counter()
        place_late(problem, solution, Person(f"late{number}", {"unit": f"u{number % 5}"}))
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true", help="the small halls only")
    arguments = parser.parse_args()
    print(f"{'size':14} {'people':>6} {'rounds':>6} {'ms':>7} {'gain':>7} {'again':>6} {'broken':>7} {'late ms':>8}")
    for name, people, tables, least, most, rounds in SIZES[:2] if arguments.smoke else SIZES:
        problem = make_problem(people, tables, least, most, rounds)
        solutions, seconds = [], []
        for seed in (1, 2, 3):
            start = time.perf_counter()
            solutions.append(solve(problem, rng=np.random.default_rng(seed)))
            seconds.append(time.perf_counter() - start)
        middle = sorted(solutions, key=lambda solution: solution.gain)[1]
        assert check(problem, middle) == []
        print(
            f"{name:14} {people:6} {rounds:6} {1000 * statistics.median(seconds):7.0f} {middle.gain:7.4f}"
            f" {middle.repeats:6} {len(middle.broken):7} {time_late(problem, middle):8.2f}"
        )


if __name__ == "__main__":
    main()
