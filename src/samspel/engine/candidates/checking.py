"""The rules of candidates, written apart from what finds them."""

from collections import Counter
from collections.abc import Iterator

from .records import PARTS, Candidates, Post, Problem

__all__ = ["check"]


def check(problem: Problem, candidates: Candidates) -> list[str]:
    """What is wrong with candidates, in words; nothing when every rule holds and every score is the mean of its parts.

    How alike two texts are is not counted again.
    """
    pairs = [*zip(candidates.offers.tolist(), candidates.needs.tolist(), strict=True)]
    weights = dict(problem.weights)
    wrong = [f"{_told(problem, pair)} is there {times} times" for pair, times in Counter(pairs).items() if times > 1]
    for need, times in Counter(need for _, need in pairs).items():
        if times > problem.most:
            wrong.append(f"{problem.posts[need].id} has {times} offers, at most {problem.most} may be")
    for at, pair in enumerate(pairs):
        told = _told(problem, pair)
        offer, need = (problem.posts[number] for number in pair)
        wrong += [f"{told}: {fault}" for fault in _faults(offer, need)]
        parts = candidates.parts_of(at)
        wrong += [f"{told}: {name} is {part:g}" for name, part in parts.items() if not -1e-9 <= part <= 1 + 1e-9]
        for name, part in _plain_parts(offer, need):
            if abs(parts[name] - part) > 1e-9:
                wrong.append(f"{told}: {name} is {part:g}, not {parts[name]:g}")
        mean = 100 * sum(weights[name] * parts[name] for name in PARTS) / sum(weights.values())
        if abs(mean - candidates.scores[at]) > 0.5 + 1e-6:
            wrong.append(f"{told}: the score is {mean:.2f}, not {candidates.scores[at]}")
    return wrong


def _told(problem: Problem, pair: tuple[int, int]) -> str:
    offer, need = (problem.posts[number].id for number in pair)
    return f"{offer} for {need}"


def _faults(offer: Post, need: Post) -> Iterator[str]:
    if (offer.kind, need.kind) != ("offer", "need"):
        yield f"they are {offer.kind} and {need.kind}"
    if offer.person and offer.person == need.person:
        yield f"both are {offer.person}'s"
    if missing := sorted(need.requires - offer.provides):
        yield f"the offer has no {missing[0]}"
    if missing := sorted(offer.requires - need.provides):
        yield f"the need has no {missing[0]}"
    if _window(offer, need) < 1:
        yield "their times do not meet"


def _window(offer: Post, need: Post) -> float:
    begins = max(-float("inf") if post.begins is None else post.begins for post in (offer, need))
    ends = min(float("inf") if post.ends is None else post.ends for post in (offer, need))
    return ends - begins + 1


def _plain_parts(offer: Post, need: Post) -> Iterator[tuple[str, float]]:
    """Parts that need no reading."""
    yield "place", float(offer.area == need.area) if offer.area and need.area else 0.5
    spoken = bool(offer.languages & need.languages)
    yield "language", float(spoken) if offer.languages and need.languages else 0.5
    closed = [
        post.ends - post.begins + 1 for post in (offer, need) if post.begins is not None and post.ends is not None
    ]
    yield "time", _window(offer, need) / min(closed) if closed else 1.0
