"""From scores to placements, and what people and time have to say about them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .features import Space
from .lexicon import OTHER
from .reading import Read
from .records import Placement, Problem
from .spreading import EQUAL, Votes
from .tokens import stem

__all__ = ["follow", "place_by_words", "stay", "words_for"]

Floats = NDArray[np.float64]

# The confidence that another theme needs before it takes over a note that was placed, and one that was a guess.
_LEAVES_FROM, _GUESS_LEAVES_FROM = 0.9, 0.75
_MOST_WORDS = 5


def place_by_words(
    read: Read, scores: Floats, sure: Floats, votes: Votes, columns: Sequence[str], space: Space
) -> Placement:
    """The theme with the highest score, the first of equals; other when silence has as high a one."""
    best = int(scores[:-1].argmax()) if columns else -1
    if best < 0 or scores[best] <= scores[-1] + EQUAL:
        return Placement(read.note.id, OTHER, 0.0, "nothing")
    words = words_for(read, best, votes, space)
    return Placement(read.note.id, columns[best], float(sure[best]), "words", words)


def words_for(read: Read, column: int, votes: Votes, space: Space) -> tuple[str, ...]:
    """The words of a note that speak for a theme, strongest first: its seeds, or the stems that have learned it."""
    strength: dict[str, float] = {}
    for hit in read.hits:
        vote = hit.weight * votes.seeds.item(hit.seed, column) * votes.rarity.item(hit.seed)
        strength[hit.seen] = max(strength.get(hit.seen, 0.0), vote)
    for word in read.content if not any(vote > 0 for vote in strength.values()) else ():
        number = space.stems.get(stem(word, read.language))
        if number is not None:
            vote = votes.words.item(number, column) * space.weights.item(number)
            strength[word] = max(strength.get(word, 0.0), vote)
    speaking = sorted((word for word in strength if strength[word] > 0), key=lambda word: (-strength[word], word))
    return tuple(speaking[:_MOST_WORDS])


def stay(place: Placement, before: Mapping[str, Placement], sure: Floats, columns: Sequence[str]) -> Placement:
    """A note stays, unless another theme has become nearly certain (if it was a guess: rather sure)."""
    earlier = before.get(place.note_id)
    if earlier is None or place.theme == earlier.theme:
        return place
    if place.theme != OTHER and place.confidence >= (_LEAVES_FROM if earlier.is_placed else _GUESS_LEAVES_FROM):
        return place
    return replace(earlier, confidence=float(sure[columns.index(earlier.theme)]), because="words", same_as=None)


def follow(places: Sequence[Placement], problem: Problem, same_as: Mapping[str, str]) -> list[Placement]:
    """What was moved by hand is where it was moved; a repeat is where the note is that it repeats."""
    at = {
        place.note_id: replace(place, theme=problem.moved[place.note_id], confidence=1.0, because="hand")
        if place.note_id in problem.moved
        else place
        for place in places
    }
    return [
        replace(at[same_as[place.note_id]], note_id=place.note_id, because="repeat", same_as=same_as[place.note_id])
        if place.note_id in same_as
        else at[place.note_id]
        for place in places
    ]
