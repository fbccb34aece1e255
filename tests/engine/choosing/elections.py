"""Real elections as the engine and the peers take them."""

import gzip
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from samspel.engine.choosing import Problem, Rule, pabulib

ORACLE_PYTHON = os.environ.get("SAMSPEL_ORACLE_PYTHON", "")
WHY_NOT = "not run: SAMSPEL_ORACLE_PYTHON does not name a Python with the peers (see peers.py)"


def read_election(path: Path) -> pabulib.Election:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return pabulib.read(lines)


class Peers:
    """The other libraries, each in a process of its own: two of them carry solvers that do not bear each other."""

    def __init__(self) -> None:
        self.processes: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> "Peers":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.communicate()

    def _started(self, peer: str) -> "subprocess.Popen[str]":
        if peer not in self.processes:
            command = [ORACLE_PYTHON, str(Path(__file__).with_name("peers.py"))]
            self.processes[peer] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self.processes[peer]

    def ask(self, problem: Problem, rule: Rule, *, merged: bool = True, **more: object) -> dict[str, Any]:
        """The peer's `winners` by name, its `seconds` for the rule, its `building_s` and whether it `is_cut`.

        `merged`: ballots that are alike are given once with their number, where the peer can take that.
        """
        number = {option: place for place, option in enumerate(problem.options)}
        if problem.budget is not None:
            peer, ballots = "pabutools", [ballot for ballot in problem.ballots for _ in range(ballot.voters)]
        else:
            peer, ballots = "pref_voting" if rule == "stv" else "abcvoting", list(problem.ballots)
        together: dict[tuple[int, tuple[str, ...], tuple[int, ...]], int] = {}
        for place, ballot in enumerate(ballots):
            alike = merged and peer != "pabutools"
            marks = tuple(ballot.dots()) if rule == "stv" else tuple(sorted(ballot.dots(), key=number.__getitem__))
            key = (0 if alike else place, marks, tuple(ballot.dots()[mark] for mark in marks))
            together[key] = together.get(key, 0) + ballot.voters
        question = {
            "peer": peer,
            "rule": rule,
            "options": len(number),
            "places": problem.places,
            "ballots": [[number[mark] for mark in marks] for _, marks, _ in together],
            "points": [points for _, _, points in together],
            "voters": list(together.values()),
            "costs": problem.money[1],
            "budget": problem.money[0],
            "value": problem.value,
            **more,
        }
        process = self._started(peer)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return {**answer, "winners": {problem.options[winner] for winner in answer["winners"]}}
