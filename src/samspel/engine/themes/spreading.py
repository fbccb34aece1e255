"""Votes spread over the graph of notes and what they have in common.

Notes are neighbours when they share a seed, a stem or letters. Each of those holds votes for themes; a note adds up the
votes of what it has, and gives what it got back to them, a few times. That is expectation and maximisation of a naive
Bayes model whose seeds start with votes (Nigam, McCallum, Thrun and Mitchell 2000), in time linear in the text.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import Matrix

__all__ = ["Evidence", "Votes", "score", "spread"]

Floats = NDArray[np.float64]

EQUAL = 1e-9
"""What is less apart than this is equal: sums in floating point."""

# Tuned on half of hand-all and work-all and on all of SIB-200 (docs/algorithms/themes.md).
_ROUNDS = 2
_SEED_TRUST = 4.0  # notes' worth of votes that a seed holds from the lexicon
_SEED_DOUBT = 2.0  # notes' worth of votes for any theme
_WORD_DOUBT = 3.0
_WORD_GAIN = 2.0
_MADE_UP = 50  # notes without anything, so that the words of a small meeting are not all frequent
_FIRST_GAIN = 2.0
_EVEN = 0.5  # how much of the share of a theme is taken as even
_MEANING_GAIN = 10.0  # not tuned: no sentence model is shipped
_SILENCE = 0.0  # the score of "no theme": as much as a theme has that nothing speaks for or against
# A note's words are no independent witnesses: log odds × and + these are nearly as often right as they say.
_CAUTION, _DOUBT = 0.25, -0.4


@dataclass(frozen=True, slots=True)
class Evidence:
    """What notes have: `seeds` (notes × seeds, weights of finds) and `words` (notes × features), both sparse.

    `meaning` (notes × dimensions, rows of length 1) comes from a sentence model; without one it has no columns.
    """

    seeds: Matrix
    words: Matrix
    meaning: Floats


@dataclass(frozen=True, slots=True)
class Votes:
    """For each seed and each feature the log of its votes for a theme over that theme's share: 0 says nothing.

    Shapes (seeds, themes), (features, themes), (themes, dimensions) and (seeds,): `middles` are the themes'
    mean directions in the sentence model, `rarity` weighs a seed down that many notes have.
    """

    seeds: Floats
    words: Floats
    middles: Floats
    rarity: Floats


def spread(evidence: Evidence, lexicon: Floats, fixed: Mapping[int, tuple[int | None, float]]) -> Votes:
    """The votes of seeds and features after a few rounds.

    Arguments: `lexicon` (seeds × themes) holds the votes a seed starts with; `fixed` gives for a row its theme (or
    none) and how many notes it is worth. Cost: rounds × non-zeros × themes.
    """
    notes, themes = evidence.seeds.shape[0], lexicon.shape[1]
    found = np.asarray((evidence.seeds > 0).sum(axis=0)).ravel()
    rarity = np.log((notes + _MADE_UP) / np.maximum(found, 1)) / np.log(notes + _MADE_UP)
    votes = Votes(
        _FIRST_GAIN * lexicon,
        np.zeros((evidence.words.shape[1], themes)),
        np.zeros((themes, evidence.meaning.shape[1])),
        rarity,
    )
    for _ in range(_ROUNDS):
        scores = score(evidence, votes)
        belief = _softmax(scores)[:, :-1] * _speaks(scores)
        for row, (theme, worth) in fixed.items():
            belief[row] = 0
            if theme is not None:
                belief[row, theme] = worth
        share = (1 - _EVEN) * belief.sum(axis=0) / max(belief.sum(), 1e-9) + _EVEN / max(themes, 1)
        votes = Votes(
            _log_votes(_SEED_TRUST * lexicon + _SEED_DOUBT * share + evidence.seeds.T @ belief, share),
            _WORD_GAIN * _log_votes(_WORD_DOUBT * share + evidence.words.T @ belief, share),
            _unit(belief.T @ evidence.meaning),
            rarity,
        )
    return votes


def score(evidence: Evidence, votes: Votes) -> Floats:
    """Log scores of notes for each theme and, in the last column, for none: shape (notes, themes + 1)."""
    themes = len(votes.middles)
    scores = evidence.seeds @ (votes.rarity[:, None] * votes.seeds) + evidence.words @ votes.words
    if evidence.meaning.shape[1] and themes:
        near = evidence.meaning @ votes.middles.T
        scores += _MEANING_GAIN * (near - near.mean(axis=1, keepdims=True))
    return np.column_stack([scores, np.full(len(scores), _SILENCE)])


def confidence(scores: Floats) -> Floats:
    """How sure each theme is, in the order of the scores: calibrated, so that 0.7 is right 7 times in 10.

    Shape (notes, themes): sure beside the other themes, given that it is one of them.
    """
    if scores.shape[1] == 1:
        return np.zeros((len(scores), 0))
    even = np.clip(_softmax(scores[:, :-1]), 1e-12, 1 - 1e-12)
    return np.asarray(1 / (1 + np.exp(-_CAUTION * np.log(even / (1 - even)) - _DOUBT)))


def _speaks(scores: Floats) -> Floats:
    """1 for notes that something speaks for, 0 for those that have nothing to teach: shape (notes, 1)."""
    return np.asarray(scores.max(axis=1, keepdims=True) > _SILENCE + EQUAL, dtype=np.float64)


def _softmax(scores: Floats) -> Floats:
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1))


def _log_votes(votes: Floats, share: Floats) -> Floats:
    shares = votes / votes.sum(axis=1, keepdims=True)
    shares /= share
    return np.asarray(np.log(shares, out=shares))
