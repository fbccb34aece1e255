"""The names of themes, and the words that tell most about each."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .lexicon import OTHER
from .reading import Read
from .records import Placement, Problem, Result, Theme
from .tokens import stem
from .words import LANGUAGES

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
    stems: dict[str, int] = {}
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    seen: list[tuple[int, int]] = []
    sizes = np.zeros(len(number))
    for place, one in zip(places, read, strict=True):
        if place.same_as is not None:
            continue
        sizes[number[place.theme]] += 1
        content = {token.text for token in one.tokens if not token.builds_sentence(one.language)}
        for root in {_count_form(word, one, forms) for word in content}:
            seen.append((stems.setdefault(root, len(stems)), number[place.theme]))
    counts = np.zeros((len(stems), len(number)))
    if seen:
        np.add.at(counts, tuple(np.array(seen).T), 1)
    usual = counts.sum(axis=1, keepdims=True) / max(sizes.sum(), 1)
    share = (counts + usual) / (sizes + 1)
    telling = counts * np.log(np.maximum(share, 1e-12) / np.maximum(usual, 1e-12))
    roots = list(stems)
    named = []
    for column, theme in enumerate([*themes, _OTHER]):
        order = np.argsort(-telling[:, column], kind="stable")[:_MOST_WORDS]
        words = tuple(_usual_form(forms[roots[row]]) for row in order if telling[row, column] > 0)
        called = " · ".join(words[:_NAME_WORDS])
        names = theme.names if theme.origin != "found" or theme.names else dict.fromkeys(LANGUAGES, called or theme.id)
        named.append(replace(theme, names=names, words=words))
    return tuple(named)


def _count_form(word: str, read: Read, forms: Mapping[str, Counter[str]]) -> str:
    root = stem(word, read.language)
    forms[root][word] += 1
    return root


def _usual_form(spelled: Counter[str]) -> str:
    return min(spelled, key=lambda form: (-spelled[form], len(form), form))
