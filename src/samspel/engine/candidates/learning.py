"""What bridge-builders accept and reject, as weights that anyone can read, set and reset; and whether it helps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samspel.engine.records import Description

from .records import PARTS, Weights

__all__ = ["Judged", "Learned", "check_learned", "describe_learned", "learn"]

Floats = npt.NDArray[np.float64]
_FIRM = 8.0  # how firmly the weights stand: about as four hundred judgements do (0.02 each for a part)
_SHARPNESS, _SHARPNESS_FIRM = 10.0, 0.02  # a point of score is a tenth of a unit of log odds, until judgements say
_FOLDS = 10
_FEWEST = 10  # accepted and rejected pairs each, before anything is told of a gain
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Judged:
    """Pairs that a bridge-builder said yes or no to.

    :param parts: ``[pairs, parts]`` in the order of `PARTS`, as they were when the pair was judged.
    :param accepted: ``[pairs]``.
    :param needs: ``[pairs]``, whose need each is about: what is said of one need is told apart only together.
    """

    parts: Floats
    accepted: npt.NDArray[np.bool_]
    needs: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.parts.shape != (len(self.accepted), len(PARTS)):
            raise ValueError(f"parts must be {len(self.accepted)} rows of {len(PARTS)}, got {self.parts.shape}")
        if len(self.needs) != len(self.accepted):
            raise ValueError(f"needs must be {len(self.accepted)}, one for each pair, got {len(self.needs)}")
        if self.parts.size and not (self.parts.min() >= 0 and self.parts.max() <= 1):
            raise ValueError("parts must be from 0 to 1")

    def __len__(self) -> int:
        return len(self.accepted)

    def only(self, pairs: npt.NDArray[np.bool_]) -> "Judged":
        return Judged(self.parts[pairs], self.accepted[pairs], self.needs[pairs])


@dataclass(frozen=True, slots=True)
class Learned:
    """Weights out of judgements, and how often an accepted pair stands before a rejected one.

    :param first: the weights that were there before.
    :param before, after: with the first weights, and with weights learned from other needs than the pair's own; None
        while too few are judged.
    :param low, high: the gain, with 95 % certainty.
    """

    weights: Weights
    first: Weights
    judged: int
    accepted: int
    before: float | None = None
    after: float | None = None
    low: float = -1.0
    high: float = 1.0

    @property
    def can_tell(self) -> bool:
        """Whether the learned weights are better, or worse, than those before."""
        return self.low > 0 or self.high < 0


def learn(judged: Judged, weights: Weights | None = None) -> Learned:
    """Weights with which accepted pairs stand before rejected ones, as near to the given as the judgements allow.

    The odds that a pair is accepted are taken to grow with its score (logistic regression); what a weight departs from
    the given costs its square, so that few judgements move little and many decide. No weight is below 0, and their
    sum stays. The gain is counted on needs that were left out while learning (ten parts, in the order in which the
    needs came), its interval by what each need adds to it (DeLong, DeLong and Clarke-Pearson 1988, by needs).

    Cost: a few hundred passes over the pairs, and a sort.

    >>> parts = np.array([[1, 0, 0, 1, 1], [0, 1, 1, 1, 1]] * 100, dtype=float)
    >>> judged = Judged(parts, np.array([True, False] * 100), np.arange(200) // 2)
    >>> learned = learn(judged)
    >>> learned.weights.words > Weights().words, learned.before, learned.after
    (True, 0.0, 1.0)
    """
    first = Weights() if weights is None else weights
    counts = len(judged), int(judged.accepted.sum())
    told = _fitted(judged, first)
    if min(counts[1], counts[0] - counts[1]) < _FEWEST or len(np.unique(judged.needs)) < 2:
        return Learned(told, first, *counts)
    before, after = judged.parts @ _shares(first), _left_out(judged, first)
    had, has = (_standing(scores, judged.accepted) for scores in (before, after))
    low, high = _interval(has.each - had.each, has.mean - had.mean, judged)
    return Learned(told, first, *counts, had.mean, has.mean, low, high)


def _shares(weights: Weights) -> Floats:
    values = np.array([weight for _, weight in weights], dtype=np.float64)
    shares: Floats = values / values.sum()
    return shares


def _fitted(judged: Judged, first: Weights) -> Weights:
    from scipy.optimize import minimize

    if judged.accepted.all() or not judged.accepted.any():
        return first
    sign, shares = np.where(judged.accepted, 1.0, -1.0), _shares(first)
    count = len(PARTS)

    def loss(at: Floats) -> tuple[float, Floats]:
        """Of the judgements, and of departing: ``at`` is the parts' weights, how sharp scores are, and the level."""
        parts, sharpness, level = at[:count], at[count], at[count + 1]
        margins = sign * (judged.parts @ parts + level)
        apart = parts - sharpness * shares
        value = float(np.logaddexp(0.0, -margins).sum())
        value += 0.5 * _FIRM * float(apart @ apart) + 0.5 * _SHARPNESS_FIRM * (sharpness - _SHARPNESS) ** 2
        slopes = -sign / (1.0 + np.exp(np.minimum(margins, 500.0)))
        of_sharpness = -_FIRM * float(apart @ shares) + _SHARPNESS_FIRM * (sharpness - _SHARPNESS)
        return value, np.concatenate([slopes @ judged.parts + _FIRM * apart, [of_sharpness, slopes.sum()]])

    begin = np.concatenate([_SHARPNESS * shares, [_SHARPNESS, -_SHARPNESS / 2]])
    limits = [(0.0, None)] * (count + 1) + [(None, None)]
    options = {"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=limits, options=options).x[:count]
    if found.sum() <= 0:
        return first
    total = sum(weight for _, weight in first)
    rounded = np.round(found * total / found.sum(), 2).tolist()
    return Weights(**dict(zip(PARTS, rounded, strict=True)))


def _left_out(judged: Judged, first: Weights) -> Floats:
    """Scores of each pair with weights that were learned from the other folds."""
    _, begins, place = np.unique(judged.needs, return_index=True, return_inverse=True)
    fold = np.argsort(np.argsort(begins))[place] % _FOLDS
    scores = np.empty(len(judged))
    for number in range(_FOLDS):
        out = fold == number
        if out.any():
            scores[out] = judged.parts[out] @ _shares(_fitted(judged.only(~out), first))
    return scores


@dataclass(frozen=True, slots=True)
class _Standing:
    """How often an accepted pair stands before a rejected one; and for each pair, before (or behind) what share."""

    mean: float
    each: Floats


def _standing(scores: Floats, accepted: npt.NDArray[np.bool_]) -> _Standing:
    each = np.empty(len(scores))
    rounded = np.round(scores, 9)
    for own, other, ahead in ((accepted, ~accepted, 1), (~accepted, accepted, -1)):
        others = np.sort(ahead * rounded[other])
        below, to = (np.searchsorted(others, ahead * rounded[own], side=side) for side in ("left", "right"))
        each[own] = (below + to) / (2 * len(others))
    return _Standing(float(each[accepted].mean()), each)


def _interval(gains: Floats, gain: float, judged: Judged) -> tuple[float, float]:
    from scipy.stats import t

    accepted = judged.accepted
    adds = (gains - gain) / np.where(accepted, accepted.sum(), (~accepted).sum())
    _, place = np.unique(judged.needs, return_inverse=True)
    by_need = np.bincount(place, adds)
    count = len(by_need)
    error = float(np.sqrt(count / (count - 1) * (by_need**2).sum()))
    reach = float(t.ppf((1 + _SURE) / 2, count - 1)) * error
    return gain - reach, gain + reach


def check_learned(judged: Judged, learned: Learned) -> list[str]:
    """What is wrong with what was learned, in words; every pair of pairs is counted, in plain sums."""
    wrong = []
    if (learned.judged, learned.accepted) != (len(judged), sum(judged.accepted.tolist())):
        wrong.append(f"{learned.accepted} of {learned.judged} accepted is not what was judged")
    sums = [sum(weight for _, weight in weights) for weights in (learned.weights, learned.first)]
    if abs(sums[0] - sums[1]) > 0.005 * len(PARTS) + 1e-9:
        wrong.append(f"weights must sum to {sums[1]:g}, got {sums[0]:g}")
    if learned.before is None:
        return wrong
    scores = [
        sum(part * weight for part, (_, weight) in zip(row, learned.first, strict=True))
        for row in judged.parts.tolist()
    ]
    yes, no = ([score for score, said in zip(scores, judged.accepted, strict=True) if said == kind] for kind in (1, 0))
    ahead = sum((one > other + 1e-8) + 0.5 * (abs(one - other) <= 1e-8) for one in yes for other in no)
    if abs(ahead / (len(yes) * len(no)) - learned.before) > 1e-6:
        wrong.append(f"an accepted pair stood before a rejected one {ahead / (len(yes) * len(no)):.3f} of the times")
    if learned.after is not None and not learned.low <= learned.after - learned.before <= learned.high:
        wrong.append(f"the gain {learned.after - learned.before:g} is not from {learned.low:g} to {learned.high:g}")
    return wrong


def describe_learned(learned: Learned) -> tuple[Description, ...]:
    """What was learned, in sentences.

    Kinds and their numbers: `judged` (judged, accepted) · `weights` (each by its name) · `gain` (before, after, low,
    high), while enough are judged, or `too_few` (fewest, of accepted and of rejected).
    """
    return tuple(_told(learned))


def _told(learned: Learned) -> Iterator[Description]:
    numbers: dict[str, int | float | str] = {"judged": learned.judged, "accepted": learned.accepted}
    yield Description("judged", numbers, f"{learned.judged} pairs are judged, {learned.accepted} accepted.")
    were = dict(learned.first)
    moved = ", ".join(f"{name} {value:g} (was {were[name]:g})" for name, value in learned.weights)
    yield Description("weights", dict(learned.weights), f"Weights: {moved}.")
    if learned.before is None or learned.after is None:
        text = f"Whether that helps cannot be told before {_FEWEST} pairs are accepted and {_FEWEST} rejected."
        yield Description("too_few", {"fewest": _FEWEST}, text)
        return
    gain = {"before": learned.before, "after": learned.after, "low": learned.low, "high": learned.high}
    how = (
        "whether that is better cannot be told yet"
        if not learned.can_tell
        else f"that is {'better' if learned.low > 0 else 'worse'}"
    )
    text = (
        f"An accepted pair stands before a rejected one {learned.after:.0%} of the times, with the weights before"
        f" {learned.before:.0%}; the difference is {100 * learned.low:+.0f} to {100 * learned.high:+.0f} points: {how}."
    )
    yield Description("gain", gain, text)
