"""What other libraries choose: run by a Python that has them, never by Samspel's own.

`python -m venv DIR && DIR/bin/pip install abcvoting==2.19.2 pabutools==1.2.3 pref_voting==1.18.2 highspy==1.15.1`, and
SAMSPEL_ORACLE_PYTHON=DIR/bin/python. Reads one JSON object a line, answers one a line: `winners`, the processor's
`seconds` for the rule alone, the `building_s` that the library took to take the ballots in, and `is_cut`: whether the
question's `limit_s` (of the processor's time) was over before there were winners.

A question: `peer` (abcvoting, pabutools, pref_voting), `rule`, `options` (how many), `ballots` (lists of numbers of
options), `voters` (how many cast each), `places`; for pabutools `costs`, `budget`, `value` and `points`.

Ties. abcvoting takes the option with the lowest number at each step, and, asked for it, the committee that is first in
alphabetical order of numbers. pabutools orders ties by a rule that is given: here the number. pref_voting draws lots at
the end: here the lowest number for a surplus, the highest for leaving the count.
"""

import json
import logging
import signal
import sys
import time
import warnings

ABC = {
    "most-marks": ("av", {}),
    "seq-pav": ("seqpav", {}),
    "pav": ("pav", {"algorithm": "pulp-highs", "lexicographic_tiebreaking": True}),
    "cc": ("cc", {"algorithm": "pulp-highs", "lexicographic_tiebreaking": True}),
    "phragmen": ("seqphragmen", {"algorithm": "standard-fractions"}),
    "equal-shares": ("equal-shares", {"algorithm": "standard-fractions"}),
}


def abcvoting(question):
    import pulp
    from abcvoting import abcrules
    from abcvoting.preferences import Profile, Voter

    if not hasattr(pulp.LpProblem, "add_variable"):  # until PuLP 4, which needs Python 3.12
        pulp.LpProblem.add_variable = lambda problem, name, **more: pulp.LpVariable(name, **more)

    profile = Profile(question["options"])
    for marks, voters in zip(question["ballots"], question["voters"], strict=True):
        profile.add_voter(Voter(marks, weight=voters))
    rule, more = ABC[question["rule"]]
    more = question.get("settings", more)
    return lambda: sorted(abcrules.compute(rule, profile, question["places"], resolute=True, **more)[0])


def pabutools(question):
    from pabutools import election, rules
    from pabutools.tiebreaking import TieBreakingRule

    projects = [election.Project(f"{number:06}", cost) for number, cost in enumerate(question["costs"])]
    instance = election.Instance(projects, budget_limit=question["budget"])
    if question["value"] == "points":
        satisfaction = election.Additive_Cardinal_Sat
        profile = election.CardinalProfile(
            [
                election.CardinalBallot({projects[mark]: points for mark, points in zip(marks, dots, strict=True)})
                for marks, dots, voters in zip(question["ballots"], question["points"], question["voters"], strict=True)
                for _ in range(voters)
            ]
        )
    else:
        satisfaction = {"cost": election.Cost_Sat, "marks": election.Cardinality_Sat}[question["value"]]
        profile = election.ApprovalProfile(
            [
                election.ApprovalBallot([projects[mark] for mark in marks])
                for marks, voters in zip(question["ballots"], question["voters"], strict=True)
                for _ in range(voters)
            ]
        )
    compute = {"equal-shares": rules.method_of_equal_shares, "greedy": rules.greedy_utilitarian_welfare}
    by_number = TieBreakingRule(lambda instance, profile, project: project.name)

    def choose():
        chosen = compute[question["rule"]](instance, profile, sat_class=satisfaction, tie_breaking=by_number)
        return [int(project.name) for project in chosen]

    return choose


class ByNumber:
    """Instead of a lot. pref_voting draws for surpluses and for leaving alike; here the highest number always."""

    def choice(self, options):
        return options[-1]


def pref_voting(question):
    from pref_voting.profiles_with_ties import ProfileWithTies
    from pref_voting.proportional_methods import stv_scottish

    rankings = [{mark: place for place, mark in enumerate(marks, start=1)} for marks in question["ballots"]]
    profile = ProfileWithTies(rankings, rcounts=question["voters"], candidates=list(range(question["options"])))
    return lambda: sorted(stv_scottish(profile, num_seats=question["places"], rng=ByNumber()))


def main():
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(100_000)  # pabutools calls itself for each project that it buys
    signal.signal(signal.SIGPROF, stop)
    peers = {"abcvoting": abcvoting, "pabutools": pabutools, "pref_voting": pref_voting}
    for line in sys.stdin:
        question = json.loads(line)
        start = time.process_time()
        choose = peers[question["peer"]](question)
        built = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, question.get("limit_s", 0))
        winners = []
        try:
            winners, is_cut = choose(), False
        except TimeoutError:
            is_cut = True
        signal.setitimer(signal.ITIMER_PROF, 0)
        times = {"seconds": time.process_time() - built, "building_s": built - start, "is_cut": is_cut}
        print(json.dumps({"winners": winners, **times}), flush=True)


def stop(*_):
    raise TimeoutError


if __name__ == "__main__":
    main()
