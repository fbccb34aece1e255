"""The made-up leader: Helena Sand leads when nobody else does. She signs in and presses the console's own buttons.

She leaves a meeting to whoever presses a button on its console, and comes back when that one has been gone long after
the time of a step was out. She knows nothing but the console's page, where «Senast: …» says who pressed last.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

import httpx

from samspel.demo import town
from samspel.demo.browser import Browser, Button, Form, Page, PageError, first
from samspel.demo.people import Hall
from samspel.demo.town import ALREADY_DECIDED, ROOT, SECOND_LEADER

LOOKS_EVERY_S = 3.0
STARTS_AFTER_S = 75.0
WAITS_FOR_SOMEBODY_S = 6 * 60.0  # a newcomer reads, finds her phone and types the code: what she came for is ahead
PAUSE_S = 90.0
LEFT_ALONE_S = 20 * 60.0  # a leader who has been away for so long after a step's time is not coming back
BALLOT_AFTER = 0.25  # of the step's time
BALLOT_LASTS_S = 90.0
BETWEEN_PLACES_S = 12.0
HELPS_AFTER_S = 25.0
_LAST = re.compile(r"Senast: ([^<]+)<")
_COUNT = re.compile(r"(\d+) av (\d+) (anslutna|har valt)")


async def wait_for_site(client: httpx.AsyncClient, *, most_s: float = 120) -> None:
    """Until the site answers.

    :raises PageError: it did not.
    """
    until_s = time.monotonic() + most_s
    while time.monotonic() < until_s:
        try:
            if (await client.get("/health")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.2)
    raise PageError("the site does not answer")


@dataclass
class Console:
    """What the console's page says, for one who presses its buttons."""

    page: Page

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """How many are here, and how many have chosen, each of how many."""
        return {what: (int(have), int(of)) for have, of, what in _COUNT.findall(self.page.text)}

    @property
    def handed_in(self) -> int:
        """How many tables have handed in."""
        found = re.search(r"(\d+) bord har lämnat in", self.page.text)
        return int(found.group(1)) if found else 0

    @property
    def last_leader(self) -> str:
        """Who pressed a button in the last seconds."""
        found = _LAST.search(self.page.html)
        return unescape(found.group(1)).strip() if found else ""

    @property
    def starts(self) -> str:
        found = re.search(r'data-starts="([^"]*)"', self.page.html)
        return found.group(1) if found else ""

    @property
    def is_paused(self) -> bool:
        return bool(re.search(r'data-paused="[^"]+"', self.page.html))

    def passed(self) -> tuple[float, float]:
        """Seconds that have passed of the step, and how long it is."""
        times = [re.search(rf'data-{name}="([^"]*)"', self.page.html) for name in ("starts", "ends", "now")]
        try:
            starts, ends, now = (datetime.fromisoformat(found.group(1)) for found in times if found)
        except ValueError:
            return 0.0, 0.0
        return (now - starts).total_seconds(), (ends - starts).total_seconds()

    def button(self, what: str) -> Button | None:
        """A button of the console, by the end of its address."""
        return first(self.page.find_buttons(f"/lead/{what}"))

    @property
    def is_over(self) -> bool:
        return self.page.find_link("/protocol") is not None

    @property
    def is_together(self) -> bool:
        return 'id="valet"' in self.page.html

    @property
    def result_stands(self) -> bool:
        return '<ol class="chosen">' in self.page.html

    def is_on(self, name: str) -> bool:
        """How one of the switches stands."""
        form = self.switch_form(name)
        if form is None:
            return False
        return ("wanted", "off") in form.fields or any(chosen for _name, _value, chosen, _text in form.choices)

    def switch_form(self, name: str) -> Form | None:
        """The form of one of the switches: a checkbox, or a button that turns it."""
        return next((form for form in self.page.forms if ("name", name) in form.fields), None)


@dataclass
class Seen:
    """What Helena remembers of a meeting while she leads it."""

    came_s: float = field(default_factory=time.monotonic)
    human_s: float | None = None
    ballot_s: float = 0.0
    revealed_s: float = 0.0
    pressed_s: float = field(default_factory=time.monotonic)  # any button
    help_s: dict[str, float] = field(default_factory=dict)
    shown_lone: bool = False
    read_words: bool = False


class Leader:
    """Helena's browser, and how she leads."""

    def __init__(self, browser: Browser, pace: float) -> None:
        self.browser = browser
        self.pace = pace
        self.name = SECOND_LEADER.name

    @property
    def pause_s(self) -> float:
        """How long the hall stands empty between two meetings."""
        return self._takes_s(PAUSE_S)

    def _takes_s(self, seconds: float) -> float:
        return seconds / self.pace if self.pace else 0.0

    async def sign_in(self, password: str) -> None:
        """:raises PageError: the site does not know her."""
        page = await self.browser.get("/accounts/login/")
        form = page.get_form("/accounts/login/")
        page = await self.browser.submit(page, form, {"login": SECOND_LEADER.email, "password": password})
        if page.find_form("/accounts/login/") is not None:
            raise PageError("the made-up leader could not sign in")

    # -- one meeting

    async def lead(self, dialogue_id: int, hall: Hall) -> None:
        """Lead a meeting to its end, or watch while somebody else does."""
        seen = Seen()
        while True:
            try:
                console = await self._look(dialogue_id)
                if console.is_over:
                    return
                if self._is_led_by_another(console, seen):
                    pass
                elif await self._act(console, seen, hall, dialogue_id):
                    seen.pressed_s = time.monotonic()
                    continue
            except PageError as error:
                print(f"{self.name}: {error}", flush=True)
            await asyncio.sleep(LOOKS_EVERY_S / max(1.0, self.pace) if self.pace else 0.2)

    async def _look(self, dialogue_id: int) -> Console:
        return Console(await self.browser.get(f"/dialogues/{dialogue_id}/lead"))

    def _is_led_by_another(self, console: Console, seen: Seen) -> bool:
        now_s = time.monotonic()
        if console.last_leader and console.last_leader != self.name:
            seen.human_s = now_s
        if seen.human_s is None:
            return False
        passed_s, lasts_s = console.passed()
        is_waiting = passed_s - lasts_s < LEFT_ALONE_S or console.is_paused
        if is_waiting or now_s - seen.human_s < LEFT_ALONE_S:
            return True
        seen.human_s = None
        return False

    async def _act(self, console: Console, seen: Seen, hall: Hall, dialogue_id: int) -> bool:
        """Press what should be pressed now; True when something was."""
        start = console.button("start")
        if start is not None:
            if not self._is_time_to_start(console, seen, hall):
                return False
            await self.browser.press(console.page, start)
            return True
        return (
            await self._help(console, seen)
            or await self._review(console, dialogue_id)
            or (console.is_together and await self._together(console, seen, dialogue_id))
            or await self._go_on(console, seen, hall, dialogue_id)
        )

    def _is_time_to_start(self, console: Console, seen: Seen, hall: Hall) -> bool:
        """Soon after somebody who is not made up has come; without her, when waiting longer would be a dull town."""
        here, _of = console.counts.get("anslutna", (0, 0))
        if not self.pace:
            return here >= len(hall.people)
        is_somebody_here = here > sum(person.has_joined for person in hall.people)
        waits_s = STARTS_AFTER_S if is_somebody_here else WAITS_FOR_SOMEBODY_S
        return time.monotonic() - seen.came_s > self._takes_s(waits_s) and here > 0

    async def _help(self, console: Console, seen: Seen) -> bool:
        """Go to a table that asked, and say so; a while later it is done."""
        for form in console.page.forms:
            path = urlsplit(form.action).path
            if "/lead/help/" not in path:
                continue
            about = f"{path} {form.buttons[0].text if form.buttons else ''}"
            if time.monotonic() - seen.help_s.setdefault(about, time.monotonic()) >= self._takes_s(HELPS_AFTER_S):
                await self.browser.submit(console.page, form)
                return True
        return False

    async def _review(self, console: Console, dialogue_id: int) -> bool:
        """Read through what waits before it is shown."""
        if sum(urlsplit(href).path.endswith("/review") for href, _text in console.page.links) < 2:
            return False
        page = await self.browser.get(f"/dialogues/{dialogue_id}/review")
        texts = [form for form in page.forms if {("kind", "proposal"), ("kind", "voice")}.intersection(form.fields)]
        waiting = [button for form in texts for button in form.buttons if button.value == "show"]
        for button in waiting:
            await asyncio.sleep(self._takes_s(1.5))
            await self.browser.press(page, button, follow=False)
        return bool(waiting)

    async def _together(self, console: Console, seen: Seen, dialogue_id: int) -> bool:
        """Open the silent ballot, count, show the three from the last to the first; then the words, a lone voice."""
        now_s = time.monotonic()
        passed_s, lasts_s = console.passed()
        is_open = console.is_on("ballot_open")
        cast, here = console.counts.get("har valt", (0, 0))
        if not console.handed_in and not console.result_stands:
            return False
        choose, reveal, lone = console.button("choose"), console.button("reveal"), console.button("lone")
        if not console.result_stands:
            if console.switch_form("ballot_open") is None:
                return False  # the ballot is the next step, to which she goes on in time
            if not is_open and not cast:
                if self.pace and passed_s < lasts_s / self.pace * BALLOT_AFTER:
                    return False
                await self.turn_on(console, "ballot_open")
                seen.ballot_s = now_s
                return True
            seen.ballot_s = seen.ballot_s or now_s
            all_have = here > 0 and cast >= here
            is_time = all_have or now_s - seen.ballot_s > max(self._takes_s(BALLOT_LASTS_S), 20)
            if choose is None or not is_time:
                await asyncio.sleep(self._takes_s(LOOKS_EVERY_S) or 0.2)
                return True
            await self.browser.press(console.page, choose)
            seen.revealed_s = now_s
            return True
        if now_s - seen.revealed_s < self._takes_s(BETWEEN_PLACES_S):
            return False
        if not seen.read_words:
            seen.read_words = True
            return await self._let_words_show(dialogue_id)
        if reveal is not None and ("to", "0") not in reveal.form.fields:
            await self.browser.press(console.page, reveal)
            seen.revealed_s = now_s
            return True
        if lone is not None and not seen.shown_lone:
            seen.shown_lone = True
            await self.browser.press(console.page, lone)
            seen.revealed_s = now_s
            return True
        return False

    async def _let_words_show(self, dialogue_id: int) -> bool:
        """Read through the list of words."""
        page = await self.browser.get(f"/dialogues/{dialogue_id}/review")
        form = next((form for form in page.forms if ("kind", "words") in form.fields), None)
        button = next((one for one in form.buttons if one.value == "show"), None) if form is not None else None
        if button is None:
            return False
        await self.browser.press(page, button, follow=False)
        return True

    async def turn_on(self, console: Console, name: str) -> None:
        form = console.switch_form(name)
        if form is None:
            raise PageError(f"the console has no switch {name}")
        await self.browser.submit(console.page, form, {"wanted": "on"})

    async def _go_on(self, console: Console, seen: Seen, hall: Hall, dialogue_id: int) -> bool:
        """To the next step when its time is out; at pace 0 when everybody has done what she wanted."""
        passed_s, lasts_s = console.passed()
        if console.is_paused:
            return False
        if self.pace and passed_s < lasts_s / self.pace:
            return False
        if not self.pace and not hall.has_done(seen.pressed_s):
            return False
        button = console.button("next")
        if button is not None:
            await self.browser.press(console.page, button)
            return True
        page = await self.browser.get(f"/dialogues/{dialogue_id}/close")
        await self.browser.submit(page, page.get_form("/close"))
        return True

    # -- the next meeting

    async def plan_next(self, tables: int) -> tuple[int, str]:
        """Plan another meeting on the same thread, as any leader would; its id and code."""
        page = await self.browser.get("/dialogues/new")
        form = page.get_form("/dialogues/new")
        about: dict[str, str | list[str] | None] = {"template": town.HALL_TEMPLATE, "question-1": town.HALL_QUESTION}
        if units := form.options.get("unit"):
            about["unit"] = next(value for value, text in units if text == ROOT)
            page = await self.browser.get(f"/dialogues/new?unit={about['unit']}")
            form = page.get_form("/dialogues/new")
        starts = datetime.now().astimezone() + timedelta(minutes=2)
        about |= {"date": starts.strftime("%Y-%m-%d"), "time": starts.strftime("%H:%M")}
        signals = form.options.get("grows_from", [])
        about["grows_from"] = next((value for value, text in signals if ALREADY_DECIDED.words in text), None)
        page = await self.browser.submit(page, form, about)
        found = re.search(r"/dialogues/(\d+)/plan", urlsplit(page.address).path)
        if found is None:
            raise PageError("no plan was made")
        dialogue_id = int(found.group(1))
        page = await self._save(page, {"title": town.HALL_TITLE, "place": town.HALL_PLACE})
        for _number in range(tables - 1):
            page = await self._save(page, {"do": "more-tables"})
        return dialogue_id, await self.publish(dialogue_id)

    async def _save(self, page: Page, changes: dict[str, str | list[str] | None]) -> Page:
        return await self.browser.submit(page, page.get_form("/plan"), {"do": "save", **changes})

    async def publish(self, dialogue_id: int) -> str:
        """Make a plan ready, and give its code."""
        page = await self.browser.get(f"/dialogues/{dialogue_id}/invite")
        button = first(page.find_buttons("/invite", "do"))
        if button is not None:
            page = await self.browser.press(page, button)
        found = re.search(r"(\d{3})\s(\d{3})", page.text.partition("Samtalets kod")[2])
        if found is None:
            raise PageError("the plan has no code")
        return found.group(1) + found.group(2)
