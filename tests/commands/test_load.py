"""``samspel load``: phones of its own in a real meeting, and what it says when it cannot."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from samspel.cli import main
from samspel.demo.load import Arrival, Figures, Line, Plan, report, shares
from tests.loss.house import installation


@pytest.mark.slow
def test_people_join_write_and_follow_the_leader(tmp_path: Path) -> None:
    with installation(tmp_path) as house:
        dialogue, code = house.run("-m", "benchmarks.live.meeting", "make", "2").split()
        house.start()
        house.wait_until_up()
        address = f"http://127.0.0.1:{house.port}"
        command = [sys.executable, "-m", "samspel.cli", "load", address, code]
        hall = [*command, "--people", "4", "--within", "0.5", "--rate", "2", "--seconds", "20", "--json"]
        with subprocess.Popen(
            hall, env=house.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as phones:
            assert phones.stderr is not None
            told = phones.stderr.readline()
            house.run("-m", "benchmarks.live.meeting", "next", dialogue)
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
    assert figures["join"]["count"] == 4
    assert kept == (figures["acknowledged"]["count"],)
    assert seats == (4,)
    assert figures["page"]["count"] >= 4, "every phone fetched the page of the new step"
    assert figures["last_page"]["p50"] >= figures["page"]["p50"]
    assert figures["spread"]["count"] >= 1
    assert nobody.returncode == 2
    assert "nobody could join" in nobody.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["localhost:8000", "123456"], "begins with http"),
        (["http://localhost", "12345"], "six digits"),
        (["http://localhost", "123 45x"], "six digits"),
        (["http://localhost", "123 456", "--people", "0"], "--people is at least 1"),
        (["http://localhost", "123456", "--rate", "-1"], "not below 0"),
        (["http://127.0.0.1:9", "123456", "--people", "1", "--within", "nan"], "not below 0"),
    ],
)
def test_what_cannot_be_done_is_told(given: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", *given]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("piece", [1, 3, 7, 1000])
def test_a_line_is_read_however_it_is_cut(piece: int) -> None:
    heard: list[tuple[str, int | None]] = []
    body = b"event: hello\ndata: {}\n\n", b'id: 7\nevent: step\ndata: {"step":3}\n\n', b"id: 8\nevent: notes\n"
    whole = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    whole += b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*body, b"data: {}\n\n"))
    line = Line(b"GET", lambda name, number: heard.append((name, number)), lambda: None)
    line.connection_made(Deaf())

    for start in range(0, len(whole), piece):
        line.data_received(whole[start : start + piece])

    assert heard == [("step", 7), ("notes", 8)]


class Deaf(asyncio.Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass


def test_shares_are_by_nearest_rank() -> None:
    hundred = [number / 1000 for number in range(100, 0, -1)]

    assert shares(hundred, 50, 95, 99, 100) == [50.0, 95.0, 99.0, 100.0]
    assert shares([0.5], 50, 99) == [500.0, 500.0]
    assert shares([], 50) == []


def test_the_report_counts_an_event_only_when_all_heard_it() -> None:
    figures = Figures(joined=[0.1, 0.2], events={5: Arrival(1.0, 1.25, 2), 6: Arrival(2.0, 2.0, 1)})
    figures.steps[5] = Arrival(1.3, 1.5, 2)

    assert figures.spreads(2) == [0.25]
    assert figures.waits() == [0.5]
    assert "250.0" in report(figures, Plan(2))
    assert "2 of 2 joined; 2 events heard 3 times" in report(figures, Plan(2))
