"""All checks of `make lint`, one after the other; each is run, also when one before it failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = {
    "code rules": ["ruff", "check", "."],
    "code form": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "one-way imports": ["lint-imports", "--no-logo"],
    "template rules": ["djlint", "--lint", "--quiet", "src"],
    "migrations": ["python", "-m", "django", "makemigrations", "--check", "--dry-run"],
    "translations": ["python", "scripts/messages.py", "check"],
}


def named(said: str) -> list[str]:
    """Checks that are named one after the other, some in two words.

    :raises ValueError: with what is left from where none is named.
    """
    said = said.strip()
    if not said:
        return []
    for name in CHECKS:
        if f"{said} ".startswith(f"{name} "):
            return [name, *named(said.removeprefix(name))]
    raise ValueError(said)


def main() -> int:
    try:
        names = named(" ".join(sys.argv[1:])) or list(CHECKS)
    except ValueError as error:
        print(f"there is no check {str(error)!r}; there are: {', '.join(CHECKS)}")
        return 2
    # Settings are read, nothing is kept: no database, and no var/ of anyone.
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "samspel.config.settings",
        "SAMSPEL_SECRET_KEY": "for checks only",
        "SAMSPEL_VAR": str(ROOT / ".cache" / "lint"),
    }
    failed = []
    for name in names:
        program, *arguments = CHECKS[name]
        start = time.monotonic()
        done = subprocess.run(
            [str(BIN / program), *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        print(f"{'FAILED' if done.returncode else 'ok':6}  {name}  ({time.monotonic() - start:.1f} s)", flush=True)
        if done.returncode:
            failed.append(name)
            print(f"{done.stdout}{done.stderr}".strip() + "\n", flush=True)
    if failed:
        print(f"{len(failed)} of {len(names)} checks failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
