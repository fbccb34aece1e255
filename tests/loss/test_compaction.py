"""Compaction is killed at every step, with its database, and on a full disk: no answer is lost, none is there twice.

Every answer is counted over the database and the files that the database names, by key. The control, which deletes
before it writes, must lose some.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import psycopg
import pytest
from django.db import connection

from samspel.core.embedded_postgres import ensure_running
from samspel.encounters.models import Answer
from tests.loss.house import ROOT, House, installation
from tests.plugin import server
from tests.waiting import wait_until

SCRIPT = str(Path(__file__).with_name("compacting.py"))
FIRST = date(2026, 3, 30)
DAYS, EACH = 3, 40
AT = "2026-05-20T03:00:00+00:00"  # March and April are long over: they become files of months
pytestmark = pytest.mark.slow


class Hand:
    """Fills and compacts in a database and a folder, a child at a time."""

    def __init__(self, url: str, var: Path) -> None:
        self.url, self.var = url, var
        var.mkdir(exist_ok=True)
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "samspel.config.settings",
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "SAMSPEL_DATABASE_URL": url,
            "SAMSPEL_VAR": str(var),
            "SAMSPEL_FIGURES_THREADS": "1",
        }
        self.log = var.with_name("compacting.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, SCRIPT, str(FIRST), AT, str(DAYS), str(EACH)],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", self.said()

    def order(self, *words: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def compact(self, *, die_at: int = 0, limit_bytes: int = 0, carelessly: bool = False) -> int:
        self.order("careless" if carelessly else "compact", die_at, limit_bytes)
        return self.ended()

    def fill(self, seed: str) -> Counter[str]:
        """Answers on each of the days; gives their keys."""
        self.order("fill", seed)
        assert self.ended() == 0, self.said()
        return Counter(f"{seed}-{day}-{number}" for day in range(DAYS) for number in range(EACH))

    def withdraw(self, seed: str, *, die_at: int = 0) -> int:
        self.order("withdraw", seed, die_at)
        return self.ended()

    def said(self) -> str:
        return self.var.with_name("compacting.log").read_text(errors="replace")[-3000:]

    def held(self) -> Counter[str]:
        """Every key in the database and in the files that it names, as often as it is there."""
        with psycopg.connect(self.url) as line:
            keys = [str(key) for (key,) in line.execute("SELECT key FROM encounters_answer").fetchall()]
            files = line.execute("SELECT DISTINCT file FROM encounters_day").fetchall()
        found = Counter(keys)
        folder = self.var / "encounters" / "answers" / "municipality=own"
        paths = [str(folder / f"{file}.parquet") for (file,) in files]
        if paths:
            with duckdb.connect() as line:
                rows = line.execute("SELECT key FROM read_parquet(?, hive_partitioning = false)", [paths]).fetchall()
            found += Counter(key for (key,) in rows)
        return found

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.log.close()

    def halves(self) -> list[Path]:
        """What was begun and has not got its name."""
        walked = os.walk(self.var / "encounters")  # passes over a folder that goes meanwhile; rglob does not
        return [Path(folder, name) for folder, _folders, names in walked for name in names if name.endswith(".part")]


@contextlib.contextmanager
def hand_in(url: str, var: Path) -> Iterator[Hand]:
    hand = Hand(url, var)
    try:
        yield hand
    finally:
        hand.stop()


@pytest.fixture
def hand(transactional_db: None, tmp_path: Path) -> Iterator[Hand]:
    parts = urlsplit(server.url)
    with hand_in(parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl(), tmp_path / "var") as hand:
        yield hand


def test_killed_at_every_step_nothing_is_lost_and_nothing_is_there_twice(
    hand: Hand, capsys: pytest.CaptureFixture[str]
) -> None:
    given, killed, step = hand.fill("a"), 0, 1
    while True:
        ended = hand.compact(die_at=step)
        assert hand.held() == given, f"after a kill at step {step}"
        if ended == 0:
            break
        assert ended == -signal.SIGKILL, hand.said()
        killed, step = killed + 1, step + 1
        if killed % 25 == 0:
            given += hand.fill(f"late{killed}")

    assert hand.compact() == 0, hand.said()
    assert hand.held() == given
    assert hand.halves() == []
    assert Answer.objects.count() == 0
    hand.order("check")
    assert hand.ended() == 0, hand.said()
    assert killed > 40
    with capsys.disabled():
        print(f"\n  compaction killed at each of {killed} steps: {given.total()} answers, 0 lost, 0 doubled")


def test_killed_at_every_step_what_was_taken_back_goes_and_nothing_else(hand: Hand) -> None:
    rested = hand.fill("rested")
    assert hand.compact() == 0, hand.said()
    given = rested + hand.fill("open")

    def killed_on_the_way(seed: str) -> None:
        step = 1
        while hand.withdraw(seed, die_at=step) != 0:
            assert hand.held() == given, f"after a kill at step {step}"
            step += 1
        assert step > 3

    killed_on_the_way("rested")
    killed_on_the_way("open")
    given = without_fourths(given, "open")
    stays, step = without_fourths(given, "rested"), 1
    assert hand.held() == given
    while hand.compact(die_at=step) != 0:
        assert stays <= hand.held() <= given, f"after a kill at step {step}"
        step += 1

    assert step > 20
    assert hand.compact() == 0, hand.said()
    assert hand.held() == stays
    hand.order("check")
    assert hand.ended() == 0, hand.said()


def without_fourths(keys: Counter[str], seed: str) -> Counter[str]:
    """Without those that ``compacting.withdraw`` takes back."""

    def is_fourth(key: str) -> bool:
        own, _day, number = key.split("-")
        return own == seed and int(number) % 4 == 0

    return Counter(key for key in keys if not is_fourth(key))


def test_killed_at_any_moment_nothing_is_lost(hand: Hand) -> None:
    """Not only between the steps that are known: also while DuckDB writes or the database answers."""
    chance, given = random.Random(5), hand.fill("a")
    for attempt in range(12):
        began = time.monotonic()
        hand.order("compact", 0, 0)
        children = Path(f"/proc/{hand.process.pid}/task/{hand.process.pid}/children")
        wait_until(lambda: children.read_text().strip(), every_s=0.001)  # noqa: B023 (waited for at once)
        time.sleep(chance.random() * 0.5)
        for child in children.read_text().split():
            subprocess.run(["kill", "-9", child], check=False)
        hand.ended()
        assert hand.held() == given, f"attempt {attempt}, {time.monotonic() - began:.3f} s"
        given += hand.fill(f"b{attempt}")

    assert hand.compact() == 0, hand.said()
    assert hand.held() == given


def test_with_its_database_killed_nothing_is_lost(tmp_path: Path) -> None:
    with installation(tmp_path) as house, hand_in(house.server.url, house.var) as hand:
        given, failed = hand.fill("a"), 0
        for seed in ("b", "c", "d"):
            hand.order("compact", 0, 0)
            wait_until(hand.halves, every_s=0.002)
            house.kill_database()
            failed += hand.ended() != 0
            house.server = ensure_running(house.var / "postgres")
            wait_until(lambda: answers(house))
            assert hand.held() == given
            given += hand.fill(seed)

        assert failed > 0
        assert hand.compact() == 0, hand.said()
        assert hand.held() == given


def answers(house: House) -> bool:
    try:
        with house.connect():
            return True
    except psycopg.OperationalError:
        return False


def test_on_a_full_disk_nothing_is_lost_and_it_goes_on_when_there_is_room(hand: Hand) -> None:
    given = hand.fill("a")

    for limit_bytes in (200, 1_000, 3_000):
        assert hand.compact(limit_bytes=limit_bytes) == 1
        assert hand.held() == given
        assert hand.halves() == []

    assert hand.compact() == 0, hand.said()
    assert hand.held() == given


def test_who_deletes_before_the_file_is_there_loses_answers(hand: Hand) -> None:
    """The control: what counts the answers does see a loss."""
    given = hand.fill("a")
    lost = 0
    for step in range(5, 100, 5):
        ended = hand.compact(die_at=step, carelessly=True)
        lost = (given - hand.held()).total()
        if lost or ended == 0:
            break

    assert lost > 0
