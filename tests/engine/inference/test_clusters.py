"""Shares of answers that hang together by day."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspel.engine.inference import ClusterSums, clustered_share, design_effects, smallest_gap, smallest_seen, wilson

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


def sums_of(counts: Sequence[int], ns: Sequence[int]) -> ClusterSums:
    y, m = np.array(counts, dtype=np.int64), np.array(ns, dtype=np.int64)
    return ClusterSums(*(int(one) for one in (m.sum(), y.sum(), m @ m, m @ y, y @ y)))


def test_a_design_effect_by_hand() -> None:
    # Shares .5; clusters of 4 with 4, 0, 2 and 2: apart 4 + 4 = 8, of one answer .25 (16 - 64/16) = 3, of all pairs
    # .25 (64 - 16) = 12; alike by 5/12, and a cluster has 3 others: 1 + 3 * 5/12.
    assert design_effects([sums_of([4, 0, 2, 2], [4, 4, 4, 4])]) == [pytest.approx(2.25)]


@given(st.lists(DAYS, min_size=1, max_size=6))
def test_answers_never_count_for_more_than_they_are(groups: list[list[tuple[int, int]]]) -> None:
    all_sums = [sums_of(*zip(*days, strict=True)) for days in groups]

    effects = design_effects(all_sums)

    for sums, effect, days in zip(all_sums, effects, groups, strict=True):
        assert 1 <= effect <= max(n for _count, n in days) + 1e-9
        assert sums.n / effect >= 1 - 1e-9


@pytest.mark.parametrize("alike", [0.0, 0.05, 0.2])
def test_a_design_effect_is_what_the_share_varies_by(alike: float) -> None:
    rng = np.random.default_rng(11)
    ns = np.concatenate([np.full(40, 10), np.full(80, 5)])
    told, shares = [], []
    for _ in range(800):
        drawn = rng.beta(0.7 * (1 - alike) / alike, 0.3 * (1 - alike) / alike, len(ns)) if alike else 0.7
        counts = rng.binomial(ns, drawn)
        told += design_effects([sums_of(counts.tolist(), ns.tolist())])
        shares.append(counts.sum() / ns.sum())

    varies = np.var(shares) / (0.7 * 0.3 / ns.sum())
    assert varies == pytest.approx(1 + alike * (ns @ ns / ns.sum() - 1), rel=0.15)
    assert np.mean(told) == pytest.approx(varies, rel=0.15)


def test_alone_or_agreed_nothing_is_alike() -> None:
    assert design_effects([]) == []
    assert design_effects([sums_of([1], [1]), sums_of([9, 8], [9, 8]), sums_of([0, 0], [3, 4])]) == [1, 1, 1]
    with pytest.raises(ValueError, match="must have an answer"):
        design_effects([sums_of([0], [0])])
