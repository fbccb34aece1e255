"""Installs the libraries that the benchmarks stand beside, each kind in an environment of its own: .cache/peers/.

They pin old numpy, bring a gigabyte and solvers that are not free: nothing of ours may need them (docs/decisions/0006).
`make bench` calls this; `python -m benchmarks` finds them there. Tests that ask them for the same winners run with
SAMSPEL_ORACLE_PYTHON=.cache/peers/choosing/bin/python.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys

from bootstrap import CACHE, ROOT, SetupError, one_at_a_time, run, step, uv

PEERS = CACHE / "peers"
# A program and the Debian package that has it: these are asked for, not installed, for Debian starts them as services.
PROGRAMS = {"nginx": "nginx-light libnginx-mod-nchan", "gcc": "gcc libc6-dev"}


def main() -> int:
    with one_at_a_time():
        for locked in sorted((ROOT / "requirements").glob("peers-*.txt")):
            install(locked.stem.removeprefix("peers-"))
    path = f"{os.environ['PATH']}:/usr/sbin"
    for program, packages in PROGRAMS.items():
        if not shutil.which(program, path=path):
            print(f"{program} is missing, and what is measured beside it is left out: apt-get install {packages}")
    return 0


def install(kind: str) -> None:
    locked, place = ROOT / "requirements" / f"peers-{kind}.txt", PEERS / kind
    stamp, mark = hashlib.sha256(locked.read_bytes() + sys.version.encode()).hexdigest(), place / ".samspel-stamp"
    if mark.is_file() and mark.read_text() == stamp:
        return
    with step(f"Installing the peers of {kind}"):
        run([str(uv()), "venv", "--quiet", "--clear", "--python", sys.executable, str(place)])
        python = str(place / "bin" / "python")
        run([str(uv()), "pip", "sync", "--quiet", "--require-hashes", "--python", python, str(locked)])
    mark.write_text(stamp)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        sys.exit(f"The peers are not here: {error}")
