"""Shares of answers that hang together by day."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspel.engine.inference import clustered_share, smallest_gap, smallest_seen, wilson

DAYS = st.lists(
    st.integers(0, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=40
).filter(lambda days: any(n for _count, n in days))


@given(DAYS)
def test_limits_lie_around_the_share_and_within_0_and_1(days: list[tuple[int, int]]) -> None:
    counts, ns = zip(*days, strict=True)

    share, variance = clustered_share(counts, ns)

    assert share.estimate == pytest.approx(sum(counts) / sum(ns))
    assert 0 <= share.low <= share.estimate <= share.high <= 1
    assert variance > 0


def test_it_is_never_surer_than_of_independent_answers() -> None:
    alike, _variance = clustered_share([8] * 20, [10] * 20)

    assert alike.high - alike.low == pytest.approx(wilson(160, 200).high - wilson(160, 200).low, rel=0.02)


@pytest.mark.parametrize("spread", [0.0, 0.15])
def test_it_holds_the_truth_where_days_differ_and_wilson_does_not(spread: float) -> None:
    rng = np.random.default_rng(7)
    held = held_by_wilson = 0
    for _ in range(2000):
        ns = rng.integers(5, 30, 60)
        counts = rng.binomial(ns, np.clip(rng.normal(0.7, spread, 60), 0, 1))
        held += clustered_share(counts, ns)[0].holds(0.7)
        held_by_wilson += wilson(int(counts.sum()), int(ns.sum())).holds(0.7)

    assert held / 2000 >= 0.92
    assert (held_by_wilson / 2000 >= 0.93) == (spread == 0.0)


def test_what_is_not_possible_is_refused() -> None:
    for counts, ns in (([1, 2], [3]), ([4], [3]), ([-1], [3]), ([0], [0])):
        with pytest.raises(ValueError, match="counts must be"):
            clustered_share(counts, ns)
    with pytest.raises(ValueError, match="variance must be"):
        smallest_seen(-1)


def test_who_looks_every_day_sees_less() -> None:
    assert 1.3 < smallest_seen(0.01) / smallest_gap(0.01) < 1.5
