"""A hall's whole day, led from the console, and the database's own word on what was acknowledged."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

import psycopg

from benchmarks.live.chair import Chair
from samspel.demo.load import Hall
from samspel.demo.phone import Phone

Trouble = Callable[[Hall, str], Awaitable[None]]
PATIENCE_S = 600.0


class DayError(RuntimeError):
    """The day did not go on."""


async def lead(hall: Hall, chair: Chair, *, say: Callable[[str], None], trouble: Trouble | None = None) -> None:
    """From the start to the last step: everybody does what each step invites to, and the leader goes on.

    :param trouble: awaited in every step while people are at it, with the step's name.
    """
    await _step(hall, chair, "start", say, trouble)
    while True:
        if hall.come[0].view == "whole":
            await _together(hall, chair, say, trouble)
        if hall.come[0].view == "agree":
            _check_agreements(hall)
        if not await chair.can("next"):
            return
        await _step(hall, chair, "next", say, trouble)


async def _step(hall: Hall, chair: Chair, press: str, say: Callable[[str], None], trouble: Trouble | None) -> None:
    known = len(hall.figures.steps)
    await chair.press(press)
    ends_s = time.monotonic() + PATIENCE_S
    while len(hall.figures.steps) == known or any(phone.is_fetching for phone in hall.come):
        if time.monotonic() > ends_s:
            raise DayError(f"the step after {known} never came")
        await asyncio.sleep(0.02)
    await _settle(hall, hall.come[0].view, say, trouble)


async def _settle(hall: Hall, name: str, say: Callable[[str], None], trouble: Trouble | None) -> None:
    began_s = time.monotonic()
    if trouble is not None:
        await trouble(hall, name)
    if not await hall.settle(most_s=PATIENCE_S):
        busy = [f"{phone.number} at {phone.view}" for phone in hall.come if phone.is_busy]
        raise DayError(f"{name}: {len(busy)} never became ready: {', '.join(busy[:5])}")
    say(f"  {len(hall.figures.steps):2} {name}: done after {time.monotonic() - began_s:.0f} s")


async def _together(hall: Hall, chair: Chair, say: Callable[[str], None], trouble: Trouble | None) -> None:
    """The silent ballot, the count, and the three from the last to the first; a plan may have a step for each."""
    if not await chair.has_switch("ballot_open"):  # its own step comes next, or it has been
        return
    if not await chair.is_on("ballot_open"):  # as it is in its own step, where everybody has voted by now
        await chair.turn("ballot_open", "on")
        ends_s = time.monotonic() + PATIENCE_S
        while not any(phone.view == "whole_ballot" for phone in hall.come):
            if time.monotonic() > ends_s:
                raise DayError("no ballot came")
            await asyncio.sleep(0.02)
        await _settle(hall, "ballot", say, trouble)
    await chair.count()
    await chair.reveal()
    await _settle(hall, "result", say, None)


def _check_agreements(hall: Hall) -> None:
    texts = [text for phone in hall.come for text in phone.kept.agreements.values()]
    blind = [phone for phone in hall.come if not phone.sees_agreements(texts)]
    if not texts or blind:
        hall.figures.failed["a phone does not show what was agreed"] += len(blind) or 1


# ---------------------------------------------------------------- what the database says


def differences(line: psycopg.Connection[tuple[object, ...]], dialogue_id: int, phones: Iterable[Phone]) -> list[str]:
    """What was acknowledged and is not there, or is there more than once, or is there and nobody wrote it.

    Asked before the meeting is closed: afterwards no row tells whose anything was.
    """
    found: list[str] = []
    phones = list(phones)

    def rows(sql: str) -> list[tuple[object, ...]]:
        return line.execute(sql, [dialogue_id]).fetchall()

    def compare(what: str, there: Iterable[object], wanted: Iterable[object]) -> None:
        have, want = Counter(there), Counter(wanted)
        found.extend(f"{what} lost: {one}" for one in (want - have))
        found.extend(f"{what} too many: {one}" for one in (have - want))

    notes = rows(
        "SELECT seat.number, note.key, note.text FROM dialogues_note note JOIN dialogues_seat seat"
        " ON seat.id = note.seat_id WHERE note.dialogue_id = %s"
    )
    compare("note", [row[:2] for row in notes], [(one.seat, key) for one in phones for key in one.kept.notes])
    # What was shared is open text; what lies sealed is read on its author's own page.
    texts = {key: text for one in phones for key, text in one.kept.notes.items()}
    found.extend(f"note changed: {row[2]}" for row in notes if row[2] and row[2] != texts.get(str(row[1])))
    marks = rows(
        "SELECT seat.number, mark.note_id FROM dialogues_mark mark JOIN dialogues_seat seat ON seat.id = mark.seat_id"
        " WHERE seat.dialogue_id = %s"
    )
    everybody = [pair for one in phones for pair in one.kept.of_all(one.seat)]
    compare("mark", marks, [(seat, note) for seat, kept in everybody for note in kept.marks])
    ballots = rows(
        "SELECT seat.number, ballot.question, chosen.proposal_id FROM dialogues_ballot ballot"
        " JOIN dialogues_seat seat ON seat.id = ballot.seat_id"
        " JOIN dialogues_ballot_proposals chosen ON chosen.ballot_id = ballot.id WHERE ballot.dialogue_id = %s"
    )
    cast = [(seat, at, chosen) for seat, kept in everybody for at, all_ in kept.ballots.items() for chosen in all_]
    compare("vote", ballots, cast)
    agreed = rows("SELECT key, text FROM dialogues_agreement WHERE dialogue_id = %s AND withdrawn_at IS NULL")
    compare("agreement", agreed, [pair for one in phones for pair in one.kept.agreements.items()])
    taps = rows("SELECT level FROM dialogues_checkout WHERE dialogue_id = %s")
    compare("check-out", ["tap"] * len(taps), ["tap" for one in phones if one.kept.has_checked_out])
    handed = rows(
        "SELECT count(pick.id) FROM dialogues_sitting sitting JOIN dialogues_table t ON t.id = sitting.table_id"
        " JOIN dialogues_pick pick ON pick.sitting_id = sitting.id WHERE t.dialogue_id = %s GROUP BY sitting.id"
    )
    if len(handed) < sum(one.kept.handed_in for one in phones):
        found.append("a table's three lost")
    seats = rows("SELECT number FROM dialogues_seat WHERE dialogue_id = %s")
    compare("seat", [row[0] for row in seats], [seat for seat, _kept in everybody])
    return found


def places(line: psycopg.Connection[tuple[object, ...]], dialogue_id: int) -> set[tuple[object, ...]]:
    """Who sits where, in every seating: (seat, seating, table)."""
    sql = (
        "SELECT seat.number, place.seating, t.number FROM dialogues_placement place"
        " JOIN dialogues_seat seat ON seat.id = place.seat_id JOIN dialogues_table t ON t.id = place.table_id"
        " WHERE seat.dialogue_id = %s"
    )
    return set(line.execute(sql, [dialogue_id]).fetchall())
