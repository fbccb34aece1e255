"""The words that speak for each theme, in a plain text file that anyone can edit (docs/reference/theme-lexicon.md)."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from .words import LANGUAGES, Language

__all__ = ["OTHER", "Lexicon", "LexiconError", "LexiconTheme", "parse_lexicon"]

OTHER = "other"
"""The theme of notes that no theme's words speak for."""

_HEAD = re.compile(r"\[(?P<id>[^\[\]]+)\]$")
_LINE = re.compile(r"(?P<name>name\s+)?(?P<language>[a-z]+)\s*:(?P<text>.*)$")


class LexiconError(ValueError):
    """A line of a lexicon cannot be read, for a `reason`; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LexiconTheme:
    """A theme: its id, its name in each language, and the words, stems and phrases that speak for it."""

    id: str
    names: Mapping[Language, str] = field(default_factory=dict)
    words: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Themes in the order that breaks ties. An empty lexicon leaves every note to open discovery."""

    themes: tuple[LexiconTheme, ...] = ()

    def __post_init__(self) -> None:
        ids = [theme.id for theme in self.themes]
        if len(set(ids)) != len(ids):
            raise ValueError("themes must have an id each, got one twice")
        if OTHER in ids:
            raise ValueError(f"themes must not be named {OTHER!r}: it is what is left over")

    def __hash__(self) -> int:
        """So that what is made of a lexicon can be kept beside it."""
        return hash(tuple(theme.id for theme in self.themes))


def parse_lexicon(text: str) -> Lexicon:
    """Read a lexicon; a line that cannot be read raises LexiconError with its number.

    >>> lexicon = parse_lexicon('''
    ... [cycling]                # comments begin with #
    ... name en: Cycling
    ... en: bike, bicycle, cycle path
    ... sv: cykel, =gc
    ... ''')
    >>> lexicon.themes[0].words["en"]
    ('bike', 'bicycle', 'cycle path')
    """
    names: dict[str, dict[Language, str]] = {}
    words: dict[str, dict[Language, list[str]]] = {}
    theme = ""
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        line = unicodedata.normalize("NFC", raw.partition("#")[0]).strip()
        if not line:
            continue
        if line.startswith("["):
            theme = _read_head(number, line, known=words)
            names[theme], words[theme] = {}, {}
            continue
        match = _LINE.match(line)
        if match is None:
            raise LexiconError(number, f'expected "[theme]", "name sv: …" or "sv: word, word", got {line[:40]!r}')
        if not theme:
            raise LexiconError(number, "expected a [theme] before its words")
        language = next((known for known in LANGUAGES if known == match["language"]), None)
        if language is None:
            raise LexiconError(number, f"the language must be one of {', '.join(LANGUAGES)}, got {match['language']!r}")
        said = [" ".join(part.split()) for part in match["text"].split(",")]
        if match["name"]:
            names[theme][language] = match["text"].strip()
        else:
            words[theme].setdefault(language, []).extend(part for part in said if part.strip("="))
    return Lexicon(
        tuple(
            LexiconTheme(theme, names[theme], {language: tuple(found) for language, found in words[theme].items()})
            for theme in words
        )
    )


def _read_head(number: int, line: str, known: Mapping[str, object]) -> str:
    match = _HEAD.match(line)
    theme = match["id"].strip() if match else ""
    if not theme:
        raise LexiconError(number, f'expected a theme as "[id]", got {line[:40]!r}')
    if theme in known:
        raise LexiconError(number, f"the theme {theme!r} stands twice")
    if theme == OTHER:
        raise LexiconError(number, f"a theme must not be named {OTHER!r}: it is what is left over")
    return theme
