"""Tagged PDF from a Typst template and data.

Words go in as data, never as markup: what somebody wrote cannot change the document. Texts of the document itself are
translated before they come here (``labels`` in the data).
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import typst

TEMPLATES = Path(__file__).resolve().parent
FONTS = TEMPLATES.parent.parent / "ui" / "static" / "samspel" / "build" / "fonts-ttf"
# Readable by a screen reader (PDF/UA-1) and by an archive in fifty years (PDF/A-2a).
STANDARDS: Final[list[Literal["ua-1", "a-2a"]]] = ["ua-1", "a-2a"]


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])


def render_pdf(template: str, data: Mapping[str, object]) -> bytes:
    """The PDF of ``documents/<template>.typ``.

    :param data: JSON values; the template reads them with ``#let data = json(bytes(sys.inputs.data))``. Every template
        needs ``title`` and ``language`` for ``house.typ``.
    :raises typst.TypstError: when template and data do not fit; a defect of ours, never of what people wrote.
    """
    return typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=_fonts(),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=[*STANDARDS],
    )


def render_png(template: str, data: Mapping[str, object]) -> bytes:
    """The first page of ``documents/<template>.typ`` as a picture: a pixel for each point."""
    return typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=_fonts(),
        format="png",
        ppi=72,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )


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
