"""A choice in words that those who voted can judge."""

from samspel.engine.records import Description

from .records import Problem, Solution

__all__ = ["describe"]


def describe(problem: Problem, solution: Solution) -> tuple[Description, ...]:
    """What the choice means for those who voted: coverage first, then what may surprise.

    Kinds and their numbers: `coverage` (covered, voters, percent) · `most-marks-differ` (instead, covered, voters) or
    `most-marks-same` · `tie` (place, options, chosen, rule), one for each, or `tie-excluded` when it was for leaving
    the count · `certificate` (voters, needed, level, option), or `certificate-broken` under a rule that does not
    promise it · `empty-places` (empty) or, with a budget, `left-over` (spent, budget). Options are named by their ids.

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
            _certificate(problem, solution),
            (_empty_places if problem.budget is None else _left_over)(problem, solution),
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
    out = {"first": "the one named last", "lot": "by the published lot"}[solution.tie_rule]
    return [
        Description(
            "tie-excluded" if tie.excluded else "tie",
            {
                "place": tie.place + 1,
                "options": ", ".join(tie.tied),
                "chosen": tie.chosen,
                "rule": solution.tie_rule,
            },
            f"{', '.join(tie.tied)} were a tie for leaving the count; {tie.chosen} left it, {out}."
            if tie.excluded
            else f"Place {tie.place + 1} was a tie between {', '.join(tie.tied)}; {tie.chosen} got it, {how}.",
        )
        for tie in solution.ties
    ]


def _certificate(problem: Problem, solution: Solution) -> Description | None:
    claim = solution.certificate.tightest
    if claim is None:
        return None
    level = claim.level if isinstance(claim.level, int) else float(claim.level)
    having = f"with fewer than {level} winners each" if problem.budget is None else f"with at most {level:g} each"
    return Description(
        "certificate" if solution.certificate.holds else "certificate-broken",
        {"voters": claim.voters, "needed": claim.needed, "level": level, "option": claim.option},
        "No group that agrees on an option is left without its share. The nearest is"
        f" {claim.voters} for {claim.option} {having}; {claim.needed} are needed."
        if solution.certificate.holds
        else f"A group is left without its share: {claim.voters} for {claim.option} {having};"
        f" {claim.needed} would have been enough.",
    )


def _empty_places(problem: Problem, solution: Solution) -> Description | None:
    empty = problem.places - len(solution.winners)
    if not empty:
        return None
    return Description(
        "empty-places", {"empty": empty}, f"{empty} of {problem.places} places are empty: nothing else was marked."
    )


def _left_over(problem: Problem, solution: Solution) -> Description:
    cost = dict(zip(problem.options, problem.costs, strict=True))
    spent, budget = float(sum(cost[winner] for winner in solution.winners)), float(problem.budget or 0)
    return Description("left-over", {"spent": spent, "budget": budget}, f"{spent:,.2f} of {budget:,.2f} are spent.")
