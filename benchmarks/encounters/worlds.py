"""Simulated years of units in which nothing changes, or in which a step was planted: what the watch is measured on.

A year is 52 weeks of seven days. A unit's share on the logit scale is its own level, what lasts from day to day or from
week to week, and what the whole city has in common; answers of one day may hang together (beta-binomial).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

WEEKS, DAYS = 52, 364
_WEEKDAYS = np.array([1.3, 1.2, 1.1, 1.2, 1.0, 0.6, 0.6])

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """How a year goes. A swing is a standard deviation on the logit scale; what lasts is left after a day or a week."""

    name: str
    share: float = 0.75
    a_day: float = 10.0
    units: int = 12  # in a service
    together: float = 0.0  # of one day's answers: intraclass correlation
    day_swing: float = 0.0
    day_lasting: float = 0.0
    week_swing: float = 0.0
    week_lasting: float = 0.0
    trend: float = 0.0  # how far the whole city drifts in the year, to either side, and wanders
    season: float = 0.0
    mixed: bool = False  # half of the units are calm
    alone: bool = False  # no peers are told to the watch


WORLDS = (
    World("independent answers"),
    World("clustered days, ICC .05", a_day=20, together=0.05),
    World("daily level AR .3", day_swing=0.5, day_lasting=0.3),
    World("daily level AR .6", day_swing=0.5, day_lasting=0.6),
    World("weekly level AR .3", week_swing=0.25, week_lasting=0.3),
    World("weekly level AR .6", week_swing=0.25, week_lasting=0.6),
    World("weekly level AR .6, 50 a day", week_swing=0.25, week_lasting=0.6, a_day=50),
    World("slow trend of the city", trend=0.8),
    World("seasons", season=0.4),
    World("two answers a day", a_day=2),
    World("two answers a day, clustered, AR .6", a_day=2, together=0.05, week_swing=0.25, week_lasting=0.6),
    World("share .97", share=0.97),
    World("share .03", share=0.03),
    World("all at once", together=0.05, week_swing=0.2, week_lasting=0.6, trend=0.8, season=0.4),
    World("half the units calm", together=0.05, week_swing=0.25, week_lasting=0.6, mixed=True, a_day=20),
    World("alone: independent", alone=True),
    World("alone: clustered days", alone=True, a_day=20, together=0.05),
    World("alone: daily AR .6", alone=True, day_swing=0.5, day_lasting=0.6),
    World("alone: weekly AR .3", alone=True, week_swing=0.25, week_lasting=0.3),
    World("alone: weekly AR .6", alone=True, week_swing=0.25, week_lasting=0.6),
)


@dataclass(frozen=True)
class Year:
    """Counts by day: shapes ``[units, days]``; ``peers``: shape ``[units]``."""

    n: Ints
    good: Ints
    peers: Ints

    def by_weeks(self) -> tuple[Ints, Ints]:
        shape = (len(self.n), -1, 7)
        return self.n.reshape(shape).sum(axis=2), self.good.reshape(shape).sum(axis=2)


def year(
    world: World, services: int, rng: np.random.Generator, *, gap: float = 0.0, day: int = DAYS // 2, changed: int = 1
) -> Year:
    """A year of so many services. With ``gap`` the first ``changed`` units of each change by that from ``day`` on."""
    units = services * world.units
    levels = _logit(np.clip(world.share, 0.005, 0.995)) + rng.normal(0, 0.2, (units, 1))
    calm = np.where(np.arange(units) % 2 == 0, 0.0, 1.0)[:, None] if world.mixed else 1.0
    latent = levels + calm * _lasting(units, DAYS, world.day_swing, world.day_lasting, rng)
    latent += calm * np.repeat(_lasting(units, WEEKS, world.week_swing, world.week_lasting, rng), 7, axis=1)
    latent += np.repeat(_shared(world, services, rng), world.units, axis=0)
    share = 1 / (1 + np.exp(-latent))
    if gap:
        share[np.arange(units) % world.units < changed, day:] += gap
        share = np.clip(share, 0.005, 0.995)
    volume = world.a_day * rng.lognormal(0, 0.3 if world.a_day > 3 else 0, (units, 1)) * np.tile(_WEEKDAYS, WEEKS)
    n = rng.poisson(volume)
    if world.together:
        share = np.where(np.broadcast_to(calm, share.shape) > 0, alike(share, world.together, rng), share)
    good = rng.binomial(n, np.clip(share, 0, 1))
    peers = np.full(units, -1) if world.alone else np.repeat(np.arange(services), world.units)
    return Year(n.astype(np.int64), good.astype(np.int64), peers)


def alike(shares: Floats, correlation: float, rng: np.random.Generator) -> Floats:
    """Shares drawn around these, so that answers with the same one have that intraclass correlation."""
    if not correlation:
        return shares
    strength = (1 - correlation) / correlation
    return rng.beta(np.maximum(shares * strength, 1e-3), np.maximum((1 - shares) * strength, 1e-3))


def _shared(world: World, services: int, rng: np.random.Generator) -> Floats:
    days = np.arange(DAYS)
    drift = rng.choice([-1.0, 1.0], (services, 1)) * world.trend * days / DAYS
    wander = np.cumsum(rng.normal(0, world.trend / 5 / np.sqrt(DAYS), (services, DAYS)), axis=1)
    waves = world.season * np.sin(2 * np.pi * (days / DAYS + rng.random((services, 1))))
    holiday = -world.season / 2 * ((days // 7 >= 26) & (days // 7 < 31))
    return np.asarray(drift + wander + waves + holiday)


def _lasting(units: int, times: int, swing: float, lasting: float, rng: np.random.Generator) -> Floats:
    out = np.zeros((units, times))
    if not swing:
        return out
    out[:, 0] = rng.normal(0, swing, units)
    for time in range(1, times):
        out[:, time] = lasting * out[:, time - 1] + rng.normal(0, swing * np.sqrt(1 - lasting**2), units)
    return out


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def with_(world: World, **changes: float) -> World:
    """The same world but for these."""
    return replace(world, **changes)  # type: ignore[arg-type]
