"""Runs every benchmark, one after the other: `make bench`, `make bench SIZE=smoke`, `make bench ONLY=choosing`.

A benchmark is a module in a folder here that runs by itself (`python -m benchmarks.engine.choosing [--smoke]`), prints
its figures and ends with an error when a result is wrong. `--smoke` is for CI: small, and every result checked.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What the benchmarks stand beside, where scripts/peers.py put it.
PEERS = {
    "SAMSPEL_MATCHING_PEER": "matching",
    "SAMSPEL_ORACLE_PYTHON": "choosing",
    "SAMSPEL_SEATING_PEER": "seating",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run every benchmark.")
    parser.add_argument("--size", choices=["full", "smoke"], default="full")
    parser.add_argument("--only", default="", metavar="WORD", help="those with this word in their name")
    options = parser.parse_args()
    modules = [name for name in benchmarks() if options.only in name]
    if not modules:
        print(f"No benchmark has {options.only!r} in its name: {', '.join(benchmarks())}")
        return 2
    print(machine())
    environment = {**peers(), **os.environ}
    failed = []
    for module in modules:
        print(f"\n--- {module}", flush=True)
        start = time.monotonic()
        command = [sys.executable, "-m", module, *(["--smoke"] if options.size == "smoke" else [])]
        if subprocess.run(command, cwd=HERE.parent, env=environment).returncode:
            failed.append(module)
        print(f"--- {module}: {time.monotonic() - start:.1f} s", flush=True)
    if failed:
        print(f"\nFailed: {', '.join(failed)}")
    return 1 if failed else 0


def machine() -> str:
    """What the figures were measured on."""
    about: dict[str, str] = {}
    for path in (Path("/proc/cpuinfo"), Path("/proc/meminfo")):
        if path.exists():
            about |= dict(re.findall(r"^([^\t:]+)\s*: *(.*)$", path.read_text(), re.MULTILINE))
    memory_gb = int(about.get("MemTotal", "0 kB").split()[0]) / 2**20
    what = f"{about.get('model name', platform.machine())}, {os.cpu_count()} cores, {memory_gb:.0f} GB"
    return f"{what}, {platform.system()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def peers() -> dict[str, str]:
    """A Python for each kind that is installed."""
    places = {name: HERE.parent / ".cache" / "peers" / kind / "bin" / "python" for name, kind in PEERS.items()}
    return {name: str(place) for name, place in places.items() if place.exists()}


def benchmarks() -> list[str]:
    """Modules of the folders here that run by themselves and know `--smoke`; a folder may also be one benchmark."""
    found = []
    for path in sorted(HERE.glob("*/*.py")):
        module = ".".join(path.relative_to(HERE.parent).with_suffix("").parts)
        if path.name == "__main__.py":
            found.append(module.removesuffix(".__main__"))
        elif all(words in path.read_text() for words in ('__name__ == "__main__"', '"--smoke"')):
            found.append(module)
    return found


if __name__ == "__main__":
    sys.exit(main())
