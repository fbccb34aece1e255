"""``samspel load``: phones of its own in a real meeting, and what it says when it cannot."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from benchmarks.live.chair import Chair
from benchmarks.live.meeting import LEADER, PASSWORD
from samspel.cli import main
from samspel.demo.figures import Arrival, Figures, Step, report, shares
from samspel.demo.line import Line
from tests.loss.house import House, installation


@pytest.mark.slow
def test_people_join_write_and_follow_the_leader(tmp_path: Path) -> None:
    with installation(tmp_path) as house:
        dialogue, code = house.run("-m", "benchmarks.live.meeting", "make", "2").split()
        house.start()
        house.wait_until_up()
        command = [sys.executable, "-m", "samspel.cli", "load", house.address, code]
        hall = [*command, "--people", "4", "--within", "0.5", "--rate", "20", "--mistyped", "50", "--json"]
        hall += ["--server-pid", str(house.serving()[0])]
        with subprocess.Popen(
            hall, env=house.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as phones:
            assert phones.stderr is not None
            told = phones.stderr.readline()
            asyncio.run(lead(house, int(dialogue), phones.stderr))
            said, errors = phones.communicate(timeout=90)
        nobody = subprocess.run(
            [*command[:-1], "000000" if code != "000000" else "111111", "--people", "2", "--within", "0"],
            env=house.environment,
            capture_output=True,
            text=True,
        )
        with house.connect() as connection:
            kept = connection.execute("SELECT count(*) FROM dialogues_note").fetchone()
            seats = connection.execute("SELECT count(*) FROM dialogues_seat").fetchone()

    assert told == "4 of 4 have joined and listen.\n", errors
    assert phones.returncode == 0, said
    figures = json.loads(said)
    assert figures["failed"] == {}
    assert figures["acknowledged"]["join"]["count"] == 4
    assert figures["acknowledged"]["mistyped"]["count"] == 2
    # Two thoughts each, while they think alone; what nobody shared is erased when the meeting is closed.
    assert figures["acknowledged"]["note"]["count"] == figures["checked"] == 8
    assert kept == (8,)
    assert seats == (4,)
    assert [one["step"] for one in figures["steps"]] == ["welcome", "alone", "at the table", "closed"]
    assert [one["page"]["count"] for one in figures["steps"]] == [4, 4, 4, 4], "every phone had the page of every step"
    assert figures["lost"] == figures["doubled"] == []
    assert figures["cpu_s"] > 0
    assert nobody.returncode == 2
    assert "nobody could join" in nobody.stderr


async def lead(house: House, dialogue: int, told: IO[str]) -> None:
    """To the table, each time when everybody is done; there they share, and the meeting is closed."""
    chair = Chair(house.address, dialogue)
    await chair.sign_in(LEADER, PASSWORD)
    for press in ("start", "next", "next"):
        await chair.press(press)
        while "everybody has done" not in await asyncio.to_thread(told.readline):
            pass
    await chair.close()
    await chair.leave()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["localhost:8000", "123456"], "begins with http"),
        (["http://localhost", "12345"], "six digits"),
        (["http://localhost", "123 45x"], "six digits"),
        (["http://localhost", "123 456", "--people", "0"], "--people is at least 1"),
        (["http://localhost", "123456", "--rate", "-1"], "not below 0"),
        (["http://localhost", "123456", "--mistyped", "101"], "between 0 and 100"),
        (["http://127.0.0.1:9", "123456", "--people", "1", "--within", "nan"], "not below 0"),
    ],
)
def test_what_cannot_be_done_is_told(given: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", *given]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("piece", [1, 3, 7, 1000])
def test_a_line_is_read_however_it_is_cut(piece: int) -> None:
    heard: list[tuple[str, int | None, dict[str, Any]]] = []
    body = b"event: hello\ndata: {}\n\n", b'id: 7\nevent: step\ndata: {"step":3}\n\n', b"id: 8\nevent: notes\n"
    whole = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    whole += b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*body, b"data: {}\n\n"))
    line = Line(b"GET", lambda name, number, data: heard.append((name, number, data)), lambda _line: None)
    line.connection_made(Deaf())

    for start in range(0, len(whole), piece):
        line.data_received(whole[start : start + piece])

    assert heard == [("step", 7, {"step": 3}), ("notes", 8, {})]


class Deaf(asyncio.Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass


def test_shares_are_by_nearest_rank() -> None:
    hundred = [number / 1000 for number in range(100, 0, -1)]

    assert shares(hundred, 50, 95, 99, 100) == [50.0, 95.0, 99.0, 100.0]
    assert shares([0.5], 50, 99) == [500.0, 500.0]
    assert shares([], 50) == []


def test_the_report_counts_an_event_only_when_all_heard_it() -> None:
    figures = Figures(joined=2, events={5: Arrival(1.0, 1.25, 2), 6: Arrival(2.0, 2.0, 1)})
    figures.steps[5] = Step("alone", [0.3, 0.5], last_s=1.5)
    figures.acknowledged["note"] = [0.1, 0.2]

    assert figures.spread_of(5) == 0.25
    assert figures.spread_of(6) is None
    assert figures.wait_of(5) == 0.5
    told = report(figures, 2)
    assert "250" in told
    assert "2 of 2 joined; 2 events heard 3 times" in told
    assert figures.is_whole
    figures.doubled.append("lugn 1.1.1")
    assert not figures.is_whole
    assert "DOUBLED: lugn 1.1.1" in report(figures, 2)
