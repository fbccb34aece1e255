"""A hall's day in which everything goes wrong: nothing that was acknowledged is lost or doubled, and nobody is moved.

The whole way through the real interface: people join, write alone, share, mark, lay together, order, hand in, cast
ballots, agree and check out at three tables, while in every step the server is killed and a third lose their Wi-Fi.
At 400: ``python -m benchmarks.live.hall --hurt kill,wifi``; behind nginx, with one of two page processes restarted:
``--hurt restart``.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks.live.chair import Chair
from benchmarks.live.day import differences, lead, places
from benchmarks.live.meeting import LEADER, PASSWORD
from benchmarks.live.trouble import Wounds, trouble_of
from samspel.demo import phone as phones
from samspel.demo.load import Hall, Plan, hall_of
from tests.loss.house import House, installation

PEOPLE, TABLES = 24, 6
TEMPLATE, STEPS, QUESTIONS = "mixed-90", 11, 1  # one question at three tables: every kind of step, in bounded time
Row = psycopg.Connection[tuple[object, ...]]


async def day(house: House, dialogue: int, code: str, kinds: set[str], wounds: Wounds) -> Hall:
    """The day to its last step, before the meeting is closed."""
    plan = Plan(PEOPLE, within_s=2, per_s=120, mistyped=10)
    async with hall_of(house.address, code, plan) as hall:
        chair = Chair(house.address, dialogue)
        try:
            await chair.sign_in(LEADER, PASSWORD)
            await hall.join()
            await lead(hall, chair, say=lambda _text: None, trouble=trouble_of(house, dialogue, kinds, wounds))
            await hall.look_back()
        finally:
            await chair.leave()
        hall.count()
        return hall


@contextlib.contextmanager
def planned(folder: Path, *, workers: int = 0) -> Iterator[tuple[House, int, str]]:
    """A running house with a meeting that waits for its people: its number and code."""
    with installation(folder) as house:
        dialogue, code = house.run(
            "-m", "benchmarks.live.meeting", "make", str(TABLES), TEMPLATE, str(QUESTIONS)
        ).split()
        house.start(workers=workers)
        house.wait_until_up()
        yield house, int(dialogue), code


def live_through(folder: Path, kinds: set[str], *, workers: int = 0) -> tuple[Hall, Wounds, list[str], set[object]]:
    wounds = Wounds()
    with planned(folder, workers=workers) as (house, dialogue, code):
        hall = asyncio.run(day(house, dialogue, code, kinds, wounds))
        with house.connect() as line:
            return hall, wounds, differences(line, dialogue, hall.come), {*places(line, dialogue)}


def check(hall: Hall, wounds: Wounds, told: list[str], seated: set[object]) -> None:
    figures = hall.figures
    assert figures.failed == {}
    assert told == []
    assert (figures.lost, figures.doubled) == ([], [])
    assert wounds.reseated == []
    assert len(seated) == PEOPLE * 3, "everybody has one place in each of the three rounds"
    # All of it happened, and it hurt.
    assert figures.checked == PEOPLE * phones.NOTES * QUESTIONS
    assert {"join", "note", "share", "mark", "merge", "order", "hand in", "ballot", "agreement", "check-out"} <= {
        *figures.acknowledged
    }
    assert len(figures.acknowledged["hand in"]) == TABLES * QUESTIONS
    assert wounds.asked >= PEOPLE * STEPS
    assert figures.again > 0


@pytest.mark.slow
def test_the_server_is_killed_in_every_step_and_a_third_lose_their_network(tmp_path: Path) -> None:
    hall, wounds, told, seated = live_through(tmp_path, {"kill", "wifi"})

    check(hall, wounds, told, seated)
    assert wounds.done["server killed"] >= STEPS
    # Who is between two lines when the server falls has none to lose.
    assert hall.figures.lines_lost >= 0.9 * STEPS * PEOPLE


@pytest.mark.slow
def test_what_is_doubled_missing_or_moved_is_found(tmp_path: Path) -> None:
    """A control: without it the tests above could not fail."""
    wounds = Wounds()
    with planned(tmp_path) as (house, dialogue, code):
        found = asyncio.run(spoiled(house, dialogue, code, wounds))

    assert any("note too many" in one for one in found["doubled"])
    assert any("note lost" in one for one in found["lost"])
    assert wounds.reseated


async def spoiled(house: House, dialogue: int, code: str, wounds: Wounds) -> dict[str, list[str]]:
    """Up to the first silent step; then the database is told something else than the phones."""
    found: dict[str, list[str]] = {}
    async with hall_of(house.address, code, Plan(PEOPLE, within_s=2, per_s=120)) as hall:
        chair = Chair(house.address, dialogue)
        await chair.sign_in(LEADER, PASSWORD)
        await hall.join()
        for press in ("start", "next"):
            await chair.press(press)
            await asyncio.sleep(1)
            assert await hall.settle()

        def change(sql: str) -> Callable[[Row], list[str]]:
            def run(line: Row) -> list[str]:
                line.execute(sql, [dialogue])
                return differences(line, dialogue, hall.come)

            return run

        with house.connect() as line:
            assert differences(line, dialogue, hall.come) == []
            columns = ", ".join(
                str(name)
                for (name,) in line.execute(
                    "SELECT column_name FROM information_schema.columns"
                    " WHERE table_name = 'dialogues_note' AND column_name NOT IN ('id', 'key')"
                )
            )
            again = (
                f"INSERT INTO dialogues_note (key, {columns}) SELECT md5(key), {columns}"  # noqa: S608 (names of columns)
                " FROM dialogues_note WHERE dialogue_id = %s LIMIT 1"
            )
            found["doubled"] = change(again)(line)
            found["lost"] = change(
                "DELETE FROM dialogues_note WHERE id = (SELECT min(id) FROM dialogues_note WHERE dialogue_id = %s)"
            )(line)
            hurt = trouble_of(house, dialogue, {"wifi"}, wounds)
            moving = asyncio.create_task(hurt(hall, "solo"))
            await asyncio.sleep(2)
            line.execute(
                "UPDATE dialogues_placement SET table_id = (SELECT max(id) FROM dialogues_table WHERE dialogue_id = %s)"
                " WHERE seat_id = (SELECT min(id) FROM dialogues_seat WHERE dialogue_id = %s)",
                [dialogue, dialogue],
            )
            await moving
        await chair.leave()
    return found
