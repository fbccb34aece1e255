"""Themes that nobody has named: notes that belong together, found among those that no theme speaks for."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .features import Matrix

__all__ = ["FINE", "discover", "flatten"]

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

# Letters that notes are laid out by. Two are a name too where people write "c#" or "it" (StackOverflow's titles).
FINE = (2, 3, 4, 5)

_DIMENSIONS = 120
_STARTS = 3  # pieces for each theme that is asked for, before they are joined again
_LEAST_STARTS = 60
_TRIES = 5  # the tightest of so many ways to begin: k-means ends where it began, and loose themes are worse themes
_LONGEST = 30
_MOST_FOUND = 20  # more do not fit on a wall
_LEAST_NOTES = 3
_LEAST_LIKENESS = 0.35  # mean cosine of a theme's notes with its middle


def flatten(rows: Matrix, rng: np.random.Generator) -> Floats:
    """Notes in few dimensions, rows of length 1: latent semantic analysis by a randomised range finder.

    Halko, Martinsson and Tropp (2011), two power iterations. Cost: 5 sparse products with 130 columns.
    """
    width = min(_DIMENSIONS, *rows.shape)
    base = rows @ rng.standard_normal((rows.shape[1], min(width + 10, *rows.shape)))
    for _ in range(2):
        base = rows @ (rows.T @ np.linalg.qr(base)[0])
    base = np.linalg.qr(base)[0]
    small = (rows.T @ base).T
    values, vectors = np.linalg.eigh(small @ small.T)
    strongest = np.argsort(-values)[:width]
    return _unit(base @ (vectors[:, strongest] * np.sqrt(np.maximum(values[strongest], 0))))


def discover(points: Floats, *, find: int | None, rng: np.random.Generator) -> Labels:
    """A theme's number for each note, from 0 by size; -1 for a note that belongs to none.

    With `find` there are as many themes as that (as far as there are notes) and every note has one. Without it the
    number follows the notes (the square root of a twelfth of them, 20 at most), and loose or tiny heaps are left alone.

    Many small pieces by k-means (Arthur and Vassilvitskii 2007) are joined by Ward's rule, and every note then goes to
    the nearest theme until nothing moves. Of a few tries the one is kept whose notes are nearest to their themes.
    Cost: tries × notes × pieces × dimensions × rounds.
    """
    alive = np.flatnonzero(np.linalg.norm(points, axis=1) > 0)
    wanted = min(int(np.sqrt(len(alive) / 12)), _MOST_FOUND) if find is None else min(find, len(alive))
    labels = np.full(len(points), -1, dtype=np.int64)
    if wanted < 1:
        return labels
    count = min(max(_STARTS * wanted, _LEAST_STARTS), len(alive))
    tries = (
        _settle(points[alive], _join(points[alive], _pieces(points[alive], count, rng), wanted)) for _ in range(_TRIES)
    )
    likeness = max((points[alive] @ middles.T for middles in tries), key=lambda near: float(near.max(axis=1).sum()))
    labels[alive] = likeness.argmax(axis=1)
    if find is None:
        sizes = np.bincount(labels[alive], minlength=likeness.shape[1])
        near = np.bincount(labels[alive], weights=likeness.max(axis=1), minlength=likeness.shape[1])
        tight = near / np.maximum(sizes, 1)
        loose = (sizes < _LEAST_NOTES) | (tight < _LEAST_LIKENESS)
        labels[alive[loose[labels[alive]]]] = -1
    return _by_size(labels)


def _pieces(points: Floats, count: int, rng: np.random.Generator) -> Labels:
    middles = np.empty((count, points.shape[1]))
    middles[0] = points[rng.integers(len(points))]
    far = np.maximum(1 - points @ middles[0], 0)
    for number in range(1, count):
        chance = far / far.sum() if far.sum() > 0 else None
        tried = rng.choice(len(points), 6, p=chance)
        nearer = np.minimum(far[:, None], np.maximum(1 - points @ points[tried].T, 0))
        best = int(nearer.sum(axis=0).argmin())
        middles[number], far = points[tried[best]], nearer[:, best]
    return np.asarray((points @ _settle(points, middles, rounds=10).T).argmax(axis=1))


def _join(points: Floats, labels: Labels, wanted: int) -> Floats:
    """The sums of the pieces joined by Ward's rule for unit vectors: always the two that lose least length together."""
    sums = _sums(points, labels, int(labels.max()) + 1)
    sums = sums[np.linalg.norm(sums, axis=1) > 0]
    while len(sums) > wanted:
        lengths = np.linalg.norm(sums, axis=1)
        together = np.sqrt(np.maximum(lengths[:, None] ** 2 + lengths**2 + 2 * sums @ sums.T, 0))
        loss = lengths[:, None] + lengths - together
        np.fill_diagonal(loss, np.inf)
        one, other = sorted(int(end) for end in np.unravel_index(loss.argmin(), loss.shape))
        sums[one] += sums[other]
        sums = np.delete(sums, other, axis=0)
    return sums


def _settle(points: Floats, middles: Floats, rounds: int = _LONGEST) -> Floats:
    """Spherical k-means from these middles, until no note moves."""
    middles, before = _unit(middles), np.full(len(points), -1)
    for _ in range(rounds):
        labels = (points @ middles.T).argmax(axis=1)
        if np.array_equal(labels, before):
            break
        before, sums = labels, _sums(points, labels, len(middles))
        middles = np.where(np.linalg.norm(sums, axis=1, keepdims=True) > 0, _unit(sums), middles)
    return middles


def _sums(points: Floats, labels: Labels, count: int) -> Floats:
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(count))
    sums = np.add.reduceat(np.vstack([points[order], np.zeros(points.shape[1])]), starts, axis=0)
    sums[np.bincount(labels, minlength=count) == 0] = 0
    return sums


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1))


def _by_size(labels: Labels) -> Labels:
    return np.array([*_renumber(labels)], dtype=np.int64)


def _renumber(labels: Labels) -> Iterator[int]:
    kept = labels[labels >= 0]
    sizes = np.bincount(kept) if len(kept) else np.zeros(0, dtype=np.int64)
    order = [int(label) for label in np.argsort(-sizes, kind="stable") if sizes[label]]
    place = {label: number for number, label in enumerate(order)}
    return (place.get(int(label), -1) for label in labels)
