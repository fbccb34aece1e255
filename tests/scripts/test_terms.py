"""The table of terms says what the translations and the code say."""

import re
from pathlib import Path

import messages

ROOT = Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)


def rows(text: str) -> list[tuple[str, ...]]:
    found = [tuple(cell.strip() for cell in row) for row in ROW.findall(text)]
    return [row for row in found if row[0] not in ("Swedish", "---")]


def in_catalogues(language: str) -> dict[str, str]:
    """Every text without plural forms, in small letters."""
    found = {}
    for path in (ROOT / "src" / "samspel").glob(f"*/locale/{language}/LC_MESSAGES/django.po"):
        for (singular, _context), message in messages.messages(messages.read(path, language)):
            if isinstance(message.string, str):
                found[singular.casefold()] = message.string.casefold()
    return found


def test_the_terms_are_translated_as_the_table_says() -> None:
    danish, english = in_catalogues("da"), in_catalogues("en")
    told = rows((ROOT / "docs" / "reference" / "terms.md").read_text())

    compared = [
        (term, da, danish[term], en, english[term]) for term, da, en, _ in told if term in danish and term in english
    ]

    assert len(compared) > 30
    assert [row for row in compared if row[1] != row[2] or row[3] != row[4]] == []


def test_the_names_in_the_code_are_there() -> None:
    told = rows((ROOT / "docs" / "reference" / "terms.md").read_text())
    code = "\n".join(path.read_text() for path in (ROOT / "src" / "samspel").rglob("*.py"))
    words = set(re.findall(r"\w+", code))

    names = {name for *_, cell in told for name in re.findall(r"`(\w+)`", cell)}

    assert len(names) > 40
    assert names - words == set()
