"""A grouping in words that those who wrote the notes can judge."""

from samspel.engine.records import Description

from .lexicon import OTHER
from .records import Problem, Result

__all__ = ["describe"]


def describe(problem: Problem, result: Result) -> tuple[Description, ...]:
    """What was done with the notes: how sure it is first, then what may surprise.

    Kinds and their numbers: `coverage` (placed, notes, percent) · `merged` (repeats, notes) · `found` (themes, notes) ·
    `other` (notes) · `moved` (notes). Those with nothing to tell are left out.

    >>> import numpy as np
    >>> from samspel.engine.themes import Note, parse_lexicon, solve
    >>> notes = (Note("1", "Trees in the park!"), Note("2", "trees in the park"))
    >>> problem = Problem(notes, parse_lexicon("[trees]\\nen: tree, park\\n[bike]\\nen: bike"), "en")
    >>> for description in describe(problem, solve(problem, rng=np.random.default_rng(1)).result):
    ...     print(description.text)
    2 of 2 notes (100 %) have a theme that their words are sure of; the others are guesses.
    1 note says what an earlier one says; they are counted as one until somebody takes them apart.
    """
    placed, notes = sum(place.is_placed for place in result.placements), len(result.placements)
    percent = round(100 * result.coverage)
    repeats = sum(place.same_as is not None for place in result.placements)
    found = {theme.id for theme in result.themes if theme.origin == "found"}
    in_found = sum(place.theme in found for place in result.placements)
    other = sum(place.theme == OTHER for place in result.placements)
    moved = len(problem.moved)
    told = [
        Description(
            "coverage",
            {"placed": placed, "notes": notes, "percent": percent},
            f"{placed} of {notes} notes ({percent} %) have a theme that their words are sure of;"
            " the others are guesses.",
        ),
        Description(
            "merged",
            {"repeats": repeats, "notes": notes},
            f"{_notes(repeats)} {'says' if repeats == 1 else 'say'} what an earlier one says;"
            " they are counted as one until somebody takes them apart.",
        ),
        Description(
            "found",
            {"themes": len(found), "notes": in_found},
            f"{_notes(in_found)} that no theme's words speak for are in {len(found)} new themes, named by their words.",
        ),
        Description("other", {"notes": other}, f"{_notes(other)} {'is' if other == 1 else 'are'} in no theme."),
        Description(
            "moved", {"notes": moved}, f"{_notes(moved)} {'is' if moved == 1 else 'are'} where somebody moved them."
        ),
    ]
    telling = (True, repeats, found, other, moved)
    return tuple(one for one, is_telling in zip(told, telling, strict=True) if is_telling)


def _notes(count: int) -> str:
    return "1 note" if count == 1 else f"{count} notes"
