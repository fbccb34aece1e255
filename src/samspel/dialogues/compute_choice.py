"""The hall's choice: rows become a problem for ``engine.choosing``, its answer is checked again and stored."""

import secrets
from collections import defaultdict
from datetime import datetime
from typing import Any

import numpy as np

from samspel import __version__
from samspel.dialogues.models import Ballot, Choice, Chosen, Dialogue, Pick, Placement
from samspel.dialogues.queries import Threes, threes_of
from samspel.engine import choosing
from samspel.engine.records import as_json


class ChoiceError(RuntimeError):
    """The checker refused what the solver made: a defect of ours, and nothing is stored."""


def problem_of(dialogue: Dialogue, question: int, threes: Threes) -> tuple[choosing.Problem, str]:
    """The problem, and whether it is made from ``ballots`` or, when nobody cast one, from the ``tables``' threes.

    A ballot that stands behind nothing counts as a voter. A table's three stands for as many as sit there.
    """
    options = tuple(str(proposal.proposal_id) for proposal in sorted(threes.proposals, key=lambda one: one.proposal_id))
    known = set(options)
    ballots = _cast(dialogue, question, threes, known)
    if ballots:
        return choosing.Problem(options, ballots, dialogue.places), "ballots"
    return choosing.Problem(options, _tables(dialogue, question, threes, known), dialogue.places), "tables"


def _cast(dialogue: Dialogue, question: int, threes: Threes, known: set[str]) -> tuple[choosing.Ballot, ...]:
    rows = Ballot.objects.filter(seat__dialogue=dialogue, question=question).order_by("pk")
    marks: dict[int, set[str]] = {ballot_id: set() for ballot_id in rows.values_list("pk", flat=True)}
    through = Ballot.proposals.through.objects.filter(ballot_id__in=marks)
    for ballot_id, proposal_id in through.values_list("ballot_id", "proposal_id"):
        marks[ballot_id].add(str(threes.root_of.get(proposal_id, proposal_id)))
    return tuple(choosing.Ballot(tuple(sorted(found & known, key=int))) for found in marks.values())


def _tables(dialogue: Dialogue, question: int, threes: Threes, known: set[str]) -> tuple[choosing.Ballot, ...]:
    marks: dict[tuple[int, int], set[str]] = defaultdict(set)
    picks = Pick.objects.filter(proposal__dialogue=dialogue, question=question).order_by("sitting_id", "place")
    for table_id, seating, proposal_id in picks.values_list("sitting__table_id", "sitting__seating", "proposal_id"):
        marks[table_id, seating].add(str(threes.root_of.get(proposal_id, proposal_id)))
    people: dict[tuple[int, int], int] = defaultdict(int)
    placed = Placement.objects.filter(seat__dialogue=dialogue, seat__left_at=None)
    for place in placed.values_list("table_id", "seating"):
        people[place] += 1
    return tuple(
        choosing.Ballot(tuple(sorted(found & known, key=int)), voters=max(people[place], 1))
        for place, found in marks.items()
    )


def choose(dialogue: Dialogue, question: int, *, at: datetime) -> Choice:
    """Compute and store the hall's choice. Computed again it keeps its seed: nobody can draw the lot twice.

    :raises ChoiceError: when the checker finds a broken rule.
    """
    threes = threes_of(dialogue, question)
    problem, source = problem_of(dialogue, question, threes)
    earlier = Choice.objects.filter(dialogue=dialogue, question=question).first()
    seed = earlier.seed if earlier is not None else secrets.randbits(48)
    solution = choosing.solve(problem, ties="lot", rng=np.random.default_rng(seed))
    broken = choosing.check(problem, solution)
    if broken:
        raise ChoiceError("; ".join(broken))
    choice, _created = Choice.objects.update_or_create(
        dialogue=dialogue,
        question=question,
        defaults={
            "computed_at": at,
            "seed": seed,
            "version": f"samspel {__version__} {solution.rule}",
            "ballots": problem.voters,
            "told": told(problem, solution, source),
        },
    )
    choice.chosen.all().delete()
    marks = dict(zip(problem.options, solution.marks, strict=True))
    tables = {str(proposal.proposal_id): proposal.tables for proposal in threes.proposals}
    Chosen.objects.bulk_create(
        Chosen(choice=choice, place=place, proposal_id=int(winner), tables=tables[winner], ballots=marks[winner])
        for place, winner in enumerate(solution.winners, start=1)
    )
    return choice


def told(problem: choosing.Problem, solution: choosing.Solution, source: str) -> dict[str, Any]:
    """Everything that is needed to follow the choice by hand, by the proposals' ids."""
    receipt = as_json(solution)
    assert isinstance(receipt, dict)
    return {
        **{name: value for name, value in receipt.items() if name != "tables"},
        "from": source,
        "places": problem.places,
        "options": list(problem.options),
        "descriptions": as_json(choosing.describe(problem, solution)),
    }
