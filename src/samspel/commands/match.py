"""``samspel match``: who helps whom, out of a list of needs and offers or a pool of kidney exchange."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samspel.commands.files import FileError, read_text, write_bytes, write_example
from samspel.core.sheets import guarded, write_sheet

if TYPE_CHECKING:  # the engine's libraries take a moment to load, which other commands need not wait for
    import numpy as np
    import numpy.typing as npt

    from samspel.engine.candidates import Candidates, Weights
    from samspel.engine.candidates import Problem as Comparison
    from samspel.engine.matching import Pair, Problem, Selected, Solution
    from samspel.engine.matching.posts import Goal, Pool

_GOALS = ("needs", "wait", "hands", "fit", "survive")
_USUAL = "needs,wait,hands,fit"


class MatchError(Exception):
    """Nothing can be matched; the text says why."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "match",
        help="find pairs, rings and chains of help in a list of needs and offers",
        description="Choose who helps whom (pairs, rings and chains) out of a list of needs and offers, with reasons"
        " and with what no selection can exceed. Also reads pools of kidney exchange (.wmd, .wmd.gz).",
    )
    parser.add_argument("file", type=Path, help="POSTS.csv (packed or not), .xlsx, or POOL.wmd[.gz]")
    parser.add_argument("--ring", type=_size, default=4, metavar="N", help="people in a ring, at most; 0 for none (4)")
    parser.add_argument("--chain", type=_size, default=6, metavar="N", help="needs in a chain, at most; 0 for none (6)")
    parser.add_argument("--time", type=_seconds, default=60.0, metavar="S", help="seconds in all (60)")
    parser.add_argument(
        "--objectives", type=_goals, default=_goals(_USUAL), metavar="A,B,…", help=f"in order ({_USUAL})"
    )
    parser.add_argument("--chance", type=_chance, default=0.8, help="that each says yes, for survive (0.8)")
    areas = "how far apart areas may be in the share of needs met: 0.1 for ten percentage points (as far as it goes)"
    parser.add_argument("--areas", type=_tolerance, metavar="P", help=areas)
    parser.add_argument("--weights", metavar="words=4,…", default="", help="what an offer's fit is made of")
    parser.add_argument("--at", type=_day, metavar="DAY", help="from which waiting is counted (today)")
    parser.add_argument("--language", choices=("sv", "da", "en"), default="sv", help="of texts that do not show theirs")
    parser.add_argument("--lexicon", type=Path, metavar="FILE", help="kinds of help and their words (the shipped)")
    for name, told in (("fix", "must be there"), ("forbid", "must not be there")):
        text = f"a transfer that {told}: two ids, of the offer and the need"
        parser.add_argument(f"--{name}", nargs=2, action="append", default=[], metavar=("OFFER", "NEED"), help=text)
    parser.add_argument("--out", type=Path, metavar="FILE", help="a row for each transfer: .csv, .csv.gz or .xlsx")
    parser.add_argument("--template", action="store_true", help="write an example to the file instead")
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    parser.set_defaults(run=run)


def _size(said: str) -> int:
    if not said.isdecimal() or int(said) > 8 or int(said) == 1:
        raise argparse.ArgumentTypeError(f"must be 0 or from 2 to 8, got {said!r}")
    return int(said)


def _number(said: str, name: str) -> float:
    try:
        return float(said)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{name} must be a number, got {said!r}") from None


def _seconds(said: str) -> float:
    seconds = _number(said, "the time")
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"must be more than 0 seconds, got {said!r}")
    return seconds


def _chance(said: str) -> float:
    chance = _number(said, "the chance")
    if not 0 <= chance <= 1:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1, got {said!r}")
    return chance


def _tolerance(said: str) -> Fraction:
    """As it is said: a tenth is a tenth."""
    try:
        tolerance = Fraction(said)
    except (ValueError, ZeroDivisionError):
        tolerance = Fraction(-1)
    if not 0 <= tolerance <= 1:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1, got {said!r}")
    return tolerance


def _goals(said: str) -> "tuple[Goal, ...]":
    goals = [name.strip() for name in said.split(",")]
    for name in goals:
        if name not in _GOALS or goals.count(name) > 1:
            raise argparse.ArgumentTypeError(f"must be some of {', '.join(_GOALS)}, each once, got {said!r}")
    return tuple(goals)  # type: ignore[arg-type] # each was looked up


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a day such as 2026-11-30, got {said!r}") from None


def run(options: argparse.Namespace) -> int:
    """0 when it went well, 1 when rows were left out or nothing could be done; standard error says which."""
    try:
        return _run(options)
    except (MatchError, FileError) as error:
        print(f"samspel match: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    from samspel.commands.match_posts import EXAMPLE

    if options.template:
        write_example(options.file, EXAMPLE)
        return 0
    task = _pool_task(options) if _is_pool(options.file) else _posts_task(options)
    return _tell(options, task)


def _is_pool(file: Path) -> bool:
    return file.name.lower().removesuffix(".gz").endswith(".wmd")


@dataclass(frozen=True, slots=True)
class _Task:
    """What was asked: the problem and, of posts, what they are and why they fit."""

    problem: "Problem"
    begun_s: float
    bad: tuple[object, ...] = ()
    posts: "tuple[Comparison, Candidates, Pool] | None" = None


def _pool_task(options: argparse.Namespace) -> _Task:
    from samspel.engine.matching.wmd import WmdError, read

    begun_s = time.monotonic()
    if options.areas is not None:
        raise MatchError("--areas is for posts; nobody in a pool of kidney exchange says an area")
    try:
        problem = read(read_text(options.file).splitlines(), ring=options.ring, chain=options.chain)
    except WmdError as error:
        place = f"{options.file}:{error.line}" if error.line else str(options.file)
        raise MatchError(f"{place}: {error.reason}") from error
    number = {name: at for at, name in enumerate(problem.ids)}
    fix, forbid = (_named(said, number, number) for said in (options.fix, options.forbid))
    return _Task(_adjusted(problem, options, fix, forbid), begun_s)


def _posts_task(options: argparse.Namespace) -> _Task:
    from samspel.commands.match_posts import read_posts
    from samspel.engine.candidates import Problem, find
    from samspel.engine.matching.posts import pool_of

    begun_s = time.monotonic()
    read = read_posts(options.file)
    if not read.posts:
        raise MatchError(f"{options.file} has no posts" + (f"; {read.bad[0]}" if read.bad else ""))
    posts = Problem(read.posts, _lexicon(options), _weights(options.weights), options.language)
    found = find(posts)

    def pool() -> "Pool":
        return pool_of(
            posts,
            found,
            goals=options.objectives,
            at=(options.at or date.today()).toordinal(),
            chance=options.chance,
            ring=options.ring,
            chain=options.chain,
            areas=options.areas,
        )

    offers = {post.id: at for at, post in enumerate(posts.posts) if post.kind == "offer"}
    needs = {post.id: at for at, post in enumerate(posts.posts) if post.kind == "need"}
    fix, forbid = (_named(said, offers, needs) for said in (options.fix, options.forbid))
    made = pool()
    wanted = _wanted(made.owner, found, fix, forbid)
    if not wanted.all():
        found = found.only(wanted)
        made = pool()
    could = set(zip(found.offers.tolist(), found.needs.tolist(), strict=True))
    owner = made.owner.tolist()
    fixed = [((owner[offer], owner[need]) if (offer, need) in could else (-1, -1)) for offer, need in fix]
    return _Task(_adjusted(made.problem, options, fixed, []), begun_s, read.bad, (posts, found, made))


def _wanted(
    owner: "npt.NDArray[np.int64]", found: "Candidates", fix: "list[Pair]", forbid: "list[Pair]"
) -> "npt.NDArray[np.bool_]":
    """Candidates without what is forbidden, and of two people with a fixed pair no other pair."""
    wanted = found.offers >= 0
    for offer, need in forbid:
        wanted &= (found.offers != offer) | (found.needs != need)
    for offer, need in fix:
        same = (owner[found.offers] == owner[offer]) & (owner[found.needs] == owner[need])
        wanted &= ~same | ((found.offers == offer) & (found.needs == need))
    return wanted


def _weights(said: str) -> "Weights":
    from samspel.engine.candidates import PARTS, Weights

    weights = {}
    for one in filter(None, said.split(",")):
        name, _, value = (part.strip() for part in one.partition("="))
        if name not in PARTS:
            raise MatchError(f"--weights must name some of {', '.join(PARTS)}, got {name!r}")
        try:
            weights[name] = float(value)
        except ValueError:
            raise MatchError(f"--weights must give {name} a number, got {value!r}") from None
    try:
        return replace(Weights(), **weights)
    except ValueError as error:
        raise MatchError(f"--weights: {error}") from error


def _lexicon(options: argparse.Namespace) -> Any:
    from samspel.core.lexicon import shipped_kinds_of_help
    from samspel.engine.themes import LexiconError, parse_lexicon

    if options.lexicon is None:
        return shipped_kinds_of_help()
    try:
        return parse_lexicon(read_text(options.lexicon))
    except LexiconError as error:
        raise MatchError(f"{options.lexicon}:{error.line}: {error.reason}") from error


def _named(said: list[list[str]], givers: dict[str, int], takers: dict[str, int]) -> "list[Pair]":
    for offer, need in said:
        for name, known, what in ((offer, givers, "offer"), (need, takers, "need")):
            if name not in known:
                raise MatchError(f"there is no {what} {name!r}")
    return [(givers[offer], takers[need]) for offer, need in said]


def _adjusted(problem: "Problem", options: argparse.Namespace, fix: "list[Pair]", forbid: "list[Pair]") -> "Problem":
    """The problem with what is fixed and forbidden."""
    from samspel.engine.matching import Change, apply

    arcs = set(zip(problem.givers.tolist(), problem.takers.tolist(), strict=True))
    for pair, (offer, need) in zip(fix, options.fix, strict=True):
        if [offer, need] in options.forbid:
            raise MatchError(f"{offer} and {need} cannot be fixed and forbidden")
        if pair not in arcs:
            raise MatchError(f"{offer} and {need} cannot be fixed: they are not among those who could help each other")
    for side in (0, 1):
        if len({pair[side] for pair in set(fix)}) < len(set(fix)):
            raise MatchError("--fix must have each person once as giver and once as taker")
    return apply(problem, Change(tuple(fix), tuple(forbid)))


def _tell(options: argparse.Namespace, task: _Task) -> int:
    from samspel.engine.matching import check, solve

    left_s = max(0.1, options.time - (time.monotonic() - task.begun_s))
    solution = solve(task.problem, time_limit_s=left_s)
    wrong = check(task.problem, solution)
    if wrong:
        raise MatchError(f"the selection is counted wrongly, which is a defect of this program: {wrong[0]}")
    if options.out is not None:
        rows = [[guarded(str(cell)) for cell in row] for row in _rows(task, solution)]
        write_bytes(options.out, write_sheet(options.out.name, rows))
    for row in task.bad:
        print(row, file=sys.stderr)
    if options.json:
        print(json.dumps(told(options, task, solution), ensure_ascii=False, indent=1))
    else:
        print("\n".join(_lines(task, solution)))
    return 1 if task.bad else 0


def _kind(one: "Selected") -> str:
    return "pair" if one.kind == "ring" and len(one.posts) == 2 else one.kind


def told(options: argparse.Namespace, task: _Task, solution: "Solution") -> dict[str, Any]:
    """What the JSON says."""
    from samspel.engine.matching import describe, shares_of

    problem = task.problem
    answer: dict[str, Any] = {
        "file": options.file.name,
        "ring": problem.ring,
        "chain": problem.chain,
        "status": solution.status,
        "proven": solution.status == "best",
        "value": solution.value,
        "bound": solution.bound,
        "objectives": [
            {"name": one.name, "value": value, "bound": bound, "proven": bound - value <= 1e-6 * max(1, abs(value))}
            for one, value, bound in zip(problem.objectives, solution.values, solution.bounds, strict=True)
        ],
        "people": len(problem.ids),
        "with_a_need": int(problem.needs.sum()),
        "transfers_possible": len(problem.givers),
        "proposals": [
            {"kind": _kind(one), "transfers": [_transfer(task, pair) for pair in one.transfers]}
            for one in solution.selected
        ],
        "seconds": round(time.monotonic() - task.begun_s, 2),
    }
    if task.posts is not None:
        posts, found, _ = task.posts
        could = set(found.needs.tolist())
        if problem.areas is not None:
            shares = shares_of(problem, solution.selected)
            answer["areas"] = [
                {"area": one.name, "could_be_met": one.could, "met": one.met, "keeps": one.keeps} for one in shares
            ]
            answer["without_areas"] = dict(zip(("value", "bound"), solution.loose or (), strict=False))
        answer["weights"] = dict(posts.weights)
        answer["nobody_can_meet"] = [
            post.id for at, post in enumerate(posts.posts) if post.kind == "need" and at not in could
        ]
        answer["left_out"] = [str(row) for row in task.bad]
    answer["descriptions"] = [description.text for description in describe(problem, solution)]
    return answer


def _transfer(task: _Task, transfer: "Pair") -> dict[str, Any]:
    giver, taker = (task.problem.ids[post] for post in transfer)
    if task.posts is None:
        return {"giver": giver, "taker": taker, "weight": _weight(task.problem, transfer)}
    posts, found, pool = task.posts
    pair = pool.pair_of(transfer)
    offer, need = posts.posts[found.offers[pair]], posts.posts[found.needs[pair]]
    return {
        "giver": giver,
        "offer": offer.id,
        "offer_title": offer.title,
        "taker": taker,
        "need": need.id,
        "need_title": need.title,
        "fit": int(found.scores[pair]),
        "parts": {name: round(part, 4) for name, part in found.parts_of(pair).items()},
        "reasons": _reasons(task, pair),
    }


def _weight(problem: "Problem", transfer: "Pair") -> float:
    here = (problem.givers == transfer[0]) & (problem.takers == transfer[1])
    return float(problem.objectives[0].weights[here][0])


def _reasons(task: _Task, pair: int) -> list[str]:
    from samspel.engine.candidates import reasons

    assert task.posts is not None
    posts, found, _ = task.posts
    return [reason.text for reason in reasons(posts, found, pair)]


def _rows(task: _Task, solution: "Solution") -> Iterator[Sequence[object]]:
    """A row for each transfer."""
    if task.posts is None:
        yield ("proposal", "kind", "giver", "taker", "weight")
    else:
        yield ("proposal", "kind", "giver", "offer", "offer_title", "taker", "need", "need_title", "fit", "reasons")
    for number, one in enumerate(solution.selected, start=1):
        for transfer in one.transfers:
            row = _transfer(task, transfer)
            row.pop("parts", None)
            if "reasons" in row:
                row["reasons"] = " ".join(row["reasons"])
            yield (number, _kind(one), *row.values())


def _lines(task: _Task, solution: "Solution") -> Iterator[str]:
    from samspel.engine.matching import describe

    for number, one in enumerate(solution.selected, start=1):
        yield f"{number}. {_kind(one)}"
        for transfer in one.transfers:
            row = _transfer(task, transfer)
            if task.posts is None:
                yield f"   {row['giver']} -> {row['taker']}  {row['weight']:g}"
                continue
            yield f"   {row['giver']} ({row['offer_title']}) -> {row['taker']} ({row['need_title']})  {row['fit']}"
            yield f"      {' '.join(row['reasons'])}"
    yield from (description.text for description in describe(task.problem, solution))
    if solution.status != "best":
        yield "The time was over before more could be proven."
