"""The lexicons that come with Samspel."""

from functools import cache
from importlib.resources import files

from samspel.engine.themes import Lexicon, parse_lexicon

__all__ = ["SHIPPED", "shipped_kinds_of_help", "shipped_lexicon"]

SHIPPED = "municipal.txt"


@cache
def shipped_lexicon() -> Lexicon:
    """Themes of a municipality's dialogues, with residents and among staff, in Swedish, Danish and English."""
    return parse_lexicon(files("samspel.engine.themes").joinpath(SHIPPED).read_text(encoding="utf-8"))


@cache
def shipped_kinds_of_help() -> Lexicon:
    """What people help each other with, in Swedish, Danish and English."""
    return parse_lexicon(files("samspel.engine.candidates").joinpath("help.txt").read_text(encoding="utf-8"))
