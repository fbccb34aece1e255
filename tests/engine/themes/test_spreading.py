"""The votes against their definition, written with loops."""

import math

import numpy as np
import pytest
from scipy import sparse

from samspel.engine.themes import spreading
from samspel.engine.themes.spreading import Evidence, confidence, score, spread

Rows = list[list[float]]


def slow_scores(seeds: Rows, words: Rows, lexicon: Rows, fixed: dict[int, tuple[int | None, float]]) -> Rows:
    """docs/algorithms/themes.md, step by step."""
    notes, themes = range(len(seeds)), range(len(lexicon[0]))
    found = [sum(row[s] > 0 for row in seeds) for s in range(len(lexicon))]
    rarity = [math.log((len(seeds) + 50) / max(count, 1)) / math.log(len(seeds) + 50) for count in found]
    of_seed = [[2.0 * vote for vote in row] for row in lexicon]
    of_word = [[0.0 for _ in themes] for _ in words[0]]

    def add_up() -> Rows:
        return [
            [
                sum(seeds[n][s] * rarity[s] * of_seed[s][k] for s in range(len(lexicon)))
                + sum(words[n][w] * of_word[w][k] for w in range(len(words[0])))
                for k in themes
            ]
            + [0.0]
            for n in notes
        ]

    for _ in range(2):
        belief = []
        for n, row in enumerate(add_up()):
            total = sum(math.exp(one) for one in row)
            belief.append([math.exp(one) / total * (max(row) > 1e-9) for one in row[:-1]])
            if n in fixed:
                theme, worth = fixed[n]
                belief[n] = [worth if k == theme else 0.0 for k in themes]
        everything = sum(map(sum, belief))
        share = [0.5 * sum(row[k] for row in belief) / everything + 0.5 / len(themes) for k in themes]

        def logs(votes: list[float], share: list[float] = share) -> list[float]:
            return [math.log(vote / sum(votes) / part) for vote, part in zip(votes, share, strict=True)]

        of_seed = [
            logs([4 * lexicon[s][k] + 2 * share[k] + sum(seeds[n][s] * belief[n][k] for n in notes) for k in themes])
            for s in range(len(lexicon))
        ]
        of_word = [
            [
                spreading._WORD_GAIN * one
                for one in logs(
                    [spreading._WORD_DOUBT * share[k] + sum(words[n][w] * belief[n][k] for n in notes) for k in themes]
                )
            ]
            for w in range(len(words[0]))
        ]
    return add_up()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fixed", [{}, {0: (2, 3.0)}, {1: (None, 3.0), 2: (0, 1.0)}])
def test_votes_are_those_of_the_definition(seed: int, fixed: dict[int, tuple[int | None, float]]):
    rng = np.random.default_rng(seed)
    seeds = rng.random((7, 5)) * (rng.random((7, 5)) < 0.5)
    words = rng.random((7, 4)) * (rng.random((7, 4)) < 0.5)
    lexicon = np.eye(5, 3) + np.eye(5, 3, -3)
    evidence = Evidence(sparse.csr_matrix(seeds), sparse.csr_matrix(words), np.zeros((7, 0)))

    scores = score(evidence, spread(evidence, lexicon, fixed))

    np.testing.assert_allclose(scores, slow_scores(seeds.tolist(), words.tolist(), lexicon.tolist(), fixed), atol=1e-9)
    assert (confidence(scores).argmax(axis=1) == scores[:, :-1].argmax(axis=1)).all()


def test_a_sentence_model_brings_notes_of_like_meaning_together():
    seeds = sparse.csr_matrix(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    nothing = sparse.csr_matrix((3, 0))
    meaning = np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 0.99]])
    without = Evidence(seeds, nothing, np.zeros((3, 0)))
    evidence = Evidence(seeds, nothing, meaning)

    before = score(without, spread(without, np.eye(2), {}))[2]
    after = score(evidence, spread(evidence, np.eye(2), {}))[2]

    assert before[0] == pytest.approx(before[1])
    assert after[1] > after[0] + 1
