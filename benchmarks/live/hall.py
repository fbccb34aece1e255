"""A hall through the real interface: people join, think, and are moved on, while every answer is timed.

    python -m benchmarks.live.hall                        400 people at 83 tables
    python -m benchmarks.live.hall --people 60 --tables 15
    python -m benchmarks.live.hall --smoke                30 people, and nothing may fail

An installation of its own (`samspel serve`, embedded PostgreSQL) on this machine; the phones are `samspel load` in a
process of its own beside it, so both share the processors. Steps are taken by the leader's action.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from samspel.demo.load import Plan
from tests.loss.house import ROOT, House, installation


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--tables", type=int, default=83)
    options = parser.parse_args()
    if options.smoke:
        options.people, options.tables = 30, 6
    steps = 1 if options.smoke else 3
    plan = Plan(
        options.people,
        within_s=options.people / 8,
        notes_per_s=options.people / 20,
        seconds=20 if options.smoke else 60,
    )
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as house:
        dialogue, code = house.run("-m", "benchmarks.live.meeting", "make", str(options.tables)).split()
        house.start()
        house.wait_until_up()
        before = usage(house)
        phones = start_phones(house, code, plan)
        assert phones.stderr is not None
        print(phones.stderr.readline().strip(), flush=True)
        for _ in range(steps):
            time.sleep(plan.seconds / (2 * steps))
            house.run("-m", "benchmarks.live.meeting", "next", dialogue)
        said, _ = phones.communicate(timeout=plan.seconds + 120)
        after = usage(house)
    figures = json.loads(said)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; one server process")
    print(f"{options.people} people at {options.tables} tables, {plan.notes_per_s:g} notes/s while they think alone\n")
    names = ("p50", "p95", "p99", "most")
    print(f"{'milliseconds':16}{'count':>8}" + "".join(f"{name:>10}" for name in names))
    for what in ("join", "acknowledged", "spread", "page", "last_page"):
        row = figures[what]
        print(f"{what:16}{row['count']:8}" + "".join(f"{row.get(name, 0):10.1f}" for name in names))
    cpu_s, kb = after[0] - before[0], (after[1] - before[1]) / options.people
    print(f"server: {cpu_s:.1f} s of processor time, {kb:.1f} kB a phone")
    print(f"lines lost {figures['lines_lost']}, failed {figures['failed'] or 'nothing'}")
    everybody = figures["join"]["count"] == options.people and figures["page"]["count"] >= steps * options.people
    return 0 if everybody and not figures["failed"] else 1


def start_phones(house: House, code: str, plan: Plan) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "samspel.cli", "load", f"http://127.0.0.1:{house.port}", code, "--json"]
    command += ["--people", str(plan.people), "--within", str(plan.within_s), "--rate", str(plan.notes_per_s)]
    command += ["--seconds", str(plan.seconds)]
    return subprocess.Popen(
        command, cwd=ROOT, env=house.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def usage(house: House) -> tuple[float, float]:
    """Processor seconds and kilobytes of the process that serves."""
    for pid in house.application():
        if b"web" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            kb = next(line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if "Pss:" in line)
            return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), float(kb.split()[1])
    raise OSError("no process serves")


if __name__ == "__main__":
    sys.exit(main())
