"""Making the town ready at start, what is told about it, and the command line of the made-up people's process."""

import argparse
import os
import secrets
import shlex
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.timezone import now

from samspel.demo import lindvik, town, year
from samspel.demo.exchange import SALESMANS_CODE
from samspel.demo.house import Child, HouseError

LEADER_PASSWORD = "SAMSPEL_DEMO_LEADER_PASSWORD"  # noqa: S105 (a variable's name)


def command(*options: str) -> str:
    """What to type for another demo, as this one was started."""
    if "MAKELEVEL" not in os.environ:
        return " ".join(["samspel", "demo", *options])
    return " ".join(["make demo", *([f"ARGS={shlex.quote(' '.join(options))}"] if options else [])])


@dataclass(frozen=True)
class Ready:
    """The town as it is at start: the dialogue that people come to, a poster where anybody may tell how a meeting was
    (empty where nobody asks), and the made-up leader's password."""

    code: str
    poster: str
    dialogue_id: int
    is_new: bool
    people: int
    leader_password: str


def tables_for(people: int) -> int:
    """Tables of three to five for so many made-up people and somebody who looks in."""
    return -(-(people + 1) // 5)


def prepare(*, people: int, with_year: bool = False) -> Ready:
    """Make the town if it is not there, see that a dialogue is open, and give the made-up leader a new password.

    :raises HouseError: when the town is there without its year.
    """
    at = now()
    is_new = lindvik.seed(at=at, with_year=with_year)
    if with_year and not year.is_made():
        raise HouseError(f"the town is there without its year; to make it anew: {command('--year', '--fresh')}")
    if with_year:
        print(year.told(year.truth()), flush=True)
    hall = lindvik.ensure_hall(at=at, tables=tables_for(people))
    password = secrets.token_urlsafe(24)
    lindvik.set_password(town.SECOND_LEADER, password)
    return Ready(hall.code, lindvik.find_poster(at), hall.pk, is_new, people, password)


def crowd(ready: Ready, options: argparse.Namespace, port: int) -> tuple[Sequence[str], dict[str, str]]:
    """The made-up people's command line and environment: how they find the site, and the leader's password."""
    host = "127.0.0.1" if options.host in {"0.0.0.0", "::"} else options.host  # noqa: S104 (compared, not bound)
    site = ["--site", f"http://{f'[{host}]' if ':' in host else host}:{port}", "--pace", str(options.pace)]
    environment = {LEADER_PASSWORD: ready.leader_password}
    if options.replay is not None:
        given = ["-m", "samspel.demo.replay", *site, str(Path(options.replay).resolve())]
        return [*given, *(["--protocol", str(options.protocol)] if options.protocol else [])], environment
    saved = str(Path(os.fspath(settings.VAR)) / "people.json")
    hall = ["--dialogue", str(ready.dialogue_id), "--code", ready.code]
    people = ["--people", str(options.people), "--tables", str(tables_for(options.people)), "--saved", saved]
    return ["-m", "samspel.demo.process", *site, *hall, *people], environment


def keep_replay(child: Child, ended: list[int], *, and_stop: bool) -> None:
    """Start the replay once; when it is over, remember how it went and stop the site if that was asked for."""
    if child.process is None:
        child.keep()
        return
    code = child.process.poll()
    if code is None:
        return
    ended.append(code)
    if and_stop:
        os.kill(os.getpid(), signal.SIGTERM)


def welcome(ready: Ready, *, port: int, lan: str, data: Path, replay: Path | None) -> str:
    """The addresses, the join code, the sign-ins, where the data lies and how to stop."""
    code = f"{ready.code[:3]} {ready.code[3:]}"
    here = f"http://localhost:{port}"
    lines = ["", f"Lindvik is open at {here}"]
    if lan:
        lines.append(f"and for phones in the same network at http://{lan}:{port}")
    lines.append("")
    if replay is None:
        lines.append(f"A dialogue is under way. Join it with the code {code}, or at {here}/m/{ready.code}/")
        lines.append("A meeting that has not begun waits six minutes for the first who joins. To start the town over:")
        lines.append(f"  {command('--fresh')}")
    else:
        lines.append(f"A replay of {replay} begins; what it comes to is told below.")
    if ready.poster:
        lines += ["", f"Tell how a meeting was with one tap, as from a poster: {here}/s/{ready.poster}"]
    lines += ["", f"Be the salesman with the broken arm, whom the others wait for: {here}/exchange/code"]
    lines += [f"  with the code {SALESMANS_CODE}"]
    lines += ["", "Sign in at " + here + f"/accounts/login/ with the password {town.PASSWORD}"]
    wide = max(len(worker.name) for worker, _what in town.SIGN_INS)
    wider = max(len(worker.email) for worker, _what in town.SIGN_INS)
    lines += [f"  {worker.name:{wide}}  {worker.email:{wider}}  {what}" for worker, what in town.SIGN_INS]
    lines += ["", f"Data: {data}", "Stop with Ctrl+C.", ""]
    return "\n".join(lines)
