"""The names of themes, and the words that tell most about each."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from .features import Matrix, words_and_stems
from .lexicon import OTHER
from .reading import Read
from .records import Placement, Problem, Result, Theme
from .words import LANGUAGES, Language

__all__ = ["themes_before", "with_words"]

_MOST_WORDS = 8
_NAME_WORDS = 3
_OTHER = Theme(OTHER, {"sv": "Övrigt", "da": "Øvrigt", "en": "Other"}, "other")


def themes_before(problem: Problem, earlier: Result | None) -> tuple[Theme, ...]:
    """The themes there are before any is found: the lexicon's, those made by hand, and those found earlier."""
    themes = {theme.id: Theme(theme.id, theme.names, "lexicon") for theme in problem.lexicon.themes}
    for theme in earlier.themes if earlier else ():
        if theme.origin == "found":
            themes.setdefault(theme.id, theme)
    for made in problem.moved.values():
        if made != OTHER:
            themes.setdefault(made, Theme(made, dict.fromkeys(LANGUAGES, made), "hand"))
    return tuple(themes.values())


def with_words(themes: Sequence[Theme], places: Sequence[Placement], read: Sequence[Read]) -> tuple[Theme, ...]:
    """The themes with their telling words, and other last. A found theme without a name is named by its words.

    A word tells much about a theme when many of its notes have it and few others do: notes of the theme with it,
    times the log of how much more frequent it is there. Repeats count once. Cost: one pass over the words.
    """
    number = {theme.id: column for column, theme in enumerate([*themes, _OTHER])}
    own = [row for row, place in enumerate(places) if place.same_as is None]
    where = np.array([number[places[row].theme] for row in own], dtype=np.int64)
    sizes = np.bincount(where, minlength=len(number))
    words, seen, stems, roots = words_and_stems((read[row].language, read[row].content) for row in own)
    has = words @ stems
    rows = np.repeat(np.arange(len(own)), np.diff(has.indptr))
    cells = has.indices * len(number) + where[rows]
    counts = np.bincount(cells, minlength=len(roots) * len(number)).reshape(len(roots), len(number))
    usual = counts.sum(axis=1, keepdims=True) / max(sizes.sum(), 1)
    share = (counts + usual) / (sizes + 1)
    telling = counts * np.log(np.maximum(share, 1e-12) / np.maximum(usual, 1e-12))
    order = np.argsort(-telling, axis=0, kind="stable")[:_MOST_WORDS].T
    forms = _usual_forms({int(row) for row in order.ravel()}, words, seen, stems)
    named = []
    for column, theme in enumerate([*themes, _OTHER]):
        told = tuple(forms[int(row)] for row in order[column] if telling[row, column] > 0)
        called = " · ".join(told[:_NAME_WORDS])
        names = theme.names if theme.origin != "found" or theme.names else dict.fromkeys(LANGUAGES, called or theme.id)
        named.append(replace(theme, names=names, words=told))
    return tuple(named)


def _usual_forms(
    roots: Collection[int], words: Matrix, seen: Sequence[tuple[Language, str]], stems: Matrix
) -> dict[int, str]:
    """How these stems are most often written; of equals the shortest."""
    notes_with = np.bincount(words.indices, minlength=len(seen)).tolist()
    spelled: dict[int, Counter[str]] = {root: Counter() for root in roots}
    for (_, word), root, notes in zip(seen, stems.indices.tolist(), notes_with, strict=True):
        if root in spelled:
            spelled[root][word] += notes
    return {root: min(forms, key=lambda form: (-forms[form], len(form), form)) for root, forms in spelled.items()}
