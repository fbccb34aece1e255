"""Opens a wheel, says whether all of it is there, then installs it in a place of its own and runs it.

python scripts/check_wheel.py dist/samspel-*.whl [--only-look]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bootstrap import ROOT, registry_settings, uv

BUILT = "samspel/ui/static/samspel/build/"
EXPECTED = [
    "css/base.css",
    "js/htmx.js",
    "favicon.svg",
    "version.txt",
    "LICENSES.txt",
    "fonts-ttf/SourceSerif4-Regular.ttf",
]
EXPECTED += [f"fonts/{font}-latin.woff2" for font in ("atkinson-hyperlegible-next", "source-serif-4")]


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a built wheel.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--only-look", action="store_true", help="do not install it")
    options = parser.parse_args()
    problems = look(options.wheel)
    if not problems and not options.only_look:
        problems = try_out(options.wheel)
    for problem in problems:
        print(f"{options.wheel.name}: {problem}")
    if not problems:
        print(f"{options.wheel.name}: {options.wheel.stat().st_size / 1e6:.1f} MB, complete.")
    return 1 if problems else 0


def look(wheel: Path) -> list[str]:
    """What the wheel lacks, and what it should not have."""
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    source = ROOT / "src"
    wanted = {f"{BUILT}{name}" for name in EXPECTED}
    wanted |= {f"{BUILT}css/{path.name}" for path in source.glob("samspel/*/styles/*.css") if path.stem != "samspel"}
    wanted |= {f"{BUILT}js/{path.name}" for path in source.glob("samspel/*/scripts/*.js")}
    catalogues = source.glob("samspel/*/locale/*/LC_MESSAGES/django.po")
    wanted |= {path.relative_to(source).with_suffix(".mo").as_posix() for path in catalogues}
    templates = (path for path in source.glob("samspel/*/templates/**/*") if path.is_file())
    wanted |= {path.relative_to(source).as_posix() for path in templates}
    sources = re.compile(r"samspel/\w+/(styles|scripts)/|\.po$|node_modules|^tests/|__pycache__")
    return [f"{name} is missing" for name in sorted(wanted - names)] + [
        f"{name} should not be in it" for name in sorted(names) if sources.search(name)
    ]


def try_out(wheel: Path) -> list[str]:
    """Install it with the locked versions where nothing else is, away from this folder, and ask for help."""
    locked = str(ROOT / "requirements" / "run.txt")
    with tempfile.TemporaryDirectory() as place:
        python = f"{place}/venv/bin/python"
        steps = {
            "no place could be made for it": [
                str(uv()),
                "venv",
                "--quiet",
                "--python",
                sys.executable,
                f"{place}/venv",
            ],
            "it could not be installed": [
                *(str(uv()), "pip", "install", "--quiet", "--python", python, "--constraints", locked),
                str(wheel.resolve()),
            ],
            "`samspel --help` fails": [f"{place}/venv/bin/samspel", "--help"],
        }
        for problem, command in steps.items():
            done = subprocess.run(command, cwd=place, env=registry_settings(), capture_output=True, text=True)
            if done.returncode:
                return [f"{problem}:\n{done.stderr.strip()}"]
    return []


if __name__ == "__main__":
    sys.exit(main())
