"""How long it takes to choose which cells to hide: `python -m benchmarks.engine.disclosure [--smoke]`.

Tables with both margins, and counts that are small as often as in a small town. Times are the processor's. Every choice
is tried by the attacker, who is written apart; the run fails when she can tell a small cell to within the threshold.
"""

import argparse
import os
import statistics
import sys
import time

# One thread: what several do at once would count several times.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from samspel.engine.disclosure import ProtectionError, check, protect, two_way

SIZES = ((4, 4), (6, 8), (10, 12), (20, 10))
SEEDS = range(1, 11)
MOST_S = 1.0  # for 20 by 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="two seeds, two sizes")
    options = parser.parse_args()
    sizes, seeds = (SIZES[:2], SEEDS[:2]) if options.smoke else (SIZES, SEEDS)
    failed = False
    print("rows x columns  median s  worst s  hidden beside each small one  could not be protected")
    for rows, columns in sizes:
        times, beside, refused = [], [], 0
        for seed in seeds:
            table = two_way(np.random.default_rng(seed).negative_binomial(1, 0.04, (rows, columns)))
            began = time.process_time()
            try:
                hidden = protect(table)
            except ProtectionError:
                refused += 1
                continue
            times.append(time.process_time() - began)
            small = sum(why == "few" for why in hidden.why)
            beside.append(sum(why == "beside" for why in hidden.why) / max(1, small))
            told = check(table, hidden)
            failed |= bool(told)
            for line in told:
                print(f"  seed {seed}: {line}")
        print(
            f"{rows:>4} x {columns:<9} {statistics.median(times):>9.2f} {max(times):>8.2f}"
            f" {statistics.mean(beside):>29.2f} {refused:>23}"
        )
        failed |= (rows, columns) == (20, 10) and statistics.median(times) > MOST_S
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
