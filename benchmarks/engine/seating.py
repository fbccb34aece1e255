"""How good seating is and how long it takes: `python -m benchmarks.engine.seating [--smoke]`.

Halls and matrices come from the folder in SAMSPEL_DATA; without it, halls are made up and no figure is compared.
SAMSPEL_SEATING_PEER is a Python that has the package anti-clustering, in an environment of its own; it is run beside,
and its exchange on 120 says how much slower this machine is than the one where anticlust (R) was measured.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from samspel.commands.seat_files import read_matrix
from samspel.engine.seating import (
    Hall,
    Person,
    Problem,
    Solution,
    Table,
    check,
    default_steps,
    solve,
)
from tests.engine.seating.halls import read_hall

# people, tables, least, most, seconds
HALLS = (
    (60, 12, 5, 6, 0.5),
    (400, 100, 4, 5, 0.5),
    (400, 83, 4, 5, 0.5),
    (2000, 250, 8, 8, 1.0),
    (10_000, 1250, 8, 8, 5.0),
)
GAINS = {60: 0.999, 400: 0.999, 2000: 0.99, 10_000: 0.99}
# people, groups, and what anticlust 0.8.11 (three-phase) reached in how many CPU seconds.
MATRICES = (
    (120, 10, ((0.59, 47_351), (3.0, 47_400))),
    (480, 20, ((1.0, 374_713), (3.6, 377_761))),
    (960, 24, ((1.4, 1_191_838), (5.3, 1_201_975), (11.3, 1_208_278))),
)
PEER_S = 0.29  # anti-clustering's exchange, one start, on 120 people, on that machine
SEEDS = (1, 2, 3)
SHARE = 0.93  # of the time allowed goes to steps; the rest to setting out and counting up
PROBE = 1000

PEER = """
import sys, time
import numpy as np
from anti_clustering import ExchangeHeuristicAntiClustering, SimulatedAnnealingHeuristicAntiClustering
distances = np.load(sys.argv[1]).astype(float)
def run(solver):
    start = time.process_time()
    found = solver._solve(distances, int(sys.argv[2]))
    print(float(np.multiply(found, distances).sum() / 2), time.process_time() - start, flush=True)
for seed in (1, 2, 3):
    run(ExchangeHeuristicAntiClustering(random_seed=seed, restarts=1))
for seed in (1, 2, 3):
    run(ExchangeHeuristicAntiClustering(random_seed=seed))
run(SimulatedAnnealingHeuristicAntiClustering(random_seed=1))
"""


def made_up(people: int, tables: int, least: int, most: int, rounds: int) -> Problem:
    rng = np.random.default_rng(people)
    units = rng.integers(0, max(people // 12, 2), people).tolist()
    first_of_unit = {unit: number for number, unit in reversed(list(enumerate(units)))}
    return Problem(
        people=tuple(
            Person(
                f"p{number}",
                {"unit": f"u{unit}", "department": f"d{unit % 5}", "profession": f"y{int(rng.integers(8))}"},
                manages=(f"u{unit}",) if first_of_unit[unit] == number else (),
                needs=("accessible",) if number % 50 == 0 else (),
            )
            for number, unit in enumerate(units)
        ),
        tables=tuple(Table(f"t{n}", least, most, () if n % 3 else ("accessible",)) for n in range(tables)),
        rounds=rounds,
    )


def halls(data: Path | None, *, smoke: bool) -> bool:
    """A line for each hall, once and over three rounds; whether all figures were reached."""
    print(
        f"{'hall':>6} {'tables':>6} {'rounds':>6} {'limit s':>8} {'CPU s':>7} {'gain':>7} {'again':>6} {'broken':>6}",
        end="",
    )
    print(f" {'late ms: median':>16} {'largest':>8}  gain wanted in the time, nobody again, late < 1 ms")
    all_well = True
    for people, tables, least, most, limit_s in HALLS[:2] if smoke else HALLS:
        for rounds in (1, 3):
            runs = []
            for seed in (7, 8):
                if data is None:
                    problem = made_up(people, tables, least, most, rounds)
                else:
                    problem = read_hall(data, people, seed, tables=tables, least=least, most=most, rounds=rounds)
                start = time.process_time()
                solution = solve(problem, rng=np.random.default_rng(seed), steps=default_steps(problem, limit_s))
                cpu_s = time.process_time() - start
                assert check(problem, solution) == [], "a rule is broken, or a number wrong"
                runs.append((solution, cpu_s, late_ms(problem, solution)))
            gain = statistics.median(run[0].gain for run in runs)
            again = max(run[0].repeats for run in runs)
            cpu_s = max(run[1] for run in runs)
            late = [ms for run in runs for ms in run[2]]
            wanted = GAINS[people] if rounds == 1 else 0.0  # asked of one round
            is_met = gain >= wanted and (cpu_s <= limit_s or rounds > 1) and again == 0 and statistics.median(late) < 1
            print(
                f"{people:6} {tables:6} {rounds:6} {limit_s:8.1f} {cpu_s:7.2f} {gain:7.4f} {again:6} {0:6}"
                f" {statistics.median(late):16.3f} {max(late):8.3f}"
                f"  {f'>= {wanted:g}' if wanted else '':8} {'yes' if is_met else 'NO'}",
                flush=True,
            )
            if data is not None:
                all_well &= is_met
    return all_well


def late_ms(problem: Problem, solution: Solution) -> list[float]:
    """Milliseconds for each of one in twenty who come late, one after the other, after as many did not come."""
    hall = Hall(problem, solution)
    tied = {id_ for group in (*problem.apart, *problem.together) for id_ in group[:1]}
    late = [person for person in problem.people if person.id not in tied][::20][: max(len(problem.people) // 20, 1)]
    for person in late:
        hall.remove(person.id)
    before = [dict(tables) for tables in hall.rounds]
    took = []
    for person in late:
        start = time.process_time()
        hall.place(replace(person, id=f"late-{person.id}"))
        took.append(1000 * (time.process_time() - start))
    assert all(old.items() <= new.items() for old, new in zip(before, hall.rounds, strict=True)), "somebody moved"
    return took


def matrices(data: Path, *, smoke: bool) -> bool:
    peer = list(run_peer(data))
    slower, nine = 1.0, 0.0
    if peer:
        slower = statistics.median(cpu_s for _, cpu_s in peer[:3]) / PEER_S
        one, nine = (statistics.median(value for value, _ in runs) for runs in (peer[:3], peer[3:6]))
        nine_s = statistics.median(cpu_s for _, cpu_s in peer[3:6])
        print(
            f"\nanti-clustering on 120, median of three: exchange from one start {one:.0f}, from nine {nine:.0f}",
            end="",
        )
        print(f" ({nine_s:.1f} CPU s), annealing {peer[6][0]:.0f}")
        print(f"one start takes {slower:.2f} times as long as on the machine of anticlust's values")
    else:
        print("\nSAMSPEL_SEATING_PEER is not set: anti-clustering does not run, times are not scaled")
    print(
        f"{'matrix':>6} {'CPU s: theirs':>14} {'allowed':>7} {'ours':>6} {'steps':>7} {'anticlust':>10} {'ours':>10}"
        f" {'more %':>7}  as good in the time allowed (aim +0.5 %; 120: 5 % over anti-clustering's nine)"
    )
    all_well = True
    for people, groups, targets in MATRICES[:1] if smoke else MATRICES:
        matrix = read_matrix(data / f"matrix-RanReal-{people}-s1.txt.gz")
        problem = Problem(
            tuple(Person(str(number)) for number in range(people)),
            tuple(Table(str(number), people // groups, people // groups) for number in range(groups)),
            weights={},
            distances=matrix.distances,
        )
        step_s = seconds_a_step(problem)
        for their_s, theirs in targets:
            allowed_s = their_s * slower
            steps = max(int(SHARE * allowed_s / step_s), 1)
            found, took = [], []
            for seed in SEEDS:
                start = time.process_time()
                solution = solve(problem, rng=np.random.default_rng(seed), steps=steps)
                took.append(time.process_time() - start)
                found.append(-solution.alike)
                assert check(problem, solution) == []
            ours, cpu_s = statistics.median(found), statistics.median(took)
            is_met = cpu_s <= allowed_s and (ours >= theirs if people > 120 else ours >= 1.05 * nine)
            print(
                f"{people:6} {their_s:14.2f} {allowed_s:7.2f} {cpu_s:6.2f} {steps:7} {theirs:10.0f} {ours:10.0f}"
                f" {100 * (ours / theirs - 1):+7.2f}  {'yes' if is_met else 'NO'}",
                flush=True,
            )
            all_well &= is_met
    return all_well


def seconds_a_step(problem: Problem) -> float:
    """What a step takes here and now, setting out and counting up aside: the middle of three."""
    times = []
    for steps in (1, 1, PROBE, PROBE, PROBE):
        start = time.process_time()
        solve(problem, rng=np.random.default_rng(0), steps=steps)
        times.append(time.process_time() - start)
    return (statistics.median(times[2:]) - times[1]) / PROBE


def run_peer(data: Path) -> Iterator[tuple[float, float]]:
    """Values and CPU seconds of anti-clustering on 120 people: three single starts, three of nine, one annealing."""
    python = os.environ.get("SAMSPEL_SEATING_PEER")
    if not python:
        return
    file = Path(os.environ.get("TMPDIR", "/tmp")) / f"samspel-matrix-{os.getpid()}.npy"  # noqa: S108 (removed below)
    np.save(file, read_matrix(data / "matrix-RanReal-120-s1.txt.gz").distances)
    try:
        command = [python, "-c", PEER, str(file), "10"]
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        for line in subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.splitlines():
            value, cpu_s = line.split()
            yield float(value), float(cpu_s)
    finally:
        file.unlink()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true", help="the small ones only")
    arguments = parser.parse_args()
    given = os.environ.get("SAMSPEL_DATA")
    data = Path(given) / "seating" if given else None
    if data is None:
        print("SAMSPEL_DATA is not set: halls are made up, figures are not compared")
    all_well = halls(data, smoke=arguments.smoke)
    if data is not None:
        all_well &= matrices(data, smoke=arguments.smoke)
    if not all_well:
        print("Not every figure was reached.")
    return 0 if all_well or arguments.smoke else 1


if __name__ == "__main__":
    sys.exit(main())
