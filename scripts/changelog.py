"""Put a release together: the fragments of changelog.d/ go into CHANGELOG.md under the version's own heading.

.venv/bin/python scripts/changelog.py           # of the version in src/samspel/__init__.py
.venv/bin/python scripts/changelog.py --show    # only print it, and change nothing
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from samspel import __version__

ROOT = Path(__file__).resolve().parent.parent


def section(fragments: Mapping[str, str], version: str, day: date) -> str:
    """What a release says: its fragments in the order of their names.

    :raises ValueError: there is none, or one does not begin with a heading.
    """
    if not fragments:
        raise ValueError("changelog.d has no fragments")
    wrong = sorted(name for name, text in fragments.items() if not text.startswith("### "))
    if wrong:
        raise ValueError(f'must begin with "### ": {", ".join(wrong)}')
    return "\n\n".join([f"## {version} ({day.isoformat()})", *(fragments[name].strip() for name in sorted(fragments))])


def released(changes: str, section: str) -> str:
    """CHANGELOG.md with a release before the earlier ones.

    :raises ValueError: this version stands there already.
    """
    heading = section.partition(" (")[0]
    if f"\n{heading} (" in changes:
        raise ValueError(f"CHANGELOG.md has {heading.removeprefix('## ')} already: raise the version first")
    before, mark, earlier = changes.partition("\n## ")
    return f"{before.rstrip()}\n\n{section}\n{mark}{earlier}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print it, and change nothing")
    is_shown = parser.parse_args().show
    file, paths = ROOT / "CHANGELOG.md", sorted(ROOT.glob("changelog.d/*.md"))
    try:
        said = section({path.name: path.read_text(encoding="utf-8") for path in paths}, __version__, date.today())
        changes = released(file.read_text(encoding="utf-8"), said)
    except ValueError as error:
        sys.exit(str(error))
    if is_shown:
        print(said)
        return
    file.write_text(changes, encoding="utf-8")
    for path in paths:
        path.unlink()
    print(f"{len(paths)} fragments are in CHANGELOG.md as {__version__}.")


if __name__ == "__main__":
    main()
