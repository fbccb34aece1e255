"""What a sampling plan gives: how many answers, and how small a difference they can show."""

import math
from dataclasses import dataclass
from typing import Final

from samspel.core import defaults
from samspel.encounters.models import Plan
from samspel.engine.inference import smallest_gap

# What the page sets beside a plan, so that a choice can be seen without making it.
STRIDES: Final = (1, 2, 3, 5, 10)


@dataclass(frozen=True)
class Levers:
    """What a unit can choose, and what it can only reckon with: its meetings, and how many of 100 asked who answer."""

    meetings_a_week: int
    ask_every: int
    answering: int
    weeks: int


@dataclass(frozen=True)
class Expected:
    """``gap``: the smallest difference, of 100, between this time and as long a time before that would be seen eight
    times of ten at one look with 95 % certainty; None when not even all of 100 would."""

    levers: Levers
    asked: int
    answers: int
    gap: int | None


def expect(levers: Levers, *, good: int) -> Expected:
    """What the levers give.

    :param good: so many of 100 say that the meeting was good; nearer to half makes a difference harder to see.

    >>> expect(Levers(25, 3, 20, 24), good=80)
    Expected(levers=Levers(meetings_a_week=25, ask_every=3, answering=20, weeks=24), asked=200, answers=40, gap=26)
    """
    asked = levers.meetings_a_week * levers.weeks // levers.ask_every
    answers = asked * levers.answering // 100
    if answers == 0:
        return Expected(levers, asked, 0, None)
    share = min(max(good, 1), 99) / 100
    # Two times of equal length are compared, each with the spread of its own answers.
    gap = math.ceil(100 * smallest_gap(2 * share * (1 - share) / answers))
    return Expected(levers, asked, answers, gap if gap < 100 else None)


def strides(levers: Levers, *, good: int) -> list[Expected]:
    """The same unit asking more and less often, its own stride among them."""
    chosen = sorted({*STRIDES, levers.ask_every})
    return [expect(Levers(levers.meetings_a_week, each, levers.answering, levers.weeks), good=good) for each in chosen]


def levers_of(plan: Plan) -> Levers:
    return Levers(plan.meetings_a_week, plan.ask_every, plan.answering, plan.weeks)


def usual_levers() -> Levers:
    """Where a new plan begins. One query."""
    found = defaults.values("encounters.ask_every", "encounters.answering", "encounters.round_weeks")
    return Levers(
        meetings_a_week=20,
        ask_every=found["encounters.ask_every"],
        answering=found["encounters.answering"],
        weeks=found["encounters.round_weeks"],
    )
