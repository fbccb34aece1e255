"""The tap page stands alone: its own few colours are the theme's, and it fetches little."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

SOURCE = Path(__file__).resolve().parents[2] / "src" / "samspel" / "encounters" / "styles" / "tap.css"
# What the page calls a colour, and what the theme does.
COLOURS = {
    "paper": "neutral-background-tinted",
    "sheet": "neutral-surface-default",
    "ink": "neutral-text-default",
    "quiet": "neutral-text-subtle",
    "line": "neutral-border-subtle",
    "strong-line": "neutral-border-default",
    "thread": "trad-base-default",
    "sun-soft": "sol-surface-tinted",
    "sun-line": "sol-border-default",
    "calm": "accent-base-default",
    "calm-soft": "accent-surface-tinted",
    "on-calm": "accent-base-contrast-default",
    "link": "accent-text-subtle",
    "focus": "focus-outer",
}


def built(name: str) -> bytes:
    found = finders.find(f"samspel/build/{name}")
    assert found is not None, "the front end is built before the tests"
    return Path(found).read_bytes()


def own(name: str) -> list[str]:
    """A colour in light and in dark."""
    return [whole(colour) for colour in re.findall(rf"--sam-{name}: (#[0-9a-f]+)", SOURCE.read_text(encoding="utf-8"))]


def whole(colour: str) -> str:
    """``#fff`` as ``#ffffff``."""
    digits = colour.lower().removeprefix("#")
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)


@pytest.mark.parametrize(("name", "token"), COLOURS.items())
def test_a_colour_is_the_themes_in_light_and_in_dark(name: str, token: str) -> None:
    theme = re.findall(rf"--ds-color-{token}:\s*(#[0-9A-Fa-f]+)", built("css/base.css").decode())

    assert own(name) == [whole(theme[0]), whole(theme[-1])]


def test_the_page_fetches_no_font_and_little_else() -> None:
    style, script = built("css/tap.css"), built("js/tap.js")

    assert b"font-face" not in style
    assert b"url(" not in style
    assert len(gzip.compress(style)) < 2_000
    assert len(gzip.compress(script)) < 1_000
