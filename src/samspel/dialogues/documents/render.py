"""The documents of dialogues, as PDF and as a picture (``samspel.ui.documents`` tells what goes in)."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samspel.ui import documents

TEMPLATES = Path(__file__).resolve().parent


def render_pdf(template: str, data: Mapping[str, object]) -> bytes:
    """The PDF of ``documents/<template>.typ``."""
    return documents.render_pdf(TEMPLATES / f"{template}.typ", data)


def render_png(template: str, data: Mapping[str, object]) -> bytes:
    """The first page of ``documents/<template>.typ`` as a picture: a pixel for each point."""
    return documents.render_png(TEMPLATES / f"{template}.typ", data)


def render_apart(template: str, data: Mapping[str, object]) -> bytes:
    """``render_pdf`` in a process of its own, whose memory is given back when it ends.

    :raises OSError: the process could not do it, for instance for want of memory.
    """
    done = subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "samspel.dialogues.documents.render", template],
        input=json.dumps(data, ensure_ascii=False).encode(),
        capture_output=True,
        check=False,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    if done.returncode:
        raise OSError(f"{template} was not made: the process ended with {done.returncode}")
    return done.stdout


def _render_here() -> None:
    """What ``render_apart`` starts: data in, PDF out."""
    given: dict[str, Any] = json.load(sys.stdin.buffer)
    sys.stdout.buffer.write(render_pdf(sys.argv[1], given))


if __name__ == "__main__":
    _render_here()
