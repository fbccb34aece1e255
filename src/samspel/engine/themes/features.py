"""Notes as rows of a sparse matrix: word stems and the letters inside words, weighed by how rare they are."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .tokens import stem
from .words import Language

__all__ = ["Matrix", "Space", "Words", "learn_space", "words_and_stems"]

Matrix = Any  # scipy.sparse.csr_matrix, which has no types
Name = TypeVar("Name")
Words = tuple[Language, Sequence[str]]
"""A note's language and the words that say what it is about, each once."""

_GRAMS = (3, 4, 5)
_LEAST_NOTES = 2  # a feature of a single note says nothing about another
_STEM_SHARE = 0.4  # of a row's squared length; letters have the rest (StackOverflow titles: .3 to .5 are best)


@dataclass(frozen=True, slots=True)
class Space:
    """Stems and letters, each numbered from 0, and the weights (log of notes over notes that have it), stems first."""

    stems: Mapping[str, int]
    grams: Mapping[str, int]
    weights: NDArray[np.float64]

    def rows(self, notes: Sequence[Words]) -> Matrix:
        """A row for each note, shape (notes, features), its stems and its letters of fixed lengths. Cost: letters.

        A note whose features nobody else has is a row of zeros.
        """
        words, seen = _incidence(_named(notes))
        stems, _ = _incidence(([stem(word, language)] for language, word in seen), self.stems)
        grams, _ = _incidence((_grams(word) for _, word in seen), self.grams)
        return _weigh(words @ stems, words @ grams, self.weights)


def learn_space(notes: Sequence[Words], lengths: tuple[int, ...] = _GRAMS) -> tuple[Space, Matrix]:
    """The features that at least two of the notes have, with their weights, and the notes' rows.

    `lengths` are those of the sequences of letters. A space that is to read other notes has the usual ones.
    """
    words, seen, stems, stem_names = words_and_stems(notes)
    grams, gram_at = _letters([word for _, word in seen], lengths)
    stem_counts, stems_kept, with_stem = _shared(words @ stems)
    gram_counts, grams_kept, with_gram = _shared(words @ grams)
    weights = np.log(len(notes) / np.concatenate([with_stem, with_gram]))
    space = Space(
        {stem_names[column]: number for number, column in enumerate(stems_kept)},
        {gram_at(column): number for number, column in enumerate(grams_kept)},
        weights,
    )
    return space, _weigh(stem_counts, gram_counts, weights)


def words_and_stems(notes: Iterable[Words]) -> tuple[Matrix, list[tuple[Language, str]], Matrix, list[str]]:
    """Which note has which word, the words, which of them has which stem, and the stems. A stem has no language."""
    words, seen = _incidence(_named(notes))
    return words, seen, *_incidence([stem(word, language)] for language, word in seen)


def _shared(counts: Matrix) -> tuple[Matrix, list[int], NDArray[np.int64]]:
    """Only the columns that at least two of the rows have; which these are, and how many rows have each."""
    rows_with = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = np.flatnonzero(rows_with >= _LEAST_NOTES)
    place = np.full(counts.shape[1], -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    columns = place[counts.indices]
    ends = np.append(0, np.cumsum(columns >= 0))[counts.indptr]
    there = columns >= 0
    shared = sparse.csr_matrix((counts.data[there], columns[there], ends), shape=(counts.shape[0], len(kept)))
    return shared, kept.tolist(), rows_with[kept]


def _named(notes: Iterable[Words]) -> Iterator[list[tuple[Language, str]]]:
    return ([(language, word) for word in words] for language, words in notes)


def _grams(word: str) -> set[str]:
    framed = f"_{word}_"
    return {framed[i : i + size] for size in _GRAMS for i in range(len(framed) - size + 1)}


def _letters(words: Sequence[str], lengths: tuple[int, ...]) -> tuple[Matrix, Callable[[int], str]]:
    """Which word has which letters of these lengths (ones), and what a column stands for.

    Columns are numbered as they are met, word by word, short ones first. Cost: a sort for each length.
    """
    text = "".join([f"_{word}_" for word in words])
    sizes = np.array([len(word) + 2 for word in words], dtype=np.int64)
    word_at = np.repeat(np.arange(len(words)), sizes)
    left = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(text))
    letter = np.unique(np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32), return_inverse=True)[1]
    rows, columns, starts, spans, count = [], [], [], [], 0
    at, code = np.arange(len(text)), letter
    for length in range(2, max(lengths) + 1):
        fits = left[at] >= length
        at = at[fits]
        _, first, code = np.unique(
            code[fits] * (len(text) + 1) + letter[at + length - 1], return_index=True, return_inverse=True
        )
        if length in lengths:
            rows.append(word_at[at])
            columns.append(count + code)
            starts.append(at[first])
            spans.append(np.full(len(first), length))
            count += len(first)
    start, span = np.concatenate(starts), np.concatenate(spans)
    met = np.lexsort((start, span, word_at[start]))
    place = np.empty(count, dtype=np.int64)
    place[met] = np.arange(count)
    where = (np.concatenate(rows), place[np.concatenate(columns)])
    has = sparse.csr_matrix((np.ones(len(where[0])), where), shape=(len(words), count))
    has.data[:] = 1
    return has, lambda column: text[start[met[column]] : start[met[column]] + span[met[column]]]


def _incidence(rows: Iterable[Iterable[Name]], known: Mapping[Name, int] | None = None) -> tuple[Matrix, list[Name]]:
    """Which row has what: ones in the columns of the names that come out beside, numbered as they are met.

    Where the columns are `known`, what has none is left out.
    """
    number: dict[Name, int] = {}
    columns: list[int] = []
    ends = [0]
    for row in rows:
        if known is None:
            columns += [number.setdefault(name, len(number)) for name in row]
        else:
            columns += [known[name] for name in row if name in known]
        ends.append(len(columns))
    shape = (len(ends) - 1, len(number) if known is None else len(known))
    where = np.array(columns, dtype=np.int32)
    return sparse.csr_matrix((np.ones(len(columns)), where, ends), shape=shape), list(number)


def _weigh(stems: Matrix, grams: Matrix, weights: NDArray[np.float64]) -> Matrix:
    first = stems.shape[1]
    parts = [_STEM_SHARE**0.5 * _unit(stems, weights[:first]), (1 - _STEM_SHARE) ** 0.5 * _unit(grams, weights[first:])]
    return sparse.hstack(parts, format="csr")


def _unit(counts: Matrix, weights: NDArray[np.float64]) -> Matrix:
    """Rows of length 1 (or 0): 1 + log of the count, times the weight of the feature."""
    rows = counts.tocsr()
    rows.eliminate_zeros()
    rows.data = (1 + np.log(rows.data)) * weights[rows.indices]
    lengths = np.sqrt(np.add.reduceat(np.append(rows.data**2, 0), rows.indptr[:-1]) * (np.diff(rows.indptr) > 0))
    rows.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(rows.indptr))
    return rows
