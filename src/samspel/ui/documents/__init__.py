"""Documents that people print or keep: templates in Typst, filled with data, as tagged PDF.

Words go in as data, never as markup: what somebody wrote cannot change the document. Texts of the document itself are
translated before they come here (``labels`` in the data). What all of them share is ``house.typ``.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

import typst

PACKAGE: Final = Path(__file__).resolve().parent.parent.parent
FONTS: Final = PACKAGE / "ui" / "static" / "samspel" / "build" / "fonts-ttf"
# Readable by a screen reader (PDF/UA-1) and by an archive in fifty years (PDF/A-2a).
STANDARDS: Final[list[Literal["ua-1", "a-2a"]]] = ["ua-1", "a-2a"]


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])


def render_pdf(template: Path, data: Mapping[str, object]) -> bytes:
    """The PDF of a template.

    :param template: a file of ours; it begins with ``#import "/ui/documents/house.typ": *``.
    :param data: JSON values; the template reads them with ``#let data = json(bytes(sys.inputs.data))``. Every template
        needs ``title`` and ``language`` for ``house.typ``.
    :raises typst.TypstError: when template and data do not fit; a defect of ours, never of what people wrote.
    """
    return typst.compile(
        str(template),
        root=str(PACKAGE),
        font_paths=_fonts(),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=[*STANDARDS],
    )


def render_png(template: Path, data: Mapping[str, object]) -> bytes:
    """The first page of a template as a picture: a pixel for each point."""
    return typst.compile(
        str(template),
        root=str(PACKAGE),
        font_paths=_fonts(),
        format="png",
        ppi=72,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
