"""A choice in words that those who voted can judge."""

from samspel.engine.records import Description

from .records import Problem, Solution

__all__ = ["describe"]


def describe(problem: Problem, solution: Solution) -> tuple[Description, ...]:
    """What the choice means for those who voted: coverage first, then what may surprise.

    Kinds and their numbers: `coverage` (covered, voters, percent) · `most-marks-differ` (instead, covered, voters) or
    `most-marks-same` · `tie` (place, options, chosen, rule), one for each · `certificate` (voters, needed, level,
    option) · `empty-places` (empty). Options are named by their ids.

    >>> from samspel.engine.choosing import Ballot, solve
    >>> problem = Problem(("a", "b"), (Ballot(("a",), voters=3), Ballot(("b",))), places=1)
    >>> for description in describe(problem, solve(problem))[:2]:
    ...     print(description.text)
    3 of 4 voters (75 %) have at least one of their marks among the winners.
    The same would have won by most marks.
    """
    return tuple(
        description
        for description in (
            _coverage(solution),
            _most_marks(solution),
            *_ties(solution),
            _certificate(solution),
            _empty_places(problem, solution),
        )
        if description is not None
    )


def _coverage(solution: Solution) -> Description:
    percent = round(100 * solution.coverage)
    return Description(
        "coverage",
        {"covered": solution.covered, "voters": solution.voters, "percent": percent},
        f"{solution.covered} of {solution.voters} voters ({percent} %) have at least one of their marks"
        " among the winners.",
    )


def _most_marks(solution: Solution) -> Description:
    instead = [option for option in solution.most_marks if option not in solution.winners]
    if not instead:
        return Description("most-marks-same", {}, "The same would have won by most marks.")
    return Description(
        "most-marks-differ",
        {"instead": ", ".join(instead), "covered": solution.most_marks_covered, "voters": solution.voters},
        f"By most marks {', '.join(instead)} would have won too, and {solution.most_marks_covered} of"
        f" {solution.voters} voters would have had a mark among the winners.",
    )


def _ties(solution: Solution) -> list[Description]:
    how = {"first": "the one named first", "lot": "by the published lot"}[solution.tie_rule]
    return [
        Description(
            "tie",
            {
                "place": tie.place + 1,
                "options": ", ".join(tie.tied),
                "chosen": tie.chosen,
                "rule": solution.tie_rule,
            },
            f"Place {tie.place + 1} was a tie between {', '.join(tie.tied)}; {tie.chosen} got it, {how}.",
        )
        for tie in solution.ties
    ]


def _certificate(solution: Solution) -> Description | None:
    claim = solution.certificate.tightest
    if claim is None:
        return None
    return Description(
        "certificate",
        {"voters": claim.voters, "needed": claim.needed, "level": claim.level, "option": claim.option},
        "No group that agrees on an option is left without its share. The nearest is"
        f" {claim.voters} for {claim.option} with fewer than {claim.level} winners each; {claim.needed} are needed.",
    )


def _empty_places(problem: Problem, solution: Solution) -> Description | None:
    empty = problem.places - len(solution.winners)
    if not empty:
        return None
    return Description(
        "empty-places", {"empty": empty}, f"{empty} of {problem.places} places are empty: nothing else was marked."
    )
