import numpy as np
import pytest
from scipy import sparse

from samspel.engine.themes.discovering import discover, flatten


def heaps(sizes: tuple[int, ...], seed: int, spread: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    points = np.eye(len(sizes), 12)[labels] + spread * rng.standard_normal((len(labels), 12))
    return points / np.linalg.norm(points, axis=1, keepdims=True), labels


@pytest.mark.parametrize("seed", range(5))
def test_heaps_that_are_there_are_found_largest_first(seed: int):
    points, labels = heaps((40, 30, 20, 10), seed)

    found = discover(points, find=4, rng=np.random.default_rng(seed))

    assert found.tolist() == labels.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_two_themes_are_nearly_the_best_split_of_few_notes(seed: int):
    points = np.random.default_rng(seed).standard_normal((9, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)

    found = discover(points, find=2, rng=np.random.default_rng(1))

    def held(labels: np.ndarray) -> float:
        return sum(float(np.linalg.norm(points[labels == label].sum(axis=0))) for label in (0, 1))

    splits = [np.array([number >> bit & 1 for bit in range(9)]) for number in range(1, 2**8)]
    best = max(map(held, splits))
    assert held(found) >= 0.95 * best


def test_loose_notes_are_left_alone_when_no_number_is_asked_for():
    points, labels = heaps((60, 60), seed=1)
    rng = np.random.default_rng(2)
    loose = rng.standard_normal((1, 12))
    loose[0, :2] = -9
    everyone = np.vstack([points, loose / np.linalg.norm(loose)])

    found = discover(everyone, find=None, rng=rng)

    together = [{int(one) for one in labels[found[:120] == label]} for label in range(found.max() + 1)]
    assert found[120] == -1
    assert sorted(map(sorted, together)) == [[0], [1]]


@pytest.mark.parametrize("find", [0, None])
def test_few_notes_and_no_notes_make_no_theme(find: int | None):
    points, _ = heaps((3, 2), seed=1)

    assert discover(points, find=find, rng=np.random.default_rng(1)).tolist() == [-1] * 5
    assert discover(np.zeros((4, 2)), find=3, rng=np.random.default_rng(1)).tolist() == [-1] * 4


def test_flat_rows_keep_what_is_near_and_what_is_far():
    rows = sparse.csr_matrix(np.kron(np.eye(3), np.ones((4, 5))))

    points = flatten(rows, np.random.default_rng(1))

    np.testing.assert_allclose(points @ points.T, np.kron(np.eye(3), np.ones((4, 4))), atol=1e-6)
