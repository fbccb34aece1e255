"""Which of a lexicon's words stand in a note: as they are, in another form, in a compound, or as a phrase."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .lexicon import Lexicon
from .tokens import Token, stem, words_of
from .words import LANGUAGES, Language

__all__ = ["Hit", "Seeds"]

# What a find weighs beside the word itself: as the beginning of a longer word (cykel-väg), as its end (nattbuss-en), as
# a phrase, when only the stem is the same (animal, animated), and when the word belongs to another language than
# the note. Tuned on half of the notes and on SIB-200 (docs/algorithms).
_BEGINNING, _END, _PHRASE, _SAME_STEM, _OTHER_LANGUAGE = 0.8, 0.6, 1.5, 0.5, 0.5
_SHORTEST_PART = 4
_BREVITY = 0.15  # how much more a word of a theme with few words says: the power of its share of them


After = Mapping[str, tuple[tuple[str, ...], ...]]
"""Phrases of one first word, by their second."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A seed that stands in a note, with its weight, and the words of the note in which it was seen."""

    seed: int
    weight: float
    seen: str


class _Words:
    """A lexicon's words, numbered: as they are, by their stems, by their forms, and as phrases."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.exact: dict[tuple[Language, str], int] = {}
        self.stems: dict[tuple[Language, str], int] = {}
        self.forms: dict[tuple[Language, str], int] = {}
        self.phrases: dict[tuple[Language, tuple[str, ...]], int] = {}
        themes_of: list[set[int]] = []
        for number, theme in enumerate(lexicon.themes):
            for language, words in theme.words.items():
                for word in words:
                    seed = self._number(language, word.casefold(), next_number=len(themes_of))
                    if seed == len(themes_of):
                        themes_of.append(set())
                    themes_of[seed].add(number)
        self.phrases_from: dict[tuple[Language, str], dict[str, tuple[tuple[str, ...], ...]]] = {}
        for language, phrase in self.phrases:
            if len(phrase) > 1:
                after = self.phrases_from.setdefault((language, phrase[0]), {})
                after[phrase[1]] = (*after.get(phrase[1], ()), phrase)
        self.votes: NDArray[np.float64] = np.zeros((len(themes_of), len(lexicon.themes)))
        for seed, themes in enumerate(themes_of):
            self.votes[seed, sorted(themes)] = 1 / len(themes)
        of_theme = np.maximum((self.votes > 0).sum(axis=0), 1)
        self.first_votes = self.votes * (of_theme.mean() / of_theme) ** _BREVITY if themes_of else self.votes

    def _number(self, language: Language, word: str, next_number: int) -> int:
        """The number of a word: the same for two forms of one stem."""
        if word.startswith("="):
            return self.exact.setdefault((language, word[1:].strip()), next_number)
        parts = [token.text for token in words_of(word)]
        if len(parts) != 1:
            return self.phrases.setdefault((language, tuple(stem(part, language) for part in parts)), next_number)
        seed = self.stems.setdefault((language, stem(parts[0], language)), next_number)
        return self.forms.setdefault((language, parts[0]), seed)


@lru_cache(maxsize=16)
def _words(lexicon: Lexicon) -> _Words:
    """Some twelve thousand words take longer to number than a small meeting's notes to group; so they are kept."""
    return _Words(lexicon)


class Seeds:
    """The lexicon's words, numbered, ready to be looked up. `votes[seed, theme]` shares one vote among its themes.

    `first_votes` are what votes spread from: a word of a theme with many words says less, as many more notes have one.

    Cost of a look-up: a few dictionary reads per letter of a word, once for each different word.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        words = _words(lexicon)
        self._exact, self._stems, self._forms = words.exact, words.stems, words.forms
        self._phrases, self._phrases_from = words.phrases, words.phrases_from
        self.votes, self.first_votes = words.votes, words.first_votes
        self._hits: dict[Language, dict[Token, tuple[Hit, ...]]] = {language: {} for language in LANGUAGES}
        self._begins: dict[str, tuple[tuple[Language, After], ...]] = {}

    def find(self, tokens: Sequence[Token], language: Language) -> tuple[Hit, ...]:
        """The seeds of a note, each once. Another language's words count where the note's own has nothing to say."""
        best: dict[int, Hit] = {}
        for seed, weight, first, last in self._find_phrases(tokens, language):
            best.setdefault(seed, Hit(seed, weight, " ".join(token.text for token in tokens[first:last])))
        known = self._hits[language]
        for token in tokens:
            hits = known.get(token)
            if hits is None:
                found = self._find_token(token, language)
                hits = known[token] = tuple(Hit(seed, weight, token.text) for seed, weight in found)
            for hit in hits:
                if hit.seed not in best or best[hit.seed].weight < hit.weight:
                    best[hit.seed] = hit
        return tuple(best.values())

    def _find_phrases(self, tokens: Sequence[Token], language: Language) -> list[tuple[int, float, int, int]]:
        found = []
        for first, token in enumerate(tokens[:-1]):
            begins = self._begins.get(token.text)
            if begins is None:
                begins = self._begins[token.text] = self._phrases_beginning(token.text)
            for spoken, after in begins:
                for phrase in after.get(stem(tokens[first + 1].text, spoken), ()):
                    last = first + len(phrase)
                    if phrase[2:] == tuple(stem(token.text, spoken) for token in tokens[first + 2 : last]):
                        weight = _PHRASE * (1.0 if spoken == language else _OTHER_LANGUAGE)
                        found.append((self._phrases[spoken, phrase], weight, first, last))
        return sorted(found, key=lambda phrase: -phrase[1])

    def _phrases_beginning(self, word: str) -> tuple[tuple[Language, After], ...]:
        """The languages in which phrases begin with this word, and those phrases by their second word."""
        begun = ((language, self._phrases_from.get((language, stem(word, language)))) for language in LANGUAGES)
        return tuple((language, after) for language, after in begun if after)

    def _find_token(self, token: Token, language: Language) -> tuple[tuple[int, float], ...]:
        if token.builds_sentence(language):
            return ()
        if own := self._find_word(token.text, language) or self._find_parts(token.text, language):
            return own
        return tuple(
            (seed, _OTHER_LANGUAGE)
            for other in LANGUAGES
            if other != language and not token.builds_sentence(other)
            for seed, weight in self._find_word(token.text, other)
            if weight == 1
        )

    def _find_word(self, word: str, language: Language) -> tuple[tuple[int, float], ...]:
        """The word itself, with or without an ending, or else one of its stem."""
        if (whole := self._seed(word, word, language)) is not None:
            return ((whole, 1.0),)
        root = stem(word, language)
        if (kin := self._stems.get((language, root))) is not None:
            beginnings = (word[:length] for length in range(len(root), len(word)))
            has_ending = any(self._forms.get((language, beginning)) == kin for beginning in beginnings)
            return ((kin, 1.0 if has_ending else _SAME_STEM),)
        return ()

    def _find_parts(self, word: str, language: Language) -> tuple[tuple[int, float], ...]:
        """The longest beginning and the longest end; none in English, which writes its compounds apart."""
        if language == "en":
            return ()
        found = []
        for length in range(len(word) - 1, _SHORTEST_PART - 1, -1):
            if (seed := self._seed(word[:length], word[:length], language, parts=True)) is not None:
                found.append((seed, _BEGINNING))
                break
        stemmed = stem(word, language)
        for start in range(1, len(word) - _SHORTEST_PART + 1):
            if (seed := self._seed(word[start:], stemmed[start:], language, parts=True)) is not None:
                found.append((seed, _END))
                break
        return tuple(found)

    def _seed(self, form: str, stemmed: str, language: Language, *, parts: bool = False) -> int | None:
        if not parts and (language, form) in self._exact:
            return self._exact[language, form]
        if (language, form) in self._forms:
            return self._forms[language, form]
        if parts and len(stemmed) >= _SHORTEST_PART:
            return self._stems.get((language, stemmed))
        return None
