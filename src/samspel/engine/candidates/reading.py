"""Posts as rows of sparse matrices: stems, parts of compounds, and kinds of help."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from samspel.engine.themes import Language
from samspel.engine.themes.features import Matrix
from samspel.engine.themes.seeds import Seeds
from samspel.engine.themes.tokens import Token, language_of, stem, words_of

from .records import Post, Problem

__all__ = ["Read", "Reader", "rows_of"]

# What every post says, whatever it is about.
_POSTING_WORDS = """
behöva behöver behövs söka söker sökes önska önskar erbjuda erbjuder hjälp hjälpa hjälper någon gärna vill kunna finns
skulle tid gång gånger dag dagar vecka veckan veckor kväll kvällar helg helger
behøve behøver søge søger søges ønske ønsker tilbyde tilbyder tilbydes hjælp hjælpe hjælper nogen gerne vil kunne
findes skulle tid gang gange dag dage uge ugen uger aften aftener weekend weekender
need needs needed seek seeking looking wanted want offer offers offering help helping someone somebody happy gladly
time times day days week weeks evening evenings weekends
"""
_POSTING = frozenset(_POSTING_WORDS.split())
_SHORTEST_PART = 4
_PART = 0.5  # what a part of a compound weighs beside a word that stands by itself


@dataclass(frozen=True, slots=True)
class Read:
    """A post's words that say what it is about (each with its stem), and the kinds of help that they speak for."""

    language: Language
    words: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[int, float], ...]

    def shared_with(self, other: "Read") -> list[str]:
        """Words of both, as this one writes them."""
        theirs = {stem_ for _, stem_ in other.words}
        return [word for word, stem_ in self.words if stem_ in theirs]


class Reader:
    """Reads posts with a lexicon's kinds."""

    def __init__(self, problem: Problem) -> None:
        self._seeds = Seeds(problem.lexicon)
        self._default = problem.language

    def read(self, post: Post) -> Read:
        tokens = words_of(f"{post.title}\n{post.text}")
        language = language_of(tokens, self._default)
        said = [token for token in tokens if _says_something(token, language)]
        words = {token.text: stem(token.text, language) for token in said}
        votes: dict[int, float] = {}
        for hit in self._seeds.find(tokens, language):
            for kind in np.flatnonzero(self._seeds.votes[hit.seed]).tolist():
                votes[kind] = votes.get(kind, 0.0) + hit.weight * float(self._seeds.votes[hit.seed, kind])
        return Read(language, tuple(words.items()), tuple(votes.items()))


def _says_something(token: Token, language: Language) -> bool:
    return not token.builds_sentence(language) and token.text not in _POSTING


def rows_of(read: Sequence[Read], kinds: int) -> tuple[Matrix, Matrix, list[str]]:
    """Words and kinds, ``[posts, …]``, rows of length 1 (or 0); and the names of the words' columns.

    A word that one post alone has stays: it says that the posts differ.
    """
    parts = _parts_of({word: stem_ for one in read for word, stem_ in one.words})
    number: dict[str, int] = {}
    ends = [0]
    columns: list[int] = []
    values: list[float] = []
    for one in read:
        weight: dict[str, float] = {}
        for word, stem_ in one.words:
            weight[stem_] = 1.0
            for part in parts.get(word, ()):
                weight[part] = max(weight.get(part, 0.0), _PART)
        columns += [number.setdefault(name, len(number)) for name in weight]
        values += weight.values()
        ends.append(len(columns))
    shape = (len(read), len(number))
    words = sparse.csr_matrix((np.array(values), np.array(columns, dtype=np.int64), ends), shape=shape)
    return _unit(_rarer(words)), _unit(_rarer(_kind_rows(read, kinds))), list(number)


def _rarer(rows: Matrix) -> Matrix:
    """What few posts have counts more."""
    rarity = np.log1p(rows.shape[0] / np.maximum(1, np.bincount(rows.indices, minlength=rows.shape[1])))
    rows.data *= rarity[rows.indices]
    return rows


def _kind_rows(read: Sequence[Read], kinds: int) -> Matrix:
    ends = np.cumsum([0, *(len(one.kinds) for one in read)])
    columns = np.array([kind for one in read for kind, _ in one.kinds], dtype=np.int64)
    values = np.array([value for one in read for _, value in one.kinds], dtype=np.float64)
    return sparse.csr_matrix((values, columns, ends), shape=(len(read), kinds))


def _unit(rows: Matrix) -> Matrix:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows.data /= np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(rows.indptr))
    return rows


def _parts_of(stems: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """For each word that others make up ("matteläxor"), their stems ("matte", "läx")."""
    known = {word: stem_ for word, stem_ in stems.items() if len(word) >= _SHORTEST_PART}
    known |= {stem_: stem_ for stem_ in stems.values() if len(stem_) >= _SHORTEST_PART}
    found: dict[str, tuple[str, ...]] = {}
    for word, stem_ in stems.items():
        for cut in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            end = known.get(word[cut:]) or known.get(stem_[cut:])
            if end is None:
                continue
            beginning = next((known[one] for one in _beginnings(word[:cut]) if one in known), None)
            found[word] = (end,) if beginning is None else (beginning, end)
            if beginning is not None:
                break
    return found


def _beginnings(part: str) -> Iterable[str]:
    """A first part as it is, and without what joins it to the next ("arbets-", "flicke-")."""
    yield part
    if part.endswith(("s", "e", "o", "u", "-")):
        yield part[:-1]
