"""Playing a meeting from a file: everybody in it gets a browser and does over HTTP what the file says she did."""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from samspel.demo import statement_replay, town
from samspel.demo.browser import Browser, Button, Page, PageError, Tally, client_for, first
from samspel.demo.house import end_with_parent
from samspel.demo.leader import Console, Leader, wait_for_site
from samspel.demo.people import kind_of
from samspel.demo.replaying import PlayedTable, Replay, ReplayError, Thought, read

T = TypeVar("T")
AT_ONCE = 6  # so many browsers at the same time, so that a small machine keeps up


@dataclass(frozen=True)
class Outcome:
    """What a played meeting came to: the hall's choice in its order, and the protocol as exported."""

    dialogue_id: int
    code: str
    chosen: tuple[str, ...]
    protocol: dict[str, Any]


@dataclass
class Player:
    """One replay on one site."""

    replay: Replay
    client: httpx.AsyncClient
    leader: Leader
    pace: float
    tally: Tally = field(default_factory=Tally)
    dialogue_id: int = 0
    code: str = ""

    def __post_init__(self) -> None:
        self.browsers = {person: Browser(self.client, tally=self.tally) for person in self.replay.people}
        self.proposals: dict[str, str] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    @property
    def address(self) -> str:
        return f"/m/{self.code}/"

    async def play(self) -> Outcome:
        """From the plan to the protocol."""
        await self._plan()
        await self._come()
        console = await self._press(await self._console(), "start")
        table_done = False
        while True:
            kind = await self._kind(console)
            if kind == "solo":
                await self._everybody(self._think)
            elif kind == "table" and not table_done:
                await self._talk()
                table_done = True
            elif kind == "ballot":
                console = await self._choose(console)
            elif kind == "agree":
                await self._agree()
            elif kind == "checkout":
                await self._everybody(self._check_out)
            await asyncio.sleep(self.replay.seconds[kind] / self.pace if self.pace else 0)
            if console.button("next") is None:
                break
            console = await self._press(await self._console(), "next")
        page = await self.leader.browser.get(f"/dialogues/{self.dialogue_id}/close")
        await self.leader.browser.submit(page, page.get_form("/close"))
        file = await self.leader.browser.fetch(f"/dialogues/{self.dialogue_id}/protocol.json")
        protocol: dict[str, Any] = file.json()
        chosen = sorted(protocol["questions"][0]["chosen"], key=lambda row: int(row["place"]))
        return Outcome(self.dialogue_id, self.code, tuple(row["text"] for row in chosen), protocol)

    # -- the leader

    async def _plan(self) -> None:
        replay, browser = self.replay, self.leader.browser
        starts = datetime.now().astimezone() + timedelta(minutes=1)
        page = await browser.get("/dialogues/new")
        form = page.get_form("/dialogues/new")
        about: dict[str, str | list[str] | None] = {"template": replay.template, "question-1": replay.question}
        units = form.options.get("unit", [])
        wanted = replay.unit or town.ROOT
        if units:
            unit = next((value for value, text in units if text == wanted), None)
            if unit is None:
                raise ReplayError(f'"unit" {wanted!r} is not in the town')
            about["unit"] = unit
        about |= {"date": starts.strftime("%Y-%m-%d"), "time": starts.strftime("%H:%M"), "grows_from": ""}
        page = await browser.submit(page, form, about)
        found = re.search(r"/dialogues/(\d+)/plan", urlsplit(page.address).path)
        if found is None:
            raise PageError("no plan was made")
        self.dialogue_id = int(found.group(1))
        changes: dict[str, str | list[str] | None] = {
            "title": replay.title,
            "place": replay.place,
            "language": replay.language,
            "has_seating": None,
            "needs_review": None,
        }
        page = await self._save(page, changes)
        count = len(self._table_names(page))
        while count != len(replay.tables):
            page = await self._save(page, {"do": "more-tables" if count < len(replay.tables) else "fewer-tables"})
            if len(self._table_names(page)) == count:
                raise ReplayError(f"{len(replay.tables)} tables could not be set up")
            count = len(self._table_names(page))
        await self._save(page, {"table_name": [table.name for table in replay.tables]})
        self.code = await self.leader.publish(self.dialogue_id)

    @staticmethod
    def _table_names(page: Page) -> list[str]:
        return [value for name, value in page.get_form("/plan").fields if name == "table_name"]

    async def _save(self, page: Page, changes: dict[str, str | list[str] | None]) -> Page:
        return await self.leader.browser.submit(page, page.get_form("/plan"), {"do": "save", **changes})

    async def _console(self) -> Console:
        return Console(await self.leader.browser.get(f"/dialogues/{self.dialogue_id}/lead"))

    async def _press(self, console: Console, what: str) -> Console:
        button = console.button(what)
        if button is None:
            raise PageError(f"the console has no button {what}")
        return Console(await self.leader.browser.press(console.page, button))

    async def _kind(self, console: Console) -> str:
        """What the step is for, as the first phone sees it."""
        page = await self._look(self.replay.tables[0].people[0])
        kind = kind_of(page)
        if kind != "look":
            return kind
        if not console.is_together:
            return "frame"
        if console.result_stands:
            # Everybody without a pen only looks while the room agrees.
            return "whole"
        if console.page.find_buttons("/lead/next") and "Öppna det tysta valet" in self._next_text(console):
            return "whole"
        return "ballot"

    @staticmethod
    def _next_text(console: Console) -> str:
        button = console.button("next")
        return button.text if button is not None else ""

    async def _choose(self, console: Console) -> Console:
        """Silent ballots, the count, and the three from the last to the first."""
        if not console.is_on("ballot_open"):
            await self.leader.turn_on(console, "ballot_open")
        await self._everybody(self._vote)
        console = await self._press(await self._console(), "choose")
        if not console.result_stands:  # somebody has not voted, and the console asks once
            console = await self._press(console, "choose")
        while (button := console.button("reveal")) is not None and ("to", "0") not in button.form.fields:
            await asyncio.sleep(self.replay.seconds["ballot"] / 8 / self.pace if self.pace else 0)
            console = await self._press(console, "reveal")
        return console

    async def _agree(self) -> None:
        for agreement in self.replay.agreements:
            about = self.proposals.get(agreement.about, "0")
            page = await self.leader.browser.get(f"/dialogues/{self.dialogue_id}/agreements?om={about}")
            written: dict[str, str | list[str] | None] = {
                "text": agreement.text,
                "owner": agreement.owner,
                "owner_role": agreement.owner_role,
                "becomes": agreement.becomes,
                "when": "weeks4",
            }
            await self.leader.browser.submit(page, page.get_form("/agreements"), written)

    # -- those who take part

    async def _everybody(self, do: Callable[[str], Awaitable[None]], people: Iterable[str] | None = None) -> None:
        async def one(person: str) -> None:
            async with self._gate:
                await do(person)

        await asyncio.gather(*(one(person) for person in (self.replay.people if people is None else people)))

    async def _look(self, person: str) -> Page:
        return await self.browsers[person].get(self.address)

    async def _come(self) -> None:
        """The first of each table first: who comes first has the pen."""
        for table in self.replay.tables:
            await self._join(table.people[0])
        await self._everybody(self._join, [person for table in self.replay.tables for person in table.people[1:]])

    async def _join(self, person: str) -> None:
        page = await self._look(person)
        form = page.get_form("/seat")
        who = self.replay.people[person]
        about: dict[str, str | list[str] | None] = {"name": who.name}
        about |= {name: value for name, value in (("unit", who.unit), ("role", who.role)) if name in form.names}
        if tables := form.values("table"):
            name = self.replay.table_of(person).name
            about["table"] = next(value for value, text in tables if _says(text, name))
        await self.browsers[person].submit(page, form, about, follow=False)

    async def _think(self, person: str) -> None:
        browser, page = self.browsers[person], await self._look(person)
        for note in self.replay.notes_of(person):
            await browser.submit(page, page.get_form("/notes"), {"text": note.text}, follow=False)
        button = next(one for one in page.find_buttons("/ready", "wanted") if one.value == "1")
        await browser.submit(page, button.form, {"text": ""}, button=button, follow=False)

    async def _talk(self) -> None:
        """Everything at the tables: share, mark, be ready, speak against, order, hand in."""
        await self._everybody(self._share)
        await self._everybody(self._mark)
        await asyncio.gather(*(self._finish(table) for table in self.replay.tables))

    async def _share(self, person: str) -> None:
        if not self.replay.notes_of(person):
            return
        page = await self._look(person)
        form = page.get_form("/notes/share")
        button = next(one for one in form.buttons if one.name == "all")
        await self.browsers[person].submit(page, form, button=button, follow=False)

    async def _mark(self, person: str) -> None:
        browser, page = self.browsers[person], await self._look(person)
        cards = page.find_buttons("/table/mark", "mark")
        for note in self.replay.marks.get(person, ()):
            await browser.press(page, self._card(cards, note), follow=False)
        button = next(one for one in page.find_buttons("/table/ready", "wanted") if one.value == "1")
        await browser.press(page, button, follow=False)

    def _card(self, cards: list[Button], note: str) -> Button:
        written = self.replay.notes[note]
        there = _showing([(card.text, card) for card in cards], written.text)
        if not there:
            raise PageError(f"note {note} does not lie on its table")
        # The same words twice: one card each, in the order in which they were written, so for everybody alike.
        there.sort(key=lambda card: int(card.value))
        people = self.replay.table_of(written.by).people
        alike = [one.id for one in self.replay.notes.values() if one.by in people and _same_words(one, written)]
        return there[alike.index(note) % len(there)]

    async def _finish(self, table: PlayedTable) -> None:
        pen = table.people[0]
        for text in self.replay.counter_voices.get(table.name, ()):
            await self._speak_against(table, text)
        async with self._gate:
            page = await self._look(pen)
            three = self.replay.handed_in.get(table.name, ())
            for place, note in enumerate(three, start=1):
                page = await self._move(pen, page, note, place)
            link = page.find_link("/table/hand-in")
            if link is None:
                return
            smaller = await self.browsers[pen].get(link)
            await self.browsers[pen].submit(smaller, smaller.get_form("/table/hand-in"), follow=False)

    async def _speak_against(self, table: PlayedTable, text: str) -> None:
        """The reason advocate says it, who was drawn by lot: her page says that it is she."""
        for person in table.people:
            page = await self._look(person)
            link = next((row for row in page.links if urlsplit(row[0]).path.endswith("/table/voice")), None)
            if link is not None and "förnuftsombud" in link[1]:
                smaller = await self.browsers[person].get(link[0])
                await self.browsers[person].submit(smaller, smaller.get_form("/table/voice"), {"text": text})
                return
        raise PageError(f"table {table.name} has no reason advocate")

    async def _move(self, pen: str, page: Page, note: str, place: int) -> Page:
        """Press the arrow until the card stands where it should."""
        text = self.replay.notes[note].text
        while True:
            order = _order_of(page)
            there = _showing([(words, number) for number, words in enumerate(order, start=1)], text)
            if not there:
                raise PageError(f"note {note} does not lie on its table")
            at = there[0]
            if at <= place:
                return page
            up = next(one for one in page.find_buttons("/table/move", "up") if one.value.endswith(f":{at - 1}"))
            page = await self.browsers[pen].press(page, up)

    async def _vote(self, person: str) -> None:
        browser, page = self.browsers[person], await self._look(person)
        form = page.get_form("/ballot")
        by_text = form.values("proposal")
        chosen = []
        for note in self.replay.ballots.get(person, ()):
            text = self.replay.notes[note].text
            there = _showing([(words, value) for value, words in by_text], text)
            if not there:
                raise PageError(f"note {note} is not among the proposals")
            value = there[0]
            self.proposals[note] = value
            chosen.append(value)
        button = None if chosen else first(one for one in page.find_buttons("/ballot", "none"))
        await browser.submit(page, form, {"proposal": chosen}, button=button, follow=False)

    async def _check_out(self, person: str) -> None:
        level = self.replay.checkout.get(person)
        if level is None:
            return
        page = await self._look(person)
        button = next(one for one in page.find_buttons("/checkout", "level") if one.value == str(level))
        await self.browsers[person].press(page, button, follow=False)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _showing(shown: Iterable[tuple[str, T]], text: str) -> list[T]:
    """The cards or proposals that show these words, whatever stands after them; not those that say more."""
    found = [(len(words), one) for words, one in shown if f"{_plain(words)} ".startswith(f"{_plain(text)} ")]
    least = min((length for length, _one in found), default=0)
    return [one for length, one in found if length == least]


def _same_words(one: Thought, other: Thought) -> bool:
    return _plain(one.text) == _plain(other.text)


def _says(label: str, name: str) -> bool:
    """Whether a label of a table, «Bord Eldkvarn 8 platser kvar», is of this table."""
    return re.search(rf"(^|\s){re.escape(_plain(name))}(\s|$)", _plain(label)) is not None


def _order_of(page: Page) -> list[str]:
    """The cards in the table's order."""
    rows = re.findall(r'<span class="words sam-voice">(.*?)<span class="by">', page.html, re.DOTALL)
    return [" ".join(Page("", row).text.split()) for row in rows]


async def play(site: str, replay: Replay, *, pace: float, leader_password: str, tally: Tally | None = None) -> Outcome:
    """Play a replay on a site, led by the town's made-up leader.

    :raises ReplayError: the site cannot play it.
    :raises PageError: the site refused something.
    """
    tally = tally if tally is not None else Tally()
    async with client_for(site) as client:
        await wait_for_site(client)
        leader = Leader(Browser(client, tally=tally), pace)
        await leader.sign_in(leader_password)
        return await Player(replay, client, leader, pace, tally).play()


def _read(path: Path) -> tuple[Replay, tuple[str, ...]]:
    """The meeting in a file of any kind, and what of it is left out."""
    return statement_replay.read(path) if statement_replay.is_statements(path) else (read(path), ())


def main(arguments: Sequence[str] | None = None) -> int:
    """Started by ``samspel demo --replay``."""
    parser = argparse.ArgumentParser(prog="samspel.demo.replay", description=main.__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--check", action="store_true", help="only say whether it can be played")
    parser.add_argument("--site", default="")
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--protocol", type=Path)
    given = parser.parse_args(arguments)
    if not settings.configured:
        settings.configure(USE_I18N=False)  # for the sentences about a file; nothing else of Django is used here
    try:
        replay, told = _read(given.file)
    except ReplayError as error:
        print(f"{given.file}: {error}", file=sys.stderr, flush=True)
        return 1
    if given.check:
        for line in told:
            print(f"{given.file}: {line}", file=sys.stderr)
        return 0
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    password = os.environ.pop("SAMSPEL_DEMO_LEADER_PASSWORD", "")
    try:
        outcome = asyncio.run(play(given.site, replay, pace=given.pace, leader_password=password))
    except (ReplayError, PageError) as error:
        print(f"{given.file}: {error}", file=sys.stderr, flush=True)
        return 1
    if given.protocol is not None:
        given.protocol.write_text(json.dumps(outcome.protocol, ensure_ascii=False, indent=2), encoding="utf-8")
    print("The hall chose:")
    for place, text in enumerate(outcome.chosen, start=1):
        print(f"  {place}  {text}")
    print(f"Protocol: {given.site}/dialogues/{outcome.dialogue_id}/protocol", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
