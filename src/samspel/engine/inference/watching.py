"""The watch itself: what is common to a unit's peers, and the bets on every week; see ``changes.py`` for what it is."""

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from .changes import DEFAULT, Alarm, Floats, Ints, Panel, Path, Settings, angle

__all__ = ["common", "follow"]

# No unit's week is surer than this of what all did, however many answered in it.
_LEAST_SWING = 0.03
_FAR = 3.5

# ---------------------------------------------------------------- what is common


def common(panel: Panel, *, settings: Settings = DEFAULT) -> Floats:
    """What each unit's peers, without itself, did in each week, on the scale and from an own zero: ``[units, weeks]``.

    The mean of the peers' distances from their own past levels. One that is far from the middle one counts little, and
    from ``_FAR`` standard errors not at all (Beaton and Tukey 1974, Technometrics 16:147), so that one unit's change is
    not all the others'. No week later than its own is used, so that a watch that goes on sees the same. Cost: linear.
    """
    out = np.zeros(panel.n.shape)
    for group in np.unique(panel.peers[panel.peers >= 0]):
        members = np.flatnonzero(panel.peers == group)
        if len(members) > settings.fewest_peers:
            out[members] = _common(panel.n[members], panel.good[members], settings.fewest_peers)
    return out


def _common(n: Ints, good: Ints, fewest: int) -> Floats:
    units, weeks = n.shape
    scaled, variance = angle(good, n), 1 / (4 * n + 2) + _LEAST_SWING**2
    out, level, known = np.zeros((units, weeks)), np.zeros(units), np.zeros(units)  # known: the level's precision
    for week in range(weeks):
        now, told = n[:, week] > 0, (n[:, week] > 0) & (known > 0)
        trust, shared = np.ones(units), float(out[:, week - 1].mean()) if week else 0.0
        if week:
            out[:, week] = out[:, week - 1]
        if told.sum() > fewest:
            away = np.where(told, scaled[:, week] - level, 0.0)
            error = variance[:, week] + 1 / np.where(told, known, 1.0)
            far = (away - np.median(away[told])) / (_FAR * np.sqrt(error))
            trust = np.where(told, np.maximum(1 - far**2, 0.0) ** 2, 1.0)
            weight = np.where(told, trust / error, 0.0)
            rest = weight.sum() - weight
            out[:, week] = np.where(
                rest > 0, ((weight * away).sum() - weight * away) / np.where(rest > 0, rest, 1.0), 0.0
            )
            shared = float((weight * away).sum() / weight.sum())
        more = np.where(now, trust / variance[:, week], 0.0)
        level += more * (scaled[:, week] - shared - level) / np.where(known + more > 0, known + more, 1.0)
        known += more
    return out


# ---------------------------------------------------------------- the watch


def follow(panel: Panel, away: Floats, *, settings: Settings = DEFAULT, stop: bool = False) -> Path:
    """Watch all units through all weeks of the panel; after an alarm a unit's watch begins anew with the next week.

    A Kalman filter for "a swing that lasts, and chance" takes each number apart into what was to be expected and what
    was new, for the weeks themselves, for a constant and for a step in each week; of these the likelihoods follow, with
    a flat prior on the level and an inverse gamma prior around one on the variance. A week adds to what was: the path
    to a week does not change when more weeks come. Cost: weeks² × units × settings; 600 units' year about a second.

    :param away: what was common, from :func:`common`.
    :param stop: leave a unit after its first alarm (for simulations).
    """
    return _Watch(panel, away, settings).run(stop=stop)


class _Watch:
    """The arrays of a watch: ``[units, settings]``; for steps ``[units, settings, weeks]``."""

    def __init__(self, panel: Panel, away: Floats, settings: Settings) -> None:
        units, weeks = panel.n.shape
        swings, self.lasting = settings.grid
        self.variance = swings**2
        self.panel, self.away, self.settings = panel, away, settings
        shape = (units, len(swings))
        self.wide = np.zeros(shape) + self.variance  # the variance of what is expected of the swing
        self.level = np.zeros((2, *shape))  # what is expected of the weeks, and of a constant
        self.step = np.zeros((*shape, weeks))  # and of a step in each week
        self.sums = np.zeros((4, *shape))  # log variance, constant², weeks × constant, weeks²
        self.steps = np.zeros((3, *shape, weeks))  # step², step × constant, step × weeks
        self.blocks = np.zeros(units)
        self.begins = np.zeros(units, dtype=np.int64)  # watched from this week
        self.opened = np.zeros(units, dtype=np.int64)  # the week that began what is laid together now
        self.held = np.zeros((3, units))  # n, good, n × common

    def run(self, *, stop: bool) -> Path:
        units, weeks = self.panel.n.shape
        evidence, alarms, latest = np.zeros((units, weeks)), [], np.zeros(units)
        going = np.ones(units, dtype=bool)
        for week in range(weeks):
            told = self._take(week)
            if told.any():
                latest = np.where(told, self._weigh(week), latest)
            evidence[:, week] = np.where(going, latest, 0.0)
            for unit in map(int, np.flatnonzero((latest >= self.settings.bar) & going)):
                alarms.append(Alarm(unit, int(self.begins[unit]), week, float(latest[unit])))
                latest[unit], going[unit] = 0.0, not stop
                self._begin_anew(unit, week + 1)
        return Path(evidence, tuple(alarms))

    def _take(self, week: int) -> npt.NDArray[np.bool_]:
        """Let a week pass; which units had enough answers for a new number."""
        self.level *= self.lasting
        self.step[..., : week + 1] *= self.lasting[:, None]
        self.wide = self.variance + self.lasting**2 * (self.wide - self.variance)
        n = self.panel.n[:, week]
        # The watch begins with the first answers: weeks before them have no stakes.
        self.begins = np.where((self.blocks == 0) & (self.held[0] == 0), week, self.begins)
        self.opened = np.where(self.held[0] == 0, week, self.opened)
        self.held += (n, self.panel.good[:, week], n * self.away[:, week])
        told = np.asarray(self.held[0] >= self.settings.least)
        if told.any():
            self._update(told, week)
        return told

    def _update(self, told: npt.NDArray[np.bool_], week: int) -> None:
        n, good, shared = self.held[:, told]
        number = angle(good, n) - shared / n
        wide = self.wide[told]
        variance = wide + (1 / (4 * n + 2))[:, None]
        root, gain = np.sqrt(variance), wide / variance
        new = np.stack([np.broadcast_to(number[:, None], wide.shape), np.ones(wide.shape)]) - self.level[:, told]
        self.level[:, told] += gain * new
        new /= root
        # A change within what was laid together counts from the next.
        is_on = np.arange(week + 1) <= self.opened[told, None]
        step = is_on[:, None, :] - self.step[told][..., : week + 1]
        self.step[told, :, : week + 1] += gain[..., None] * step
        step /= root[..., None]
        self.wide[told] = wide * (1 - gain)
        self.sums[:, told] += np.stack([np.log(variance), new[1] ** 2, new[0] * new[1], new[0] ** 2])
        products = np.stack([step**2, step * new[1][..., None], step * new[0][..., None]])
        self.steps[:, told, :, : week + 1] += products
        self.blocks[told] += 1
        self.held[:, told] = 0

    def _weigh(self, week: int) -> Floats:
        """Every unit's evidence: shape ``[units]``."""
        s = self.settings
        logs, constant, cross, square = self.sums
        constant = np.maximum(constant, 1e-300)
        rest = s.freedom + np.maximum(square - cross**2 / constant, 0.0)
        power = (s.freedom + np.maximum(self.blocks - 1, 0.0))[:, None] / 2
        nothing = -logs / 2 - np.log(constant) / 2 - power * np.log(rest)
        size, along, hit = self.steps[..., : week + 1]
        size = np.maximum(size - along**2 / constant[..., None], 0.0)
        hit = hit - along * (cross / constant)[..., None]
        bets = np.zeros(nothing.shape)
        is_watched = np.arange(week + 1) > self.begins[:, None, None]  # a change needs a week before it
        for effect in s.effects:
            more = 1 + effect**2 * size
            gained = np.minimum(effect**2 * hit**2 / (more * rest[..., None]), 1 - 1e-12)
            grown = np.exp(np.minimum(-np.log(more) / 2 - power[..., None] * np.log1p(-gained), 500.0))
            bets += np.where(is_watched, grown, 0.0).sum(axis=-1)
        bets /= s.weeks_a_year * len(s.effects)
        likely = np.exp(nothing - logsumexp(nothing, axis=1, keepdims=True))
        return np.asarray((likely * bets).sum(axis=1))

    def _begin_anew(self, unit: int, week: int) -> None:
        self.wide[unit] = self.variance
        for one in (self.level, self.sums, self.steps, self.held):
            one[:, unit] = 0.0
        self.step[unit] = 0.0
        self.blocks[unit] = 0
        self.begins[unit] = week
