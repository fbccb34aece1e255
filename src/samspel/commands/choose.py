"""``samspel choose``: the winners of an election in Pabulib's format."""

import argparse
import gzip
import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import numpy as np

from samspel.commands.files import FileError, read_text, write_bytes
from samspel.engine.choosing import RULES, Problem, Rule, Solution, Ties, Value, check, describe, pabulib, solve
from samspel.engine.records import as_json

# Names that the literature and other libraries use.
ALIASES: Mapping[str, Rule] = {
    "mes": "equal-shares",
    "seq-phragmen": "phragmen",
    "seqphragmen": "phragmen",
    "sequential-phragmen": "phragmen",
    "seqpav": "seq-pav",
    "sequential-pav": "seq-pav",
    "chamberlin-courant": "cc",
    "av": "most-marks",
}


class ChooseError(Exception):
    """The choice cannot be made; the text says why."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "choose",
        help="choose the winners of an election in a .pb file",
        description="Choose the winners of an election in Pabulib's format, and say why.",
    )
    parser.add_argument("file", type=Path, help="FILE.pb or FILE.pb.gz")
    parser.add_argument(
        "--rule",
        type=_rule,
        default="equal-shares",
        metavar="RULE",
        help=f"{', '.join(RULES)} (equal-shares when left out)",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--places", type=int, default=3, help="how many to choose (3 when left out)")
    size.add_argument("--budget", action="store_true", help="spend the budget of the file, with the costs in it")
    parser.add_argument(
        "--value",
        choices=get_args(Value),
        help="what a winner is worth to who marked it: 1 (marks), its cost, or its points. With a budget cost when"
        " left out, or points if the votes have them; else marks",
    )
    parser.add_argument("--ties", choices=get_args(Ties), default="first", help="to the first in the file, or by lot")
    parser.add_argument("--seed", type=int, help="of the lot; drawn and told when left out")
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    parser.add_argument("--check", action="store_true", help="count again, slowly, and fail when it differs")
    parser.add_argument("--out", type=Path, help="write the election there, with the winners in the column selected")
    parser.set_defaults(run=run)


def _rule(name: str) -> Rule:
    rule = ALIASES.get(name, name)
    if rule not in RULES:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(RULES)}, got {name!r}")
    return rule


def run(options: argparse.Namespace) -> int:
    """0 when it went well, 1 with a sentence on standard error when not."""
    try:
        _run(options)
    except pabulib.PabulibError as error:
        place = f"{options.file}:{error.line}" if error.line else str(options.file)
        print(f"samspel choose: {place}: {error.reason}", file=sys.stderr)
        return 1
    except (ChooseError, FileError, ValueError) as error:
        print(f"samspel choose: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    election = pabulib.read(read_text(options.file).splitlines(keepends=True))
    for remark in election.remarks:
        print(f"{options.file}: {remark}", file=sys.stderr)
    problem = _problem(election, options)
    seed: int | None = None
    if options.ties == "lot":
        seed = options.seed if options.seed is not None else secrets.randbits(48)
        if seed < 0:
            raise ChooseError(f"--seed must be at least 0, got {seed}")
    rng = None if seed is None else np.random.default_rng(seed)
    solution = solve(problem, rule=options.rule, ties=options.ties, rng=rng)
    broken = check(problem, solution) if options.check else []
    if broken:
        raise ChooseError(f"the result does not pass its check: {'; '.join(broken)}")
    if options.out is not None:
        _write(options.out, election, solution)
    if options.json:
        print(json.dumps(told(options.file.name, election, problem, solution, seed), ensure_ascii=False, indent=1))
    else:
        print(_lines(election, problem, solution, seed))


def _problem(election: pabulib.Election, options: argparse.Namespace) -> Problem:
    rule, has_points = options.rule, election.kind in ("cumulative", "scoring")
    if rule == "stv" and election.kind != "ordinal":
        raise ChooseError(f"stv needs rankings (vote_type ordinal), got {election.kind}")
    if options.value == "points" and not has_points:
        raise ChooseError(f"--value points needs votes with points, got {election.kind}")
    if options.budget or rule == "greedy":
        return election.for_budget(options.value or ("points" if has_points else "cost"))
    return election.for_places(options.places, options.value or "marks")


def _write(file: Path, election: pabulib.Election, solution: Solution) -> None:
    projects = tuple(
        replace(project, more={**project.more, "selected": str(int(project.id in solution.winners))})
        for project in election.projects
    )
    text = "".join(line + "\n" for line in pabulib.write(replace(election, projects=projects)))
    content = text.encode()
    write_bytes(file, gzip.compress(content, mtime=0) if file.suffix == ".gz" else content)


def told(
    name: str, election: pabulib.Election, problem: Problem, solution: Solution, seed: int | None
) -> dict[str, Any]:
    """What the JSON says. Money and payments are text: fractions such as "3/400" lose nothing."""
    names = {project.id: project.name for project in election.projects}
    budget = None if problem.budget is None else str(problem.budget)
    return {
        "file": name,
        "rule": solution.rule,
        "votes": election.kind,
        "value": problem.value,
        "places": problem.places if problem.budget is None else None,
        "budget": budget,
        "voters": solution.voters,
        "options": len(problem.options),
        "winners": list(solution.winners),
        "names": {winner: names[winner] for winner in solution.winners},
        "spent": None if budget is None else str(_spent(problem, solution)),
        "coverage": {"covered": solution.covered, "voters": solution.voters, "share": round(solution.coverage, 6)},
        "most_marks": {
            "winners": list(solution.most_marks),
            "covered": solution.most_marks_covered,
            "same": set(solution.most_marks) == set(solution.winners),
        },
        "certificate": as_json(solution.certificate),
        "receipt": [
            {
                "option": purchase.option,
                "phase": purchase.phase,
                "price": str(purchase.price),
                "payments": [{"voters": voters, "each": str(each)} for voters, each in purchase.by_amount()],
            }
            for purchase in solution.purchases
        ],
        "ties": [
            {
                "place": tie.place + 1,
                "tied": list(tie.tied),
                "chosen": tie.chosen,
                "excluded": tie.excluded,
                "broken": solution.tie_rule,
            }
            for tie in solution.ties
        ],
        "tie_rule": solution.tie_rule,
        "seed": seed,
        "lot": list(solution.lot),
        "remarks": list(election.remarks),
        "descriptions": [description.text for description in describe(problem, solution)],
    }


def _spent(problem: Problem, solution: Solution) -> Fraction:
    cost = dict(zip(problem.options, problem.costs, strict=True))
    return sum((cost[winner] for winner in solution.winners), Fraction(0))


def _lines(election: pabulib.Election, problem: Problem, solution: Solution, seed: int | None) -> str:
    names = {project.id: project.name for project in election.projects}
    lines = [f"{solution.rule}, {solution.voters} voters, {len(problem.options)} options"]
    for place, purchase in enumerate(solution.purchases, start=1):
        called = "" if names[purchase.option] == purchase.option else f"  {names[purchase.option]}"
        lines.append(f"{place:3}. {purchase.option}{called}")
        paid = ", ".join(f"{voters} x {float(each):.6g}" for voters, each in purchase.by_amount()[:5])
        more = " …" if len(purchase.by_amount()) > 5 else ""
        lines.append(f"     {purchase.phase}: {paid}{more}")
    lines += [description.text for description in describe(problem, solution)]
    if seed is not None:
        lines.append(f"The lot was drawn with seed {seed}: {', '.join(solution.lot)}")
    return "\n".join(lines)
