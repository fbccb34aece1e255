"""The made-up people of Lindvik: they come, think, talk, mark, choose and agree, each with a browser of her own.

They follow whatever step their page shows, so that anybody can lead them. They know nothing but their pages: a process
of its own that speaks HTTP with the site, as the phones in a hall do.
"""

import asyncio
import contextlib
import json
import random
import re
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from samspel.demo import words
from samspel.demo.browser import Browser, Pacer, Page, PageError, Tally, first
from samspel.demo.town import ROOT, WORKERS

LISTENERS = 10  # so many keep a line open, the others ask now and then
ASKS_EVERY_S = 7.0
COMES_WITHIN_S = 60.0
LATE_AFTER_S = (150.0, 300.0)
LINE_LOST_S = 150.0
TELLERS = 3  # so many tell what became of what was agreed last time
_AT_ONCE_S = 0.8  # how often one looks when nothing is waited for
_STEP_S = 120.0  # how long one thinks a step lasts that has no clock
_BALLOT_S = 75.0


@dataclass
class Person:
    """A made-up person: who she is, what she likes, her browser, and where she is in the meeting."""

    number: int
    name: str
    unit: str
    role: str
    browser: Browser
    rng: random.Random
    taste: dict[str, float]
    comes_after_s: float = 0.0
    listens: bool = False
    asks_for_help: bool = False
    loses_line: bool = False
    step: tuple[str, str] = ("", "")
    has_paused: bool = False
    due: list[tuple[float, str]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    has_joined: bool = False
    looked_s: float = 0.0  # when she asked for the page that she saw last

    def likes(self, text: str) -> float:
        """How much she likes a thought; something new is judged by chance."""
        themes = words.themes_in(text)
        taste = max((self.taste[theme] for theme in themes), default=1.5)
        # A word that says it all gathers more than a sentence.
        return taste * self.rng.uniform(0.6, 1.4) * (1.3 if text.strip() in words.THOUGHTS else 1)


@dataclass
class Hall:
    """What made-up people share: the meeting, how fast they are, what has been said."""

    code: str
    pace: float
    people: list[Person] = field(default_factory=list)
    unsaid: dict[str, list[str]] = field(default_factory=dict)
    voices: list[str] = field(default_factory=list)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    agreeing: asyncio.Lock = field(default_factory=asyncio.Lock)
    promised: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"/m/{self.code}/"

    def takes_s(self, seconds: float) -> float:
        """So long at this pace."""
        return seconds / self.pace if self.pace else 0.0

    def has_done(self, since_s: float) -> bool:
        """Whether everybody who is here has looked since then, and has nothing more that she wants to do."""
        here = [person for person in self.people if person.has_joined]
        return bool(here) and all(person.looked_s > since_s and not person.due for person in here)


# ---------------------------------------------------------------- who they are


def cast(count: int, client: httpx.AsyncClient, tally: Tally, pacer: Pacer | None, seed: int) -> list[Person]:
    """So many of the town's people, and some more when there are not enough; the same ones for the same seed."""
    rng = random.Random(seed)
    workers = [worker for worker in WORKERS if worker.unit != ROOT]
    rng.shuffle(workers)
    found = []
    for number in range(count):
        worker = workers[number % len(workers)]
        lap = number // len(workers)
        own = random.Random(f"{seed}/{number}")
        found.append(
            Person(
                number=number,
                name=worker.name.partition(" ")[0] + (f" {lap + 1}" if lap else ""),
                unit=worker.unit,
                role=worker.profession,
                browser=Browser(client, pacer=pacer, tally=tally),
                rng=own,
                taste={theme: weight * own.uniform(0.3, 1.7) for theme, weight in words.WEIGHTS.items()},
                listens=number < LISTENERS,
            )
        )
    late = min(3, count // 8)
    for place, person in enumerate(found):
        is_late = place >= count - late
        person.comes_after_s = (
            rng.uniform(*LATE_AFTER_S) if is_late else COMES_WITHIN_S * (place + rng.random()) / count
        )
    if count > 8:
        found[5].asks_for_help = True
        found[count - late - 1].loses_line = True
    return found


def unsaid() -> dict[str, list[str]]:
    """Longer thoughts that nobody has had yet, by theme."""
    return {theme: list(thoughts[1:]) for theme, thoughts in words.THOUGHTS.items()}


# ---------------------------------------------------------------- one person


async def attend(person: Person, hall: Hall) -> None:
    """Come to the meeting and stay until it is over."""
    await asyncio.sleep(0 if person.has_joined else hall.takes_s(person.comes_after_s))
    listener: asyncio.Task[None] | None = None
    mishaps = 0
    try:
        while not hall.is_over.is_set():
            try:
                asked_s = time.monotonic()
                page = await person.browser.get(hall.address)
                person.has_joined = person.has_joined or page.find_form("/seat") is None
                if person.listens and (listener is None or listener.done()) and page.body.get("data-live"):
                    listener = asyncio.create_task(_listen(person, page))
                await _live(person, hall, page)
                person.looked_s = asked_s
                mishaps = 0
            except PageError as error:
                # The meeting moved on while the page was open, or the seat is gone: look again, more and more calmly.
                mishaps += 1
                if mishaps > 5:
                    print(f"{person.name} gave up: {error}", file=sys.stderr, flush=True)
                    return
            await _wait(person, hall)
    finally:
        if listener is not None:
            listener.cancel()


async def _wait(person: Person, hall: Hall) -> None:
    """Until something is due, is heard, or it is time to look again."""
    until_s = (
        _AT_ONCE_S if not hall.pace else ASKS_EVERY_S * person.rng.uniform(0.8, 1.2) * (4 if person.listens else 1)
    )
    if person.due:
        until_s = min(until_s, max(0.0, person.due[0][0] - time.monotonic()))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(person.heard.wait(), until_s)
        # A hall that hears the same thing does not ask in the same moment.
        await asyncio.sleep(person.rng.uniform(0.1, 1.5) if hall.pace else 0)
    person.heard.clear()


async def _listen(person: Person, page: Page) -> None:
    with contextlib.suppress(PageError, httpx.HTTPError):
        async with person.browser.listening(page) as events:
            async for name in events:
                if name not in {"ping", "hello"}:
                    person.heard.set()


async def _live(person: Person, hall: Hall, page: Page) -> None:
    """Do what is due on this page, one thing after the other."""
    while True:
        _notice(person, hall, page)
        if person.has_paused or not person.due or person.due[0][0] > time.monotonic():
            return
        due = person.due[0]
        page = await _DEEDS[due[1]](person, hall, page)
        if person.due and person.due[0] == due:
            person.due.pop(0)
        if urlsplit(page.address).path != hall.address:
            page = await person.browser.get(hall.address)


def _notice(person: Person, hall: Hall, page: Page) -> None:
    """See which step it is; a new one gives new intentions, one that was paused goes on where it was."""
    kind, starts = kind_of(page), _clock(page, "starts")
    if kind == person.step[0] and kind != "look" and not starts and person.step[1]:
        person.has_paused = True
        return
    if person.has_paused and kind == person.step[0]:
        person.step = (kind, starts)
    person.has_paused = False
    if (kind, starts) != person.step:
        person.step = (kind, starts)
        person.due = sorted(_intentions(person, hall, page, kind))


def kind_of(page: Page) -> str:
    """What the page is for, told by its forms."""
    if any(form.id == "bordet" for form in page.forms):
        return "table"
    for ending, kind in (
        ("/seat", "join"),
        ("/place/table", "no table"),
        ("/notes", "solo"),
        ("/ballot", "ballot"),
        ("/agreements", "agree"),
        ("/checkout", "checkout"),
    ):
        if page.find_form(ending) is not None:
            return kind
    return "what became" if _untold(page) else "look"


def _untold(page: Page) -> str | None:
    """The way to the first of last time's agreements that nobody has told the end of."""
    found = (href for href, text in page.links if "/agreements/before/" in href and text.startswith("Berätta"))
    return next(found, None)


def _clock(page: Page, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]*)"', page.html)
    return found.group(1) if found else ""


def _left_s(hall: Hall, page: Page) -> float:
    """The seconds that are left of the step, at this pace."""
    try:
        ends, now = (datetime.fromisoformat(_clock(page, name)) for name in ("ends", "now"))
    except ValueError:
        return hall.takes_s(_STEP_S)
    return max(hall.takes_s((ends - now).total_seconds()), hall.takes_s(20))


def _intentions(person: Person, hall: Hall, page: Page, kind: str) -> list[tuple[float, str]]:
    """What she wants to do in a step, and when."""
    now_s, left_s, rng = time.monotonic(), _left_s(hall, page), person.rng

    def at(least: float, most: float, intention: str) -> tuple[float, str]:
        return (now_s + left_s * rng.uniform(least, most), intention)

    if kind in {"join", "no table"}:
        return [(now_s, kind)]
    if kind == "what became" and person.number < TELLERS:
        return [at(0.15, 0.8, "tell what became")]
    if kind == "solo":
        thoughts = [at(0.06, 0.75, "think") for _number in range(rng.choice((1, 2, 2, 3, 3, 4)))]
        return _in_turn([*thoughts, at(0.76, 0.95, "be ready")], hall, now_s)
    if kind == "table":
        found = [at(0.02, 0.12, "share"), at(0.15, 0.2, "lay together"), at(0.45, 0.68, "be ready at the table")]
        found += [at(0.2, 0.42, "mark") for _number in range(3)]
        found += [at(0.4, 0.75, "speak against"), at(0.72, 0.78, "order"), at(0.8, 0.88, "hand in")]
        if person.asks_for_help:
            found.append(at(0.1, 0.15, "ask for help"))
        if person.loses_line:
            found.append(at(0.25, 0.3, "lose the line"))
        return _in_turn(found, hall, now_s)
    if kind == "ballot":
        return [(now_s + hall.takes_s(_BALLOT_S) * rng.uniform(0.1, 0.8), "choose")]
    if kind == "agree":
        return [at(0.1, 0.3, "agree"), at(0.3, 0.5, "agree"), at(0.5, 0.7, "agree")]
    if kind == "checkout":
        return [at(0.05, 0.5, "check out")]
    return []


# One thing needs another before it. At pace 0 all are due at once, and come in this order.
_TURN = (
    "think", "be ready", "share", "lay together", "mark", "ask for help", "lose the line", "be ready at the table",
    "speak against", "order", "hand in",
)  # fmt: skip


def _in_turn(found: list[tuple[float, str]], hall: Hall, now_s: float) -> list[tuple[float, str]]:
    if hall.pace:
        return found
    rows = sorted(found, key=lambda row: _TURN.index(row[1]))
    return [(now_s + place / 1000, what) for place, (_at_s, what) in enumerate(rows)]


# ---------------------------------------------------------------- what a person does


async def _join(person: Person, hall: Hall, page: Page) -> Page:
    form = page.get_form("/seat")
    about: dict[str, str | list[str] | None] = {"name": person.name}
    about |= {name: value for name, value in (("unit", person.unit), ("role", person.role)) if name in form.names}
    if tables := form.values("table"):
        about["table"] = person.rng.choice(tables)[0]
    page = await person.browser.submit(page, form, about)
    person.has_joined = page.find_form("/seat") is None
    return page


async def _find_table(person: Person, hall: Hall, page: Page) -> Page:
    form = page.get_form("/place/table")
    tables = form.values("table")
    return await person.browser.submit(page, form, {"table": person.rng.choice(tables)[0]} if tables else {})


async def _tell_what_became(person: Person, hall: Hall, page: Page) -> Page:
    """Somebody tells what became of one of last time's agreements."""
    async with hall.agreeing:
        page = await person.browser.get(hall.address)
        way = _untold(page)
        if way is None:
            return page
        smaller = await person.browser.get(way)
        form = next((form for form in smaller.forms if "outcome" in form.names), None)
        if form is None:
            return smaller
        outcome, told = person.rng.choice(words.OUTCOMES)
        return await person.browser.submit(smaller, form, {"outcome": outcome, "words": told})


async def _think(person: Person, hall: Hall, page: Page) -> Page:
    themes = list(person.taste)
    theme = person.rng.choices(themes, [person.taste[one] for one in themes])[0]
    left = hall.unsaid.get(theme, [])
    text = words.THOUGHTS[theme][0]
    if left and person.rng.random() < 0.5:
        text = left.pop(person.rng.randrange(len(left)))
    if text in own_thoughts(page):
        return page
    return await person.browser.submit(page, page.get_form("/notes"), {"text": text})


def own_thoughts(page: Page) -> list[str]:
    """What she has written, as her page shows it."""
    return [unescape(text) for text in re.findall(r'<li class="thought[^>]*><span>([^<]*)</span>', page.html)]


async def _be_ready(person: Person, hall: Hall, page: Page) -> Page:
    button = next((one for one in page.find_buttons("/ready", "wanted") if one.value == "1"), None)
    return await person.browser.press(page, button) if button is not None else page


async def _share(person: Person, hall: Hall, page: Page) -> Page:
    """Most take most of their thoughts to the table; some keep one to themselves."""
    form = page.find_form("/notes/share")
    if form is None:
        return page
    own = [value for value, _text in form.values("note")]
    kept = {person.rng.choice(own)} if len(own) > 1 and person.rng.random() < 0.3 else set()
    return await person.browser.submit(page, form, {"note": [value for value in own if value not in kept]})


async def _lay_together(person: Person, hall: Hall, page: Page) -> Page:
    """Who has the pen lays the cards together that say the same."""
    if page.find_link("/table/merge") is None:
        return page
    smaller = await person.browser.get(page.find_link("/table/merge") or "")
    form = smaller.find_form("/table/merge")
    if form is None:
        return smaller
    same: dict[str, list[str]] = {}
    for value, text in form.values("note"):
        same.setdefault(text.casefold().strip(" ."), []).append(value)
    pair = next((values for values in same.values() if len(values) > 1), None)
    if pair is None:
        return await person.browser.get(hall.address)
    person.due.insert(1, (person.due[0][0] + hall.takes_s(8), "lay together"))
    return await person.browser.submit(smaller, form, {"note": pair})


async def _mark(person: Person, hall: Hall, page: Page) -> Page:
    cards = page.find_buttons("/table/mark", "mark")
    if not cards or len(page.find_buttons("/table/mark", "unmark")) >= 3:
        return page
    return await person.browser.press(page, max(cards, key=lambda card: person.likes(card.text)))


async def _be_ready_at_table(person: Person, hall: Hall, page: Page) -> Page:
    button = next((one for one in page.find_buttons("/table/ready", "wanted") if one.value == "1"), None)
    return await person.browser.press(page, button) if button is not None else page


async def _speak_against(person: Person, hall: Hall, page: Page) -> Page:
    """The table's reason advocate says what speaks against it; now and then somebody else does."""
    link = next((row for row in page.links if row[0].partition("?")[0].endswith("/table/voice")), None)
    if link is None or not hall.voices or ("förnuftsombud" not in link[1] and person.rng.random() > 0.05):
        return page
    if person.rng.random() > 0.7:
        return page
    smaller = await person.browser.get(link[0])
    form = smaller.find_form("/table/voice")
    if form is None:
        return smaller
    return await person.browser.submit(smaller, form, {"text": hall.voices.pop(person.rng.randrange(len(hall.voices)))})


async def _order(person: Person, hall: Hall, page: Page) -> Page:
    """Who has the pen now and then puts a card higher: the table has talked."""
    ups = page.find_buttons("/table/move", "up")
    if not ups or person.rng.random() > 0.5:
        return page
    return await person.browser.press(page, person.rng.choice(ups[:3]))


async def _hand_in(person: Person, hall: Hall, page: Page) -> Page:
    """Who has the pen hands in when the counts are open; until they are she looks again."""
    link = page.find_link("/table/hand-in")
    if link is None:
        if page.find_link("/table/pen/to") is not None and not page.find_buttons("/table/move"):
            person.due[0] = (time.monotonic() + max(hall.takes_s(6), _AT_ONCE_S), "hand in")
        return page
    smaller = await person.browser.get(link)
    form = smaller.find_form("/table/hand-in")
    return smaller if form is None else await person.browser.submit(smaller, form)


async def _ask_for_help(person: Person, hall: Hall, page: Page) -> Page:
    link = page.find_link("/table/help")
    if link is None:
        return page
    smaller = await person.browser.get(link)
    form = smaller.find_form("/table/help")
    return smaller if form is None else await person.browser.submit(smaller, form, {"words": words.HELP_WORDS})


async def _lose_line(person: Person, hall: Hall, page: Page) -> Page:
    """The phone goes dark for a while, and finds its way back."""
    await asyncio.sleep(hall.takes_s(LINE_LOST_S))
    return await person.browser.get(hall.address)


async def _choose(person: Person, hall: Hall, page: Page) -> Page:
    form = page.find_form("/ballot")
    if form is None:
        return page
    proposals = sorted(form.values("proposal"), key=lambda row: -person.likes(row[1]))
    count = person.rng.choice((2, 3, 3, 4, 5))
    return await person.browser.submit(page, form, {"proposal": [value for value, _text in proposals[:count]]})


async def _agree(person: Person, hall: Hall, page: Page) -> Page:
    """Who has a pen writes about the next of the three, one hall at a time: pens do not write over each other."""
    if page.find_form("/agreements") is None:
        return page
    async with hall.agreeing:
        page = await person.browser.get(hall.address)
        form = page.find_form("/agreements")
        if form is None or "proposal" not in form.names:
            return page
        about = page.text.partition("Ni skriver om")[2].partition("Vad ska vi göra?")[0]
        promise = words.promise_about(about, but=hall.promised)
        hall.promised.add(promise.text)
        written = {"text": promise.text, "owner": promise.owner, "owner_role": promise.owner_role}
        return await person.browser.submit(page, form, {**written, "when": "weeks4", "becomes": promise.becomes})


async def _check_out(person: Person, hall: Hall, page: Page) -> Page:
    taps = {one.value: one for one in page.find_buttons("/checkout", "level")}
    if not taps:
        return page
    level = person.rng.choices(("3", "2", "1"), (70, 23, 7))[0]
    button = taps.get(level) or first(taps.values())
    return await person.browser.press(page, button) if button is not None else page


_DEEDS = {
    "join": _join,
    "no table": _find_table,
    "tell what became": _tell_what_became,
    "think": _think,
    "be ready": _be_ready,
    "share": _share,
    "lay together": _lay_together,
    "mark": _mark,
    "be ready at the table": _be_ready_at_table,
    "speak against": _speak_against,
    "order": _order,
    "hand in": _hand_in,
    "ask for help": _ask_for_help,
    "lose the line": _lose_line,
    "choose": _choose,
    "agree": _agree,
    "check out": _check_out,
}


# ---------------------------------------------------------------- what is remembered between two starts


def save(path: Path, hall: Hall) -> None:
    """Remember everybody's seat, so that the same people sit there when the demo is started again."""
    rows = [
        {"number": person.number, "cookies": [[*place, value] for place, value in person.browser.cookies.items()]}
        for person in hall.people
        if person.has_joined
    ]
    text = json.dumps({"code": hall.code, "people": rows})
    partial = path.with_suffix(".new")
    partial.write_text(text, encoding="utf-8")
    partial.chmod(0o600)
    partial.replace(path)


def remember(path: Path, hall: Hall) -> int:
    """Give those who sat in this meeting their seats again; how many there were."""
    try:
        saved: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if saved["code"] != hall.code:
            return 0
        rows = {row["number"]: {(at, name): value for at, name, value in row["cookies"]} for row in saved["people"]}
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    for person in hall.people:
        if person.number in rows:
            person.browser.cookies = rows[person.number]
            person.has_joined = True
    return len(rows)


async def gather(hall: Hall, saved: Path | None = None) -> None:
    """Everybody comes and stays until the meeting is over."""
    tasks = [asyncio.create_task(attend(person, hall)) for person in hall.people]
    try:
        while not hall.is_over.is_set():
            if saved is not None:
                save(saved, hall)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(hall.is_over.wait(), 5)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
