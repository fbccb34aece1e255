"""A change is found, told with its weeks and shares, and seldom seen where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_t

from samspel.engine.inference.changes import Alarm, Blocks, Panel, Settings, angle, blocks_of, share_of, tell
from samspel.engine.inference.rechecking import check, evidence_of
from samspel.engine.inference.watching import common, follow

ONE_SETTING = Settings(swings=(0.06,), lasting=(0.35,), effects=(0.2,))


def panel(good: np.ndarray, n: np.ndarray, peers: int = -1) -> Panel:
    good, n = np.atleast_2d(good), np.atleast_2d(n)
    return Panel(n.astype(np.int64), good.astype(np.int64), np.full(len(n), peers))


def drawn(rng: np.random.Generator, shares: np.ndarray, a_week: float) -> Panel:
    n = rng.poisson(a_week, shares.shape)
    return panel(rng.binomial(n, shares), n, peers=0)


def numbers(values: list[float], n: int = 30) -> Blocks:
    weeks = np.arange(len(values))
    many = np.full(len(values), n)
    return Blocks(weeks, weeks, many, np.array(values), 1 / (4.0 * many + 2))


# ---------------------------------------------------------------- the bets are fair


@pytest.mark.parametrize("past", [[1.1], [1.1, 1.3], [1.2, 1.0, 1.05], [1.1, 1.1, 0.8, 0.75]])
def test_when_nothing_changes_a_week_adds_one_stake_on_average_whatever_came_before(past: list[float]):
    """By integration over all that the next week may bring: the sum of bets less its stakes is a martingale."""
    s = ONE_SETTING
    now = evidence_of(numbers(past), settings=s)

    def of(next_: float) -> float:
        return evidence_of(numbers([*past, next_]), settings=s) * predicted(past, next_, s)

    expected = quad(of, -6, 8, limit=200, points=[float(np.mean(past))])[0]

    assert expected == pytest.approx(now + 1 / s.weeks_a_year, rel=1e-4)


def predicted(past: list[float], next_: float, s: Settings) -> float:
    """The density of the next week given the past, when nothing changes and nothing is known of the level."""

    def of(values: list[float]) -> float:
        count = len(values)
        if count == 1:
            return 1.0
        apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
        covariance = np.eye(count) / (4 * 30 + 2) + s.swings[0] ** 2 * s.lasting[0] ** apart
        # Differences between neighbours: other contrasts than the checker's, of the same content.
        steps = np.diff(np.eye(count), axis=0)
        return float(multivariate_t.pdf(steps @ values, shape=steps @ covariance @ steps.T, df=s.freedom))

    return of([*past, next_]) / of(past)


def test_the_watch_finds_what_the_densities_say():
    rng = np.random.default_rng(1)
    shares = np.full((7, 24), 0.7)
    shares[0, 12:] = 0.35
    seen = drawn(rng, shares, 12)
    away = common(seen)

    path = follow(seen, away)

    assert path.alarms
    for alarm in path.alarms:
        assert check(seen, away, alarm) == []
        assert check(seen, away, replace(alarm, evidence=alarm.evidence * 1.01)) != []
    for unit in (1, 2):
        blocks = blocks_of(seen.n[unit], seen.good[unit], away[unit])
        alone = follow(panel(seen.good[unit], seen.n[unit]), away[[unit]]).evidence[0, -1]
        assert alone == pytest.approx(evidence_of(blocks), rel=1e-8)


def test_evidence_below_the_bar_is_not_a_change():
    seen = panel(np.full(8, 14), np.full(8, 20))
    path = follow(seen, np.zeros((1, 8)))
    made_up = Alarm(0, 0, 7, float(path.evidence[0, -1]))

    assert check(seen, np.zeros((1, 8)), made_up) == [f"evidence must reach 8.0, got {path.evidence[0, -1]:.9g}"]


# ---------------------------------------------------------------- what is seen, and told


def test_a_change_is_seen_and_told_with_its_week_and_its_shares():
    rng = np.random.default_rng(8)
    shares = np.full((12, 40), 0.8)
    shares[3, 20:] = 0.6
    seen = drawn(rng, shares, 60)
    away = common(seen)

    (alarm,) = follow(seen, away).alarms
    change = tell(seen, away, alarm)

    assert alarm.unit == 3
    assert 20 < alarm.seen <= 24
    assert change.earliest <= 20 <= change.latest
    assert change.before.holds(0.8)
    assert change.after.holds(0.6)
    assert change.gap.holds(-0.2)
    assert change.n_before + change.n_after == seen.n[3, : alarm.seen + 1].sum()


def test_what_all_do_is_nobodys_change():
    rng = np.random.default_rng(3)
    season = 0.7 + 0.15 * np.sin(np.arange(52) / 52 * 2 * np.pi)
    seen = drawn(rng, np.tile(season, (12, 1)), 100)

    together = follow(seen, common(seen)).alarms
    alone = follow(replace(seen, peers=np.full(12, -1)), np.zeros((12, 52))).alarms

    assert not together
    assert len(alone) >= 10  # the season was there to be seen


def test_one_units_change_is_not_its_peers():
    rng = np.random.default_rng(4)
    shares = np.full((6, 52), 0.8)
    shares[0, 10:] = 0.2
    seen = drawn(rng, shares, 80)

    alarms = follow(seen, common(seen)).alarms

    assert {alarm.unit for alarm in alarms} == {0}


def test_a_change_is_told_once_and_the_next_one_again():
    rng = np.random.default_rng(5)
    shares = np.full((8, 60), 0.8)
    shares[2, 20:40] = 0.5
    seen = drawn(rng, shares, 80)

    alarms = follow(seen, common(seen)).alarms

    assert [alarm.unit for alarm in alarms] == [2, 2]
    assert alarms[1].begins == alarms[0].seen + 1
    assert alarms[1].seen >= 40


def test_the_past_does_not_change_when_more_weeks_come():
    rng = np.random.default_rng(6)
    whole = drawn(rng, np.full((9, 30), 0.75), 15)
    half = Panel(whole.n[:, :17], whole.good[:, :17], whole.peers)

    assert np.allclose(follow(whole, common(whole)).evidence[:, :17], follow(half, common(half)).evidence)


def test_few_answers_are_laid_together_and_weeks_without_any_wait():
    n = np.array([4, 0, 7, 3, 12, 0, 0])
    good = np.array([4, 0, 5, 1, 12, 0, 0])

    blocks = blocks_of(n, good, np.zeros(7))

    assert blocks.begins.tolist() == [0, 3]
    assert blocks.ends.tolist() == [2, 4]
    assert blocks.n.tolist() == [11, 15]
    path = follow(panel(good, n), np.zeros((1, 7)))
    assert not path.evidence[0, :2].any()
    assert path.evidence[0, 3] == path.evidence[0, 2]
    assert path.evidence[0, 6] == path.evidence[0, 4] > path.evidence[0, 3]


def test_a_unit_that_comes_late_is_watched_from_its_first_answers():
    rng = np.random.default_rng(9)
    n = rng.poisson(30, (1, 30))
    good = rng.binomial(n, np.where(np.arange(30) < 15, 0.9, 0.4))
    late, late_good = (np.concatenate([np.zeros((1, 40), dtype=int), one], axis=1) for one in (n, good))

    (soon,) = follow(panel(good, n), np.zeros((1, 30))).alarms
    (later,) = follow(panel(late_good, late), np.zeros((1, 70))).alarms

    assert later == replace(soon, begins=soon.begins + 40, seen=soon.seen + 40)


def test_stopping_leaves_a_unit_after_its_first_alarm():
    rng = np.random.default_rng(5)
    shares = np.full((1, 60), 0.8)
    shares[0, 20:40] = 0.3
    seen = drawn(rng, shares, 80)

    path = follow(seen, np.zeros((1, 60)), stop=True)

    assert len(path.alarms) == 1
    assert not path.evidence[0, path.alarms[0].seen + 1 :].any()


# ---------------------------------------------------------------- few false alarms


def test_nothing_is_seen_in_nineteen_years_of_twenty_though_weeks_swing_and_one_looks_every_day():
    rng = np.random.default_rng(7)
    years, weeks = 480, 52
    swing = np.zeros((years, weeks))
    for week in range(1, weeks):
        swing[:, week] = 0.6 * swing[:, week - 1] + rng.normal(0, 0.2, years)
    shares = 1 / (1 + np.exp(-1 - swing))
    n = rng.poisson(40, shares.shape)
    seen = Panel(n, rng.binomial(n, shares), np.repeat(np.arange(years // 12), 12))

    alarms = follow(seen, common(seen), stop=True).alarms
    looks = angle(seen.good.cumsum(axis=1), n.cumsum(axis=1))
    error = np.sqrt(1 / (4 * n + 2) + 1 / (4 * n.cumsum(axis=1) + 2))
    naive = (np.abs(angle(seen.good, n)[:, 1:] - looks[:, :-1]) > 1.96 * error[:, 1:]).any(axis=1)

    assert len(alarms) / years <= 0.05 < 0.9 < naive.mean()


def test_the_scale_goes_there_and_back():
    for good, n in ((0, 40), (13, 40), (40, 40)):
        assert share_of(float(angle(np.array(good), np.array(n)))) == pytest.approx(good / n, abs=0.02)
    assert share_of(-0.1) == 0
    assert share_of(2.0) == 1


def test_the_scales_variance_is_what_is_said_unless_the_share_is_at_the_edge_where_it_is_less():
    from scipy.stats import binom

    for n in (10, 40):
        for share in (0.02, 0.1, 0.5, 0.8, 0.98):
            count = np.arange(n + 1)
            weight, scaled = binom.pmf(count, n, share), angle(count, np.full(n + 1, n))
            variance = weight @ scaled**2 - (weight @ scaled) ** 2
            assert variance < 1.1 / (4 * n + 2)
            if n * min(share, 1 - share) >= 2:
                assert variance > 0.9 / (4 * n + 2)


@pytest.mark.parametrize(
    ("n", "good", "peers", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 2)), np.zeros(2), "must be"),
        (np.ones((2, 3)), np.ones((2, 3)), np.zeros(3), "must be"),
        (np.ones((2, 3)), 2 * np.ones((2, 3)), np.zeros(2), "good must be from 0 to n"),
    ],
)
def test_counts_that_cannot_be_are_told(n: np.ndarray, good: np.ndarray, peers: np.ndarray, message: str):
    with pytest.raises(ValueError, match=message):
        Panel(n.astype(int), good.astype(int), peers.astype(int))
