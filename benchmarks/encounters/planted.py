"""Is what was planted in a year found, and nothing else? `python -m benchmarks.encounters.planted [--smoke]`.

Twenty years of `samspel.demo.year`, each through the watch for changes, the judgment of equity at every fourth week,
and the funnel; what was said of each truth, and when. The year was tried on seeds below 2,000; what is printed has
seeds from there on.
"""

from __future__ import annotations

import argparse
import os
import sys

import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")
import django

django.setup()

from samspel.demo.year import DIMENSIONS, KINDS, WEEKS, Truth, Year, draw, truth  # noqa: E402 (models need Django)
from samspel.encounters.disclosing import Figure, figure  # noqa: E402
from samspel.encounters.equity import differences  # noqa: E402
from samspel.engine.inference import fit  # noqa: E402
from samspel.engine.inference.changes import Panel, tell  # noqa: E402
from samspel.engine.inference.watching import common, follow  # noqa: E402

SEED = 2_000
LEAST_FOUND, MOST_FALSE = 0.80, 0.055
NAMES = [unit for kind in KINDS for unit in kind.units]
PUBLIC = 10


def changes(year: Year, planted: Truth) -> tuple[dict[int, str], int, int]:
    """What was said of each changed unit; how many others had a signal, and how many they were."""
    n, good = year.weeks_of()
    panel = Panel(n, good, np.zeros(len(NAMES), dtype=np.int64))  # services of six have the city as peers
    away = common(panel)
    said: dict[int, str] = {}
    false = set()
    weeks = {one.unit: one.week for one in planted.changed}
    for alarm in follow(panel, away).alarms:
        told = tell(panel, away, alarm)
        text = (
            f"week {alarm.seen + 1}: since {told.since + 1} ({told.earliest + 1} to {told.latest + 1}), "
            f"{100 * told.before.estimate:.0f} to {100 * told.after.estimate:.0f} of 100"
        )
        if alarm.unit in weeks and alarm.seen >= weeks[alarm.unit]:
            said.setdefault(alarm.unit, text)
        else:
            false.add(alarm.unit)
    return said, len(false), len(NAMES) - len(weeks)


def equity(year: Year, planted: Truth) -> tuple[dict[tuple[int, str, str], int], set[tuple[int, str, str]]]:
    """The week in which each group was told to be met worse or better: those that were planted, and all others."""
    worse = {(one.service, one.dimension, one.group) for one in planted.unequal}
    found: dict[tuple[int, str, str], int] = {}
    false = set()
    is_good = year.level == 3
    for week in range(4, WEEKS + 1, 4):
        for service in range(3):
            here = (year.unit // 6 == service) & (year.week < week)
            lines: dict[str, dict[str, Figure]] = {}
            for dimension, groups in DIMENSIONS.items():
                places = year.groups[dimension]
                lines[dimension] = {}
                for at, (name, _part) in enumerate(groups):
                    mine = here & (places == at)
                    lines[dimension][name] = figure(int(mine.sum()), int((mine & is_good).sum()), threshold=PUBLIC)
            for judged in differences(lines):
                for row in judged.rows:
                    key = (service, judged.dimension, row.group)
                    if not row.verdict.is_seen:
                        continue
                    if key in worse and row.verdict == "lower":
                        found.setdefault(key, week)
                    elif not any(key[:2] == one[:2] for one in worse):
                        # Beside a group that is met worse its dimension's others are better: that is no mistake.
                        false.add(key)
    return found, false


def looks_bad(year: Year, planted: Truth) -> tuple[float, bool]:
    """The small unit's share, and whether the funnel lets it lie outside."""
    n, good = year.weeks_of()
    total, well = n.sum(axis=1), good.sum(axis=1)
    share = (well + 0.5) / (total + 1)
    here = slice(6, 12)
    variance = share * (1 - share) / total
    funnel = fit(share[here], variance[here])
    low, high = funnel.limits(float(variance[planted.only_looks_bad]))
    mine = float(share[planted.only_looks_bad])
    return mine, not low <= mine <= high


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encounters.planted", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="two years, and nothing held against the goal")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=SEED)
    options = parser.parse_args()
    seeds = 2 if options.smoke else options.seeds
    planted = truth()
    for one in planted.changed:
        print(f"planted: {NAMES[one.unit]} {100 * one.gap:+.0f} of 100 from week {one.week + 1}")
    for worse in planted.unequal:
        print(f"planted: {KINDS[worse.service].key}, {worse.dimension} {worse.group} {100 * worse.gap:+.0f} of 100")
    print(f"planted: {NAMES[planted.only_looks_bad]} only looks bad")
    found = false = calm = services_wrong = outside = 0
    for seed in range(options.first, options.first + seeds):
        year = draw(seed, planted)
        said, wrong, others = changes(year, planted)
        groups, wrong_groups = equity(year, planted)
        share, is_outside = looks_bad(year, planted)
        where = "outside" if is_outside else "inside"
        print(f"\nyear {seed}: {len(year.unit):,} answers")
        for one in planted.changed:
            print(f"  {NAMES[one.unit]}: {said.get(one.unit, 'nothing said')}")
        for worse in planted.unequal:
            week = groups.get((worse.service, worse.dimension, worse.group))
            text = f"met worse, told in week {week}" if week else "nothing said"
            print(f"  {KINDS[worse.service].key}, {worse.dimension} {worse.group}: {text}")
        print(f"  {NAMES[planted.only_looks_bad]}: {100 * share:.0f} of 100, {where} the funnel")
        if wrong or wrong_groups:
            print(f"  false: {wrong} signals, groups {sorted(wrong_groups)}")
        found += len(said) + len(groups)
        false, calm = false + wrong, calm + others
        services_wrong += len({one[0] for one in wrong_groups})
        outside += is_outside
    truths = seeds * (len(planted.changed) + len(planted.unequal))
    print(f"\nfound {found} of {truths} ({100 * found / truths:.0f} %)")
    print(f"false signals: {false} of {calm} unit-years ({100 * false / calm:.1f} %)")
    print(f"services with a false word about a group: {services_wrong} of {3 * seeds} service-years")
    print(f"the small unit outside its funnel: {outside} of {seeds} years")
    judged = calm + 3 * seeds + seeds
    share_false = (false + services_wrong + outside) / judged
    print(f"false in all: {100 * share_false:.1f} % of {judged}")
    if options.smoke:
        return 0
    return 0 if found >= LEAST_FOUND * truths and share_false <= MOST_FALSE else 1


if __name__ == "__main__":
    sys.exit(main())
