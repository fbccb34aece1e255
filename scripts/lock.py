"""Locks all dependencies anew: `make lock` (newest versions that fit: `make lock UPGRADE=1`).

The files carry versions and hashes and no address of any registry, so that everyone's own mirror serves them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence

from bootstrap import ROOT, SetupError, registry_settings, uv
from build_frontend import FRONTEND, node, node_environment

LOCKS = ROOT / "requirements"


def main() -> int:
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
    lock(["requirements/tools.in"], "tools.txt", upgrade)
    lock(["pyproject.toml", "--group", "build"], "run.txt", upgrade)
    lock(["pyproject.toml", "--group", "dev", "--constraints", "requirements/run.txt"], "dev.txt", upgrade)
    extra = ["pyproject.toml", "--extra", "cluster", "requirements/cluster.in"]
    lock([*extra, "--constraints", "requirements/run.txt"], "cluster.txt", upgrade)
    for source in sorted(LOCKS.glob("peers-*.in")):
        # Not every peer is built for every system; where measuring is done is Linux.
        lock([str(source.relative_to(ROOT))], f"{source.stem}.txt", upgrade, where=["--python-platform", "linux"])
    lock_npm()
    for path in [*LOCKS.glob("*.txt"), FRONTEND / "package-lock.json"]:
        if found := re.search(r"\S*(://|file:)\S*", path.read_text()):
            raise SetupError(f"{path.relative_to(ROOT)} carries an address: {found[0]}")
    return 0


def lock(sources: list[str], target: str, options: list[str], where: Sequence[str] = ("--universal",)) -> None:
    print(f"requirements/{target} …", flush=True)
    command = [str(uv()), "pip", "compile", "--quiet", *where, "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header", *options, *sources]
    subprocess.run([*command, "-o", f"requirements/{target}"], cwd=ROOT, env=registry_settings(), check=True)


def lock_npm() -> None:
    """package-lock.json without `resolved` (frontend/.npmrc) and without the authors' sponsor pages."""
    print("frontend/package-lock.json …", flush=True)
    npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node()), str(npm), "install", "--package-lock-only", "--loglevel=error"]
    subprocess.run(command, cwd=FRONTEND, env=node_environment(), check=True)
    path = FRONTEND / "package-lock.json"
    locked = json.loads(path.read_text())
    for package in locked["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(locked, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (SetupError, subprocess.CalledProcessError) as error:
        sys.exit(f"Locking stopped: {error}")
