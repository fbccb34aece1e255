"""An attacker, written apart from the defence, cannot work out small counts; and little else is hidden."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samspel.engine.disclosure import (
    Cells,
    Hidden,
    ProtectionError,
    Share,
    Sum,
    check,
    protect,
    reach,
    release,
    told_share,
    two_way,
)

STATISTICS = np.array([[20, 50, 10], [8, 19, 22], [17, 32, 12]])


def hiding(cells: Cells, *values: int) -> Hidden:
    return Hidden(tuple("few" if value in values else "shown" for value in cells.values), is_least=False)


def test_one_hidden_cell_is_worked_out_and_four_give_a_range():
    cells = two_way(STATISTICS)
    place = cells.values.tolist().index(22)

    assert reach(cells, hiding(cells, 22), place) == (22, 22)
    assert reach(cells, hiding(cells, 22, 8, 17, 12), place) == (5, 30)


def counts(rows: int, columns: int) -> st.SearchStrategy[np.ndarray]:
    return st.lists(st.integers(0, 12), min_size=rows * columns, max_size=rows * columns).map(
        lambda flat: np.array(flat).reshape(rows, columns)
    )


def cost(cells: Cells, mask: np.ndarray) -> float:
    return float((1 + np.log1p(cells.values))[mask].sum())


def cheapest(cells: Cells) -> float | None:
    """By trying every choice of cells."""
    small = (cells.values > 0) & (cells.values < 5)
    free = np.flatnonzero(~small)
    best = None
    for choice in product((False, True), repeat=len(free)):
        mask = small.copy()
        mask[free] = choice
        if best is not None and cost(cells, mask) >= best:
            continue
        if not check(cells, Hidden(tuple("few" if one else "shown" for one in mask), is_least=False)):
            best = cost(cells, mask)
    return best


@settings(max_examples=25, deadline=None)
@given(counts(2, 2))
def test_the_least_is_hidden(table: np.ndarray):
    cells = two_way(table)

    best = cheapest(cells)

    if best is None:
        with pytest.raises(ProtectionError):
            protect(cells)
    else:
        hidden = protect(cells)
        assert check(cells, hidden) == []
        assert cost(cells, hidden.mask) == pytest.approx(best)
        assert hidden.is_least


@settings(max_examples=40, deadline=None)
@given(counts(4, 5))
def test_an_attacker_learns_nothing_of_what_is_too_few(table: np.ndarray):
    cells = two_way(table)

    try:
        hidden = protect(cells)
    except ProtectionError:
        return

    assert check(cells, hidden) == []
    assert all(cells.values[cell] >= 5 or cells.values[cell] == 0 for cell in np.flatnonzero(~hidden.mask))


def test_hiding_only_what_is_few_gives_it_away():
    rng = np.random.default_rng(2)
    cells = two_way(rng.poisson(9, size=(6, 8)))

    naive = Hidden(tuple("few" if 0 < value < 5 else "shown" for value in cells.values), is_least=False)

    assert check(cells, naive)
    assert check(cells, protect(cells)) == []


def test_two_tables_with_a_margin_in_common_do_not_betray_each_other():
    # The same thirty answers by week and by language: what one table hides, the other must not tell.
    by_week, by_language = [6, 3, 7], [12, 4]
    total = sum(by_week)
    alone = Cells(np.array([*by_week, total]), (Sum(3, (0, 1, 2)),))
    cells = Cells(np.array([*by_week, total, *by_language]), (Sum(3, (0, 1, 2)), Sum(3, (4, 5))))

    hidden = protect(cells)

    assert check(cells, hidden) == []
    assert protect(alone).mask.sum() == 2
    assert hidden.mask[[1, 5]].all()
    assert hidden.mask[[4, 3]].any()


def test_what_everybody_knows_protects_nothing():
    cells = two_way(np.array([[3, 9, 30], [9, 9, 30], [30, 30, 30]]))

    free = protect(cells)
    known = [int(cell) for cell in np.flatnonzero(free.mask) if cells.values[cell] >= 5]
    careful = protect(cells, known=known)

    assert check(cells, free) == []
    assert check(cells, free, known=known)
    assert check(cells, careful, known=known) == []
    assert not careful.mask[known].any()


def test_nothing_is_hidden_where_nothing_is_few():
    assert not protect(two_way(np.array([[5, 0], [7, 100]]))).mask.any()


def test_a_single_small_answer_alone_must_be_merged():
    with pytest.raises(ProtectionError, match="merge groups"):
        protect(two_way(np.array([[3]])), known=[1, 2, 3])


def test_out_of_time_it_hides_more_but_never_too_little():
    cells = two_way(np.random.default_rng(1).poisson(6, size=(8, 8)))

    hidden = protect(cells, time_limit_s=0)

    assert not hidden.is_least
    assert check(cells, hidden) == []


def test_the_audit_finds_a_small_cell_that_is_shown():
    cells = two_way(np.array([[3, 9], [9, 9]]))

    assert check(cells, hiding(cells))[0] == "cell 0 has 3 answers and is shown"


@given(st.lists(st.lists(st.integers(0, 4), min_size=4, max_size=4), max_size=40))
def test_no_two_releases_differ_by_less_than_five(days: list[list[int]]):
    shown = now = np.zeros(4, dtype=np.int64)
    releases = [shown]

    for day in days:
        now = now + day
        shown = release(shown, now)
        releases.append(shown)

    for one, other in product(releases, repeat=2):
        for part in (slice(0, 1), slice(0, 2), slice(1, 4), slice(None)):
            assert abs(int(one[part].sum()) - int(other[part].sum())) not in (1, 2, 3, 4)
    assert (now - shown < 5).all()


def test_what_was_erased_is_gone_at_once_and_a_withdrawal_waits():
    assert release(np.array([6, 6]), np.array([0, 5])).tolist() == [0, 6]


@pytest.mark.parametrize(
    ("count", "n", "told"),
    [
        (4, 4, None),
        (3, 5, Share(0.6, 0.6)),
        (5, 5, Share(0.8, 1.0)),
        (4, 5, Share(0.8, 1.0)),
        (0, 20, Share(0.0, 0.05)),
        (1, 20, Share(0.0, 0.05)),
        (10, 20, Share(0.5, 0.5)),
    ],
)
def test_nobodys_answer_is_told_by_a_share(count: int, n: int, told: Share | None):
    assert told_share(count, n) == told


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: two_way(np.array([[-1]])), "values must be at least 0"),
        (lambda: Cells(np.array([1, 2, 4]), (Sum(2, (0, 1)),)), "must be the sum of its parts 3, got 4"),
        (lambda: protect(two_way(STATISTICS), threshold=1), "threshold must be at least 2"),
        (lambda: release(np.zeros(2, dtype=int), np.zeros(3, dtype=int)), "as many cells"),
        (lambda: told_share(6, 5), "count must be from 0 to 5"),
    ],
)
def test_what_cannot_be_is_told(wrong: object, message: str):
    with pytest.raises(ValueError, match=message):
        wrong()  # type: ignore[operator]


def test_a_sum_from_which_more_follows_is_kept_in_doubt_like_a_small_cell():
    table = two_way(np.array([[20, 50], [30, 40]]))

    hidden = protect(table, also=[0])

    assert hidden.mask[0]
    assert hidden.mask.sum() == 4
    assert check(table, hidden, also=[0]) == []
    assert check(table, Hidden(("few", *["shown"] * 8), is_least=False), also=[0]) != []
