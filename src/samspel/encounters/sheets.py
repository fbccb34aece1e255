"""What is printed of a point: a poster for the wall, and a stand to fold for a table."""

from pathlib import Path
from typing import Final

import segno
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from samspel.core.installation import installation
from samspel.encounters.models import Point
from samspel.encounters.points import address_of, path_of
from samspel.encounters.texts import Language, languages_offered
from samspel.ui.documents import render_pdf

FOLDER: Final = Path(__file__).resolve().parent / "documents"
# As the address and the template call them.
FORMS: Final = ("poster", "stand")
# The letters of the documents' own fonts end here; other languages are on the page that the code leads to.
LAST_LETTER: Final = "\u024f"


def sheet_pdf(point: Point, form: str) -> bytes:
    """The point's sheet in its language, or in the municipality's with the question in every other one below.

    :param form: one of ``FORMS``.
    """
    first, *others = languages_on(point)
    with translation.override(first.code):
        data = {
            "title": _("QR-kod: %(unit)s") % {"unit": point.unit.name},
            "language": first.code,
            "footer": point.title or point.unit.name,
            "unit": point.unit.name,
            "service": point.service.name if point.service else "",
            "question": first.texts["question"],
            "promise": f"{first.texts['one_press']} {first.texts['nobody']}",
            "address": address_of(point),
            "qr": qr_rows(f"{settings.SITE_URL}{path_of(point)}"),
            "others": [
                {"code": each.code, "question": each.texts["question"], "promise": each.texts["one_press"]}
                for each in others
            ],
            "labels": {
                "how": _("Rikta telefonens kamera mot rutan, eller skriv adressen."),
                "qr": _("QR-kod till frågan"),
                "fold": _("Vik här"),
            },
        }
    return render_pdf(FOLDER / f"{form}.typ", data)


def languages_on(point: Point) -> list[Language]:
    """The point's language alone, where everybody there has it; otherwise the municipality's and then all others."""
    offered = [each for each in languages_offered() if can_be_printed(each)]
    by_code = {each.code: each for each in offered}
    if point.language in by_code:
        return [by_code[point.language]]
    first = by_code.get(installation().language, offered[0])
    return [first, *(each for each in offered if each is not first)]


def can_be_printed(language: Language) -> bool:
    return all(letter <= LAST_LETTER or letter in "’”“…–" for text in language.texts.values() for letter in text)


def qr_rows(address: str) -> list[str]:
    """A QR code as rows of 0 and 1, for the document to draw; a quarter of it may be scratched away."""
    return ["".join("1" if dark else "0" for dark in row) for row in segno.make(address, error="q", micro=False).matrix]
