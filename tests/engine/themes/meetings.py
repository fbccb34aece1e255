"""Small meetings for the tests of themes."""

import numpy as np
from hypothesis import strategies as st

from samspel.engine.themes import Lexicon, Note, Problem, State, parse_lexicon, solve

LEXICON = parse_lexicon(
    """
    [cycling]
    name sv: Cykling
    name en: Cycling
    sv: cykel, cykla
    en: bike, cycle path

    [trees]
    name sv: Träd
    sv: träd, park, skog
    da: træ, park
    en: tree, park

    [bus]
    sv: buss, tidtabell
    en: bus, =it
    """
)

WORDS = (
    "cykel",
    "cykelväg",
    "träd",
    "parken",
    "buss",
    "bussen",
    "bänk",
    "fontän",
    "lampa",
    "och",
    "vi",
    "mer",
    "IT",
    "9",
)


def notes(*texts: str) -> tuple[Note, ...]:
    return tuple(Note(str(number), text, "sv") for number, text in enumerate(texts, start=1))


def solved(problem: Problem, *, seed: int = 1) -> State:
    return solve(problem, rng=np.random.default_rng(seed))


def themes_of(state: State) -> dict[str, str]:
    return {place.note_id: place.theme for place in state.result.placements}


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Few notes of few words, so that repeats, empty notes, moves and pairs taken apart are common."""
    texts = draw(st.lists(st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join), max_size=9))
    written = notes(*texts)
    ids = [note.id for note in written]
    moved = draw(st.dictionaries(st.sampled_from(ids), st.sampled_from(("trees", "new", "other")))) if ids else {}
    pair = st.lists(st.sampled_from(ids), min_size=2, max_size=2, unique=True).map(frozenset) if len(ids) > 1 else None
    apart = draw(st.frozensets(pair, max_size=3)) if pair is not None else frozenset()
    lexicon = draw(st.sampled_from((LEXICON, Lexicon())))
    return Problem(written, lexicon, moved=moved, apart=apart, find=draw(st.sampled_from((None, 0, 2))))
