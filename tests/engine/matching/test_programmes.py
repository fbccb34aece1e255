"""Linear and integer programmes over rings and chains."""

import numpy as np
import pytest

from samspel.engine.matching.columns import Columns, Level
from samspel.engine.matching.programmes import centre, pick, relax

POSTS = 30


def columns_and_worth(count: int) -> tuple[Columns, np.ndarray, list[Level]]:
    """Rings of three drawn at random, none twice, and an earlier objective."""
    rng = np.random.default_rng(1)
    posts = np.unique(np.sort(np.argsort(rng.random((3 * count, POSTS)))[:, :3]), axis=0).astype(np.int32)
    posts = posts[rng.permutation(len(posts))[:count]]
    columns = Columns(posts, np.full_like(posts, -1), np.ones(count, dtype=bool))
    return columns, rng.integers(1, 100, count).astype(float), [Level(np.ones(count), 7.0)]


def test_what_goes_on_from_the_last_programme_is_worth_what_one_from_the_start_is():
    columns, worth, levels = columns_and_worth(230)
    few = np.arange(200)
    first = relax(columns[few], worth[few], POSTS, [Level(levels[0].worth[few], levels[0].least)])
    assert first is not None
    on, anew = relax(columns, worth, POSTS, levels, first), relax(columns, worth, POSTS, levels)
    assert on is not None
    assert anew is not None
    assert on.value > first.value
    assert on.value == pytest.approx(anew.value)
    assert on.warm is first.warm


@pytest.mark.parametrize("how", [relax, centre])
def test_prices_bound_what_columns_are_worth(how):
    columns, worth, levels = columns_and_worth(230)
    found = how(columns, worth, POSTS, levels)
    assert found is not None
    priced = worth + found.level_prices[0] * levels[0].worth
    assert (columns.prices(found.prices) >= priced - 1e-5).all()
    assert found.prices.sum() - found.level_prices[0] * levels[0].least == pytest.approx(found.value, abs=1e-4)


def test_a_selection_shares_no_post_and_keeps_the_level():
    columns, worth, levels = columns_and_worth(60)
    picked, bound = pick(columns, worth, POSTS, levels, nodes=1000, time_limit_s=10)
    assert picked is not None
    assert np.bincount(columns.posts[picked].ravel()).max() == 1
    assert np.count_nonzero(picked) >= levels[0].least
    assert worth[picked].sum() == pytest.approx(bound)


def test_where_nothing_keeps_the_level_that_is_told():
    columns, worth, levels = columns_and_worth(60)
    impossible = [Level(levels[0].worth, POSTS / 3 + 1)]
    assert pick(columns, worth, POSTS, impossible, nodes=1000, time_limit_s=10) == (None, -np.inf)


def test_a_search_that_begins_from_a_selection_ends_with_none_worse_and_finds_the_best():
    columns, worth, levels = columns_and_worth(60)
    best, bound = pick(columns, worth, POSTS, levels, nodes=1000, time_limit_s=10)
    assert best is not None
    poor, _ = pick(columns, -worth, POSTS, levels, nodes=1000, time_limit_s=10)
    assert poor is not None
    assert worth[poor].sum() < worth[best].sum()
    found, above = pick(columns, worth, POSTS, levels, nodes=1000, time_limit_s=10, start=poor)
    assert found is not None
    assert worth[found].sum() == pytest.approx(worth[best].sum())
    assert above == pytest.approx(bound)
