"""The made-up people and their leader, over HTTP against a real server."""

import asyncio

from samspel.demo import words
from samspel.demo.browser import Browser, Tally, client_for
from samspel.demo.leader import Leader
from samspel.demo.people import Hall, cast, gather, unsaid
from samspel.dialogues.models import Dialogue, State
from tests.demo.conftest import LEADER_PASSWORD, OpenTown

PEOPLE = 12


async def walk(address: str, code: str, dialogue_id: int, tally: Tally) -> Hall:
    """A whole meeting at pace 0."""
    async with client_for(address) as client:
        leader = Leader(Browser(client, tally=tally), 0)
        await leader.sign_in(LEADER_PASSWORD)
        hall = Hall(code, 0, unsaid=unsaid(), voices=list(words.COUNTER_VOICES))
        hall.people = cast(PEOPLE, client, tally, None, seed=7)
        meeting = asyncio.create_task(gather(hall))
        await asyncio.wait_for(leader.lead(dialogue_id, hall), 240)
        hall.is_over.set()
        await meeting
        return hall


def test_a_whole_meeting_is_walked_without_a_refused_request(open_town: OpenTown) -> None:
    tally = Tally()

    hall = asyncio.run(walk(open_town.address, open_town.hall.code, open_town.hall.pk, tally))

    assert tally.failed == []
    dialogue = Dialogue.objects.get(pk=open_town.hall.pk)
    assert dialogue.state == State.CLOSED
    assert dialogue.seats.count() == len(hall.people) == PEOPLE
    shared = dialogue.notes.filter(shared_at__isnull=False)
    assert shared.count() >= PEOPLE
    assert not shared.filter(author=None).exists()  # each phone finds its own; nobody else knows whose they are
    assert not shared.exclude(seat=None).exists()
    choice = dialogue.choices.get()
    assert choice.told["from"] == "ballots"
    assert choice.ballots == PEOPLE
    assert choice.chosen.count() == 3
    assert dialogue.agreements.count() == 3
    assert dialogue.checkouts.count() == PEOPLE
    assert dialogue.revealed == 4
