"""Grouping: all notes at once, one more note, or again after somebody has moved one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .discovering import FINE, discover, flatten
from .embeddings import Embed
from .features import Space, learn_space
from .lexicon import OTHER
from .naming import themes_before, with_words
from .placing import follow, place_by_words, stay, words_for
from .reading import Read, evidence_of, read_note
from .records import Placement, Problem, Result, Theme
from .repeats import Gist, Repeats, gist_of
from .seeds import Seeds
from .spreading import Evidence, Votes, confidence, score, spread
from .words import Note

__all__ = ["State", "add", "move", "solve", "take_apart"]

# What a note is worth to its words, beside 1 for a note whose theme is certain.
_MOVED_WORTH = 3.0
_STAYS_WORTH = 1.0


@dataclass(frozen=True, slots=True)
class State:
    """A result and what was learned on the way: what `add`, `move` and `take_apart` go on from."""

    problem: Problem
    result: Result
    _learned: "_Learned"


@dataclass(frozen=True, slots=True)
class _Basis:
    """What does not change when somebody moves a note or takes two apart. `evidence` is of the notes solved for."""

    seeds: Seeds
    space: Space
    embed: Embed | None
    evidence: Evidence
    random_seed: int


@dataclass(frozen=True, slots=True)
class _Learned:
    basis: _Basis
    read: tuple[Read, ...]
    repeats: Repeats
    late: tuple[tuple[str, Gist], ...]  # notes that came after `repeats` was made
    votes: Votes
    columns: tuple[str, ...]  # the themes of `votes`


def solve(
    problem: Problem, *, rng: np.random.Generator, earlier: Result | None = None, embed: Embed | None = None
) -> State:
    """Give every note a theme.

    Repeats are found first, then votes spread from the lexicon's words (and from what was moved by hand) over what
    notes have in common, then themes are found among notes that nothing speaks for. A note moved by hand is where it
    was moved.

    Arguments: `earlier` is the result for the notes so far: its found themes live on under their names, and a note
    stays where it was unless another theme has become nearly certain (where it was a guess: rather sure). `embed` is a
    sentence model, if there is one.
    Same problem, same state of `rng` and same `earlier`: same result. Cost: linear in the text, half a ms a note.

    >>> from samspel.engine.themes import Note, parse_lexicon
    >>> lexicon = parse_lexicon("[cycling]\\nname en: Cycling\\nen: bike\\n[trees]\\nen: tree, park")
    >>> notes = (Note("1", "More bike lanes"), Note("2", "Plant trees"), Note("3", "plant trees!"))
    >>> state = solve(Problem(notes, lexicon, "en"), rng=np.random.default_rng(1))
    >>> [(place.theme, place.same_as) for place in state.result.placements]
    [('cycling', None), ('trees', None), ('trees', '2')]
    """
    seeds = Seeds(problem.lexicon)
    read = tuple(read_note(note, seeds, problem.language) for note in problem.notes)
    space, rows = learn_space([(one.language, one.content) for one in read])
    evidence = evidence_of(read, seeds, space, embed, rows)
    basis = _Basis(seeds, space, embed, evidence, int(rng.integers(2**32)))
    return _group(problem, basis, read, *_find_repeats(read, problem), earlier=earlier)


def add(state: State, note: Note) -> State:
    """One more note; no other note moves. It is placed by what the others have taught. Cost: a few milliseconds.

    What the note itself teaches is learned by the next `solve(…, earlier=state.result)`.
    """
    learned, problem = state._learned, replace(state.problem, notes=(*state.problem.notes, note))
    basis, places, late = learned.basis, state.result.placements, learned.late
    read = read_note(note, basis.seeds, problem.language)
    gist = gist_of(note.text, read.language)
    same_as = learned.repeats.find(gist, late=late)
    if same_as is None:
        late = (*late, (note.id, gist))
        scores = score(evidence_of((read,), basis.seeds, basis.space, basis.embed), learned.votes)
        place = place_by_words(read, scores[0], confidence(scores)[0], learned.votes, learned.columns, basis.space)
    else:
        first = next(place for place in places if place.note_id == same_as)
        place = replace(first, note_id=note.id, same_as=same_as, because="repeat")
    return State(
        problem,
        replace(state.result, placements=(*places, place)),
        replace(learned, read=(*learned.read, read), late=late),
    )


def move(state: State, note_id: str, theme: str) -> State:
    """Somebody gave a note a theme: it is there, and its words teach the others at once. Placed notes stay."""
    return _again(state, replace(state.problem, moved={**state.problem.moved, note_id: theme}), alone=note_id)


def take_apart(state: State, note_id: str, other_id: str) -> State:
    """Two notes that were merged are not the same after all; each has the place that its own words give."""
    problem = replace(state.problem, apart=state.problem.apart | {frozenset((note_id, other_id))})
    first = {place.note_id: place.same_as or place.note_id for place in state.result.placements}
    later = [one for one in first if one in (note_id, other_id)][-1]
    return _again(state, problem, alone=later if first[note_id] == first[other_id] else None)


def _again(state: State, problem: Problem, *, alone: str | None) -> State:
    """All over, but for the repeats: those are as they were, and `alone` stands for itself."""
    learned = state._learned
    basis, read = learned.basis, learned.read
    same_as = {place.note_id: place.same_as for place in state.result.placements if place.same_as is not None}
    late = learned.late
    if alone is not None and same_as.pop(alone, None) is not None:
        late += tuple((alone, gist_of(one.note.text, one.language)) for one in read if one.note.id == alone)
    if basis.evidence.words.shape[0] < len(read):
        basis = replace(basis, evidence=evidence_of(read, basis.seeds, basis.space, basis.embed))
    return _group(problem, basis, read, learned.repeats, late, same_as, earlier=state.result)


def _group(
    problem: Problem,
    basis: _Basis,
    read: tuple[Read, ...],
    repeats: Repeats,
    late: tuple[tuple[str, Gist], ...],
    same_as: Mapping[str, str],
    *,
    earlier: Result | None,
) -> State:
    seeds, space, evidence = basis.seeds, basis.space, basis.evidence
    themes = themes_before(problem, earlier)
    columns = tuple(theme.id for theme in themes)
    before = _places_before(problem, earlier, columns)
    fixed = _fixed(problem, before, columns)
    votes = spread(evidence, _widen(seeds.first_votes, len(columns)), fixed)
    scores = score(evidence, votes)
    sure = confidence(scores)
    places = [
        stay(place_by_words(one, scores[row], sure[row], votes, columns, space), before, sure[row], columns)
        for row, one in enumerate(read)
    ]

    loose = [
        row
        for row, place in enumerate(places)
        if place.theme == OTHER and place.note_id not in {*problem.moved, *same_as}
    ]
    labels = _discover(read, evidence, loose, problem.find, basis.random_seed)
    together = {row: len(columns) + label for row, label in zip(loose, labels, strict=True) if label >= 0}
    if together:
        themes += _found_themes(max(labels) + 1, themes)
        columns = tuple(theme.id for theme in themes)
        votes = spread(
            evidence,
            _widen(seeds.first_votes, len(columns)),
            {**fixed, **{row: (column, _STAYS_WORTH) for row, column in together.items()}},
        )
        sure = confidence(score(evidence, votes))
        for row, column in together.items():
            words = words_for(read[row], column, votes, space)
            places[row] = Placement(read[row].note.id, columns[column], float(sure[row, column]), "words", words)

    places = follow(places, problem, same_as)
    learned = _Learned(basis, read, repeats, late, votes, columns)
    return State(problem, Result(with_words(themes, places, read), tuple(places)), learned)


def _find_repeats(
    read: Sequence[Read], problem: Problem
) -> tuple[Repeats, tuple[tuple[str, Gist], ...], dict[str, str]]:
    """The notes that stand for themselves, none that came late, and for each other note the first that says the same.

    A note that somebody moved stands for itself: it may be elsewhere than its like.
    """
    repeats = Repeats()
    same_as: dict[str, str] = {}
    for one in read:
        note_id = one.note.id
        gist = gist_of(one.note.text, one.language)

        def may_merge(other: str, note_id: str = note_id) -> bool:
            return not problem.apart or all(
                frozenset((note_id, one)) not in problem.apart
                for one in (other, *(one for one, first in same_as.items() if first == other))
            )

        first = None if note_id in problem.moved else repeats.find(gist, may_merge=may_merge)
        if first is None:
            repeats.add(note_id, gist)
        else:
            same_as[note_id] = first
            repeats.follow(gist, first)
    return repeats, (), same_as


def _places_before(problem: Problem, earlier: Result | None, columns: Sequence[str]) -> dict[str, Placement]:
    """Where notes were that have a theme that there still is, and that nobody has moved."""
    return {
        place.note_id: place
        for place in (earlier.placements if earlier else ())
        if place.theme in columns and place.because != "hand" and place.note_id not in problem.moved
    }


def _fixed(
    problem: Problem, before: Mapping[str, Placement], columns: Sequence[str]
) -> dict[int, tuple[int | None, float]]:
    """Rows whose theme is not for the votes to say: moved by hand, or in a theme found earlier."""
    number = {theme: column for column, theme in enumerate(columns)}
    lexicon = {theme.id for theme in problem.lexicon.themes}
    fixed: dict[int, tuple[int | None, float]] = {}
    for row, note in enumerate(problem.notes):
        if note.id in problem.moved:
            fixed[row] = (number.get(problem.moved[note.id]), _MOVED_WORTH)
        elif note.id in before and before[note.id].theme not in lexicon:
            fixed[row] = (number[before[note.id].theme], _STAYS_WORTH)
    return fixed


def _discover(
    read: Sequence[Read], evidence: Evidence, rows: Sequence[int], find: int | None, random_seed: int
) -> list[int]:
    """The number of a found theme for each of these rows, or -1. Words are weighed among these notes only."""
    rng = np.random.default_rng(random_seed)
    if not rows:
        return []
    points = evidence.meaning[rows]
    if not points.shape[1]:
        _, words = learn_space([(read[row].language, read[row].content) for row in rows], FINE)
        points = flatten(words, rng)
    return [int(label) for label in discover(points, find=find, rng=rng)]


def _found_themes(count: int, themes: Sequence[Theme]) -> tuple[Theme, ...]:
    """Themes without a name yet, numbered on from those found before."""
    taken = sum(theme.origin == "found" for theme in themes)
    return tuple(Theme(f"found-{taken + number}", {}, "found") for number in range(1, count + 1))


def _widen(votes: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    return np.pad(votes, ((0, 0), (0, columns - votes.shape[1])))
