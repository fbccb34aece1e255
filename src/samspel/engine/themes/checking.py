"""Is it right? Written from what is promised, apart from the solver."""

from collections.abc import Iterator

from .lexicon import OTHER
from .records import PLACED_FROM, Problem, Result
from .words import normalise

__all__ = ["check"]


def check(problem: Problem, result: Result) -> list[str]:
    """The promises that the result breaks, in words; empty when it keeps them.

    Every note has one place, in a theme that there is; what was moved by hand is there; what was taken apart is not
    merged; notes of the same letters are merged unless somebody touched them; a repeat points at an earlier note that
    stands for itself, and has its theme; the words that are said to speak for a theme stand in the note.
    """
    ids = [note.id for note in problem.notes]
    if [place.note_id for place in result.placements] != ids:
        return ["placements must be one for each note, in the order of the notes"]
    return [*_check_themes(problem, result), *_check_places(problem, result), *_check_repeats(problem, result)]


def _check_themes(problem: Problem, result: Result) -> Iterator[str]:
    themes = [theme.id for theme in result.themes]
    lexicon = [theme.id for theme in problem.lexicon.themes]
    if len(set(themes)) != len(themes):
        yield "themes must have an id each, got one twice"
    if themes[: len(lexicon)] != lexicon or themes[-1:] != [OTHER]:
        yield "themes must be the lexicon's first and other last"
    for theme in result.themes:
        if not all(theme.name(language) for language in ("sv", "da", "en")):
            yield f"themes[{theme.id!r}] must have a name"
    for place in result.placements:
        if place.theme not in themes:
            yield f"placements[{place.note_id!r}].theme must be one of the themes, got {place.theme!r}"


def _check_places(problem: Problem, result: Result) -> Iterator[str]:
    texts = {note.id: note.text for note in problem.notes}
    for place in result.placements:
        name = f"placements[{place.note_id!r}]"
        if not 0 <= place.confidence <= 1:
            yield f"{name}.confidence must be from 0 to 1, got {place.confidence}"
        if place.is_placed != (place.theme != OTHER and place.confidence >= PLACED_FROM):
            yield f"{name} must count as placed by its confidence"
        moved = problem.moved.get(place.note_id)
        if moved is not None and (place.theme, place.because, place.confidence) != (moved, "hand", 1.0):
            yield f"{name} must be where it was moved, {moved}, got {place.theme} because of {place.because}"
        if place.because == "hand" and moved is None and place.same_as is None:
            yield f"{name} is said to be moved by hand, and was not"
        if place.because == "nothing" and place.theme != OTHER:
            yield f"{name} must be in other when nothing speaks for a theme, got {place.theme}"
        for word in place.words if place.same_as is None else ():
            if not set(normalise(word).split()) <= set(normalise(texts[place.note_id]).split()):
                yield f"{name}.words must stand in the note, got {word!r}"


def _check_repeats(problem: Problem, result: Result) -> Iterator[str]:
    order = {place.note_id: number for number, place in enumerate(result.placements)}
    first_with: dict[str, str] = {}
    touched = {*problem.moved, *(note_id for pair in problem.apart for note_id in pair)}
    repeats = result.repeats
    for place, note in zip(result.placements, problem.notes, strict=True):
        name = f"placements[{place.note_id!r}]"
        if place.same_as is not None:
            first = result.placements[order[place.same_as]] if place.same_as in order else None
            if first is None or order[first.note_id] >= order[place.note_id] or first.same_as is not None:
                yield f"{name}.same_as must be an earlier note that stands for itself, got {place.same_as!r}"
            elif (first.theme, first.confidence) != (place.theme, place.confidence):
                yield f"{name} must be where {place.same_as!r} is, {first.theme}, got {place.theme}"
            group = [place.same_as, *repeats[place.same_as]]
            if problem.apart and any(frozenset((place.note_id, one)) in problem.apart for one in group):
                yield f"{name} was taken apart from one of {group} and is merged with them"
            if place.note_id in problem.moved:
                yield f"{name} was moved by hand and must stand for itself"
        letters = normalise(note.text)
        if note.language is None or not letters or note.id in touched:
            continue
        key = f"{note.language} {letters}"
        if first_with.setdefault(key, note.id) != note.id and place.same_as is None:
            yield f"{name} has the letters of {first_with[key]!r} and must be merged with it"
