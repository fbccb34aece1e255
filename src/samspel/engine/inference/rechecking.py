"""The evidence for a change computed a second time, from densities; used in tests and before a signal is stored."""

import numpy as np
from scipy.special import logsumexp

from .changes import DEFAULT, Alarm, Blocks, Floats, Panel, Settings, blocks_of

__all__ = ["check", "evidence_of"]


def evidence_of(blocks: Blocks, *, settings: Settings = DEFAULT) -> float:
    """The evidence of a unit's weeks, by the definition: for each setting, size and week the density of the weeks'
    contrasts (which the level does not touch) with a change over the density without. Cost: weeks⁴ × settings.
    """
    count = len(blocks.number)
    if count < 2:
        return 0.0
    contrasts = np.linalg.svd(np.ones((1, count)))[2][1:]
    numbers = contrasts @ blocks.number
    apart = np.abs(blocks.ends[:, None] - blocks.ends[None, :])
    # A change counts from the first block that begins with it or after it.
    since = [int((blocks.begins < week).sum()) for week in range(int(blocks.begins[0]) + 1, int(blocks.ends[-1]) + 1)]
    nothing, bets = [], []
    for swing, kept in zip(*settings.grid, strict=True):
        plain = np.diag(blocks.variance) + swing**2 * kept**apart
        base = _density(contrasts, plain, numbers, settings)
        told: dict[int, float] = {}
        for place in set(since):
            step = (np.arange(count) >= place).astype(np.float64)
            stepped = [plain + effect**2 * np.outer(step, step) for effect in settings.effects]
            told[place] = np.mean([np.exp(_density(contrasts, one, numbers, settings) - base) for one in stepped])
        nothing.append(base)
        bets.append(sum(told[place] for place in since) / settings.weeks_a_year)
    weights = np.array(nothing)
    return float(np.exp(weights - logsumexp(weights)) @ np.array(bets))


def _density(contrasts: Floats, covariance: Floats, numbers: Floats, settings: Settings) -> float:
    from scipy.stats import multivariate_t  # half a second to load, once a night

    shape = contrasts @ covariance @ contrasts.T
    return float(multivariate_t.logpdf(numbers, shape=shape, df=settings.freedom))


def check(panel: Panel, away: Floats, alarm: Alarm, *, settings: Settings = DEFAULT) -> list[str]:
    """What is wrong with an alarm, in words; nothing when its evidence is what the weeks give and reaches the bar."""
    weeks = slice(alarm.begins, alarm.seen + 1)
    blocks = blocks_of(
        panel.n[alarm.unit, weeks], panel.good[alarm.unit, weeks], away[alarm.unit, weeks], settings=settings
    )
    found = evidence_of(blocks, settings=settings)
    wrong = []
    if abs(found - alarm.evidence) > 1e-6 * max(1.0, found):
        wrong.append(f"evidence must be {found:.9g}, got {alarm.evidence:.9g}")
    if found < settings.bar * (1 - 1e-9):
        wrong.append(f"evidence must reach {settings.bar}, got {found:.9g}")
    return wrong
