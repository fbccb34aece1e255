"""Which offers could meet which needs: sparse products, the rare words and kinds first, then every part exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from samspel.engine.themes.features import Matrix

from .reading import Reader, rows_of
from .records import PARTS, Candidates, Problem

__all__ = ["find", "parts_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_AT_A_TIME = 4_000_000  # products that are held at once
_MOST_PRODUCTS = 200_000_000
_SHORTLISTED = 4  # times as many as are wanted
_LEAST_WORDS, _LEAST_KIND = 0.15, 0.3  # a pair that shares less than both is about different things
_UNKNOWN = 0.5  # a part that one of the two does not say
_SAME_BRANCH = 0.5  # categories below the same one
_OPEN_BEGIN, _OPEN_END = -(1 << 40), 1 << 40


def find(problem: Problem) -> Candidates:
    """The offers that fit each need best, at most `problem.most` of them, with how well.

    Never paired: posts of one person, windows of time that do not meet, and a post without what the other requires.
    A pair must share rare words, a category or a kind of help; how well it fits is the weighted mean of its parts.

    Cost: reading is proportional to the text. Columns that few posts have are multiplied first; those of words that
    more have, as far as a fixed number of products allows, and kinds of help then within areas.

    >>> from .records import Post
    >>> posts = (Post("a", "offer", "Dag", "Kan köra bil"), Post("b", "need", "Eva", "Någon som kör min bil"))
    >>> found = find(Problem(posts))
    >>> found.offers.tolist(), found.needs.tolist()
    ([0], [1])
    """
    sides = _Sides.of(problem)
    shortlists = [*_shortlist(problem, sides)]
    if not shortlists:
        nothing = np.zeros(0, dtype=np.int64)
        return Candidates(nothing, nothing, nothing, np.zeros((0, len(PARTS))))
    offers, needs = (np.concatenate([pair[side] for pair in shortlists]) for side in (0, 1))
    parts = _parts(sides, offers, needs)
    about = (parts[:, 0] >= _LEAST_WORDS) | (parts[:, 1] >= _LEAST_KIND)
    offers, needs, parts = offers[about], needs[about], parts[about]
    scores = _score(problem, parts)
    order = np.lexsort((offers, -scores, needs))
    first = np.searchsorted(needs[order], needs[order])
    order = order[np.arange(len(order)) - first < problem.most]
    return Candidates(offers[order], needs[order], scores[order], parts[order])


def parts_of(problem: Problem, offers: Ints, needs: Ints) -> Floats:
    """``[pairs, parts]``: how well each of these pairs fits, whether or not it is a candidate."""
    return _parts(_Sides.of(problem), offers, needs)


def _score(problem: Problem, parts: Floats) -> Ints:
    weights = np.array([weight for _, weight in problem.weights])
    whole: Ints = np.rint(100 * (parts @ weights) / weights.sum()).astype(np.int64)
    return whole


@dataclass(frozen=True, slots=True)
class _Sides:
    """All posts in columns; `offers` and `needs` are their numbers."""

    offers: Ints
    needs: Ints
    words: Matrix
    kinds: Matrix
    person: Ints
    category: Ints  # 0 is none, as in the next two
    branch: Ints
    area: Ints
    begins: Ints
    ends: Ints
    requires: Matrix
    provides: Matrix
    languages: Matrix

    @classmethod
    def of(cls, problem: Problem) -> "_Sides":
        posts = problem.posts
        reader = Reader(problem)
        words, kinds, _ = rows_of([reader.read(post) for post in posts], len(problem.lexicon.themes))
        is_offer = np.array([post.kind == "offer" for post in posts], dtype=bool)
        skills = sorted({skill for post in posts for skill in post.requires | post.provides})
        spoken = sorted({language for post in posts for language in post.languages})
        return cls(
            np.flatnonzero(is_offer),
            np.flatnonzero(~is_offer),
            words,
            kinds,
            _numbered([post.person for post in posts]),
            _numbered([post.category for post in posts]),
            _numbered([post.category.partition("/")[0] for post in posts]),
            _numbered([post.area for post in posts]),
            np.array([_OPEN_BEGIN if post.begins is None else post.begins for post in posts], dtype=np.int64),
            np.array([_OPEN_END if post.ends is None else post.ends for post in posts], dtype=np.int64),
            _flags([post.requires for post in posts], skills),
            _flags([post.provides for post in posts], skills),
            _flags([post.languages for post in posts], spoken),
        )

    def may_meet(self, offers: Ints, needs: Ints) -> Mask:
        """Whether nothing forbids it, one pair a row."""
        may: Mask = (self.person[offers] != self.person[needs]) | (self.person[offers] == 0)
        may &= np.maximum(self.begins[offers], self.begins[needs]) <= np.minimum(self.ends[offers], self.ends[needs])
        demanding = np.diff(self.requires.indptr) > 0
        for one, other in ((offers, needs), (needs, offers)):
            asks = np.flatnonzero(may & demanding[one])
            wanted = self.requires[one[asks]]
            had = np.asarray(wanted.multiply(self.provides[other[asks]]).sum(axis=1)).ravel()
            may[asks] = had == np.diff(wanted.indptr)
        return may


def _numbered(names: Sequence[str]) -> Ints:
    """Equal names have equal numbers, the empty name 0."""
    known = {"": 0}
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int64)


def _flags(sets: Sequence[frozenset[str]], names: Sequence[str]) -> Matrix:
    place = {name: at for at, name in enumerate(names)}
    columns = [sorted(place[name] for name in one) for one in sets]
    ends = np.cumsum([0, *map(len, columns)])
    flat = np.array([column for row in columns for column in row], dtype=np.int64)
    return sparse.csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(sets), len(names)))


# ---------------------------------------------------------------- the shortlist


def _shortlist(problem: Problem, sides: _Sides) -> Iterator[tuple[Ints, Ints]]:
    """Offers and needs that share a column, those with the greatest products."""
    if not len(sides.offers) or not len(sides.needs):
        return
    offered, needed, products = _crossed(problem, sides)
    most, place = problem.most * _SHORTLISTED, problem.weights.place
    ends = np.cumsum(products)
    low = 0
    while low < len(sides.needs):
        done = ends[low - 1] if low else 0
        high = max(low + 1, int(np.searchsorted(ends, done + _AT_A_TIME, side="right")))
        likeness = (needed[low:high] @ offered).tocsr()
        needs = np.repeat(sides.needs[low:high], np.diff(likeness.indptr))
        offers = sides.offers[likeness.indices]
        may = sides.may_meet(offers, needs)
        offers, needs = offers[may], needs[may]
        values = likeness.data[may] + place * (sides.area[offers] == sides.area[needs])
        best = _best_of_each(needs, values, most)
        yield offers[best], needs[best]
        low = high


def _best_of_each(rows: Ints, values: Floats, most: int) -> Ints:
    """Places of the greatest values of each row; rows are sorted."""
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    sizes = np.diff(np.append(first, len(rows)))
    kept = [
        at + np.sort(np.argpartition(-values[at : at + size], most)[:most]) if size > most else np.arange(at, at + size)
        for at, size in zip(first.tolist(), sizes.tolist(), strict=True)
    ]
    return np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)


def _crossed(problem: Problem, sides: _Sides) -> tuple[Matrix, Matrix, Ints]:
    """``[columns, offers]`` and ``[needs, columns]`` whose product says what to look at, and each need's products."""
    weights = problem.weights
    words = sides.words * _root(weights.words)
    kinds = sparse.hstack([sides.kinds, _one_of(sides.category)], format="csr") * _root(weights.kind)
    columns = sparse.hstack([words, kinds, _within_areas(kinds, sides.area)], format="csc")
    in_offers, in_needs = (np.diff(columns[who].tocsc().indptr).astype(np.int64) for who in (sides.offers, sides.needs))
    cost = in_offers * in_needs
    order = np.argsort(cost, kind="stable")
    kept = np.zeros(len(cost), dtype=bool)
    kept[order] = np.cumsum(cost[order]) <= _MOST_PRODUCTS
    # A kind within an area says nothing new where the kind itself is looked at everywhere.
    first, far = words.shape[1], words.shape[1] + kinds.shape[1]
    kept[far:] &= ~np.resize(kept[first:far], len(kept) - far)
    columns = columns[:, kept]
    offered, needed = columns[sides.offers].T.tocsr(), columns[sides.needs].tocsr()
    products = np.asarray(needed.astype(bool).astype(np.float64) @ in_offers[kept].astype(np.float64)).ravel()
    return offered, needed, products.astype(np.int64)


def _root(weight: float) -> float:
    """Of each of two rows that are multiplied; what weighs nothing is looked at all the same."""
    return float(max(weight, 1e-3) ** 0.5)


def _one_of(numbers: Ints) -> Matrix:
    """A row for each with a one in the column of its number; none for 0."""
    ends = np.cumsum(np.concatenate([[0], numbers > 0]))
    shape = (len(numbers), int(numbers.max(initial=0)))
    return sparse.csr_matrix((np.ones(int(ends[-1])), numbers[numbers > 0] - 1, ends), shape=shape)


def _within_areas(rows: Matrix, area: Ints) -> Matrix:
    """The same columns once for each area (0 too: those who say none)."""
    wide = rows.tocsr().copy()
    width = rows.shape[1]
    columns = wide.indices.astype(np.int64) + width * np.repeat(area, np.diff(wide.indptr))
    areas = int(area.max(initial=0)) + 1
    return sparse.csr_matrix((wide.data, columns, wide.indptr), shape=(rows.shape[0], width * areas))


# ---------------------------------------------------------------- the parts


def _parts(sides: _Sides, offers: Ints, needs: Ints) -> Floats:
    """``[pairs, parts]`` in the order of `PARTS`."""
    parts = np.empty((len(offers), len(PARTS)))
    step = 200_000
    for low in range(0, len(offers), step):
        one, other = offers[low : low + step], needs[low : low + step]
        rows = parts[low : low + step]
        rows[:, 0] = _cosine(sides.words, one, other)
        rows[:, 1] = np.maximum(_cosine(sides.kinds, one, other), _alike(sides, one, other))
        rows[:, 2] = _same(sides.area, one, other)
        rows[:, 3] = _overlap(sides, one, other)
        rows[:, 4] = _spoken(sides.languages, one, other)
    return parts


def _cosine(rows: Matrix, one: Ints, other: Ints) -> Floats:
    both = np.asarray(rows[one].multiply(rows[other]).sum(axis=1)).ravel()
    cosine: Floats = np.clip(both, 0.0, 1.0)
    return cosine


def _alike(sides: _Sides, one: Ints, other: Ints) -> Floats:
    said = sides.category[one] > 0
    same = said & (sides.category[one] == sides.category[other])
    branch = said & (sides.branch[one] == sides.branch[other])
    return np.where(same, 1.0, np.where(branch, _SAME_BRANCH, 0.0))


def _same(numbers: Ints, one: Ints, other: Ints) -> Floats:
    unknown = (numbers[one] == 0) | (numbers[other] == 0)
    return np.where(unknown, _UNKNOWN, (numbers[one] == numbers[other]).astype(np.float64))


def _overlap(sides: _Sides, one: Ints, other: Ints) -> Floats:
    """Days that both have, as a share of the shorter window; all where neither has both a first and a last day."""
    days = np.minimum(sides.ends[one], sides.ends[other]) - np.maximum(sides.begins[one], sides.begins[other]) + 1
    shorter = np.minimum(sides.ends[one] - sides.begins[one], sides.ends[other] - sides.begins[other]) + 1
    return np.where(shorter < _OPEN_END // 2, days / shorter, 1.0)


def _spoken(languages: Matrix, one: Ints, other: Ints) -> Floats:
    shared = np.asarray(languages[one].multiply(languages[other]).sum(axis=1)).ravel() > 0
    says = np.diff(languages.indptr) > 0
    return np.where(says[one] & says[other], shared.astype(np.float64), _UNKNOWN)
