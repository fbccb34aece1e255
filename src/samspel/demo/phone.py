"""A person with a phone in a hall: what a browser with the pages' scripts asks, and what she does on each page.

She sees a page and does the next thing that it invites her to; the leader decides when there is another page. What she
was promised is remembered, so that it can be looked for afterwards.
"""

import asyncio
import json
import random
import re
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from samspel.demo.browser import Browser, PageError, Radio
from samspel.demo.figures import LABELS, Arrival, Figures, step_now
from samspel.demo.line import Line

THOUGHTS: Final = ("tid att lyssna", "att någon hälsar", "lugn", "våga säga nej", "språk", "en dörr som är öppen")
NOTES = 2  # on each question
MARKS = 3
STANDS_BEHIND = 3
WRITE_AGREEMENTS = 10  # so many of those with a pen
_AGAIN_S: Final = 1.0
_DELAY_S: Final = 0.4  # as live.js: each phone waits a moment of its own before it asks for what all heard of
Deed = Callable[[], Awaitable[None]]


@dataclass
class Kept:
    """What was acknowledged to one person."""

    notes: dict[str, str] = field(default_factory=dict)  # text by the device's key
    marks: set[int] = field(default_factory=set)
    ballots: dict[int, frozenset[int]] = field(default_factory=dict)  # by question
    agreements: dict[str, str] = field(default_factory=dict)
    handed_in: int = 0
    has_checked_out: bool = False
    # Whom she helps, who has no phone, by the number of the seat.
    helped: "dict[int, Kept]" = field(default_factory=dict)

    def of_all(self, seat: int) -> "list[tuple[int, Kept]]":
        """What was acknowledged on this phone, for herself and for whom she helps."""
        return [(seat, self), *self.helped.items()]


class Phone:
    """One person's phone.

    :param gap_s: about so long she takes for one thing.
    :param helps: somebody without a phone sits beside her, and she presses what that one says.
    :param pids: the server's processes, when they are on this machine: their use is noted at each step.
    """

    def __init__(
        self,
        number: int,
        browser: Browser,
        radio: Radio,
        address: str,
        code: str,
        figures: Figures,
        *,
        gap_s: float = 1.0,
        mistypes: bool = False,
        helps: bool = False,
        pids: tuple[int, ...] = (),
    ) -> None:
        self.number = number
        self.kept = Kept()
        self.html = ""
        self.view = ""  # the page's template, as its script says it
        self.is_idle = False
        self.has_joined = False
        self._browser, self._radio, self._address, self._code = browser, radio, address, code
        self._path = f"/m/{code}/"
        self._figures, self._gap_s, self._mistypes, self._pids = figures, gap_s, mistypes, pids
        self._helps = helps
        self._rng = random.Random(number)
        self._here = ""
        self._refresh_on: frozenset[str] = frozenset()
        self._line: Line | None = None
        self._line_at = ("", "")
        self._since: int | None = None
        self._wanted: tuple[int, float, int] | None = None  # the event, when it was heard, the step
        self._fetching: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_over = False
        self._done: set[str] = set()  # what she does once on a page of a step
        self._key = secrets.token_urlsafe(18)
        self._step = 0

    # ------------------------------------------------------------ her place

    @property
    def seat(self) -> int:
        """The number of her seat, as her cookie says it."""
        cookie = self._browser.cookies.get((self._path, "seat"), "")
        return int(cookie.partition(".")[0] or 0)

    @property
    def table(self) -> str:
        """Her table's name, as her page says it."""
        found = re.search(r"<span>Bord ([^<]+)<", self.page)
        return unescape(found[1]).strip() if found else ""

    @property
    def question(self) -> int:
        found = re.search(r'name="question" value="(\d+)"', self.html)
        return int(found[1]) if found else 0

    # ------------------------------------------------------------ coming in

    async def join(self) -> None:
        """The way in, as from the QR code or by the six digits; then the line is opened.

        :raises PageError: it was refused.
        """
        if self._mistypes:
            await self._mistype()
        began_s = time.monotonic()
        page = await self._browser.get(self._path)
        form = page.get_form(f"{self._path}seat")
        tables = form.values("table")
        about: dict[str, str | list[str] | None] = {"table": self._rng.choice(tables)[0]} if tables else {}
        await self._browser.submit(page, form, about, follow=False)
        await self._load()
        self._time("join", began_s)
        self.has_joined = True
        self._figures.joined += 1
        self._do(self._live())

    async def _mistype(self) -> None:
        """One digit wrong, then the right ones; both are timed together."""
        began_s = time.monotonic()
        page = await self._browser.get("/m/")
        wrong = f"{(int(self._code) + self._rng.randrange(1, 10)) % 10**6:06}"
        try:
            await self._browser.submit(page, page.get_form("/m/"), {"code": wrong}, follow=False)
            self._figures.failed["a wrong code was taken"] += 1
        except PageError as error:
            if not str(error).endswith(": 422"):
                self._figures.failed[f"a wrong code: {error}"] += 1
        await self._browser.submit(page, page.get_form("/m/"), {"code": self._code}, follow=False)
        self._time("mistyped", began_s)

    def _time(self, kind: str, began_s: float) -> None:
        self._figures.acknowledged.setdefault(kind, []).append(time.monotonic() - began_s)

    # ------------------------------------------------------------ pages

    async def _load(self) -> None:
        """The whole page, with its scripts: the line is opened anew, as in a browser."""
        self._browser.headers.pop("HX-Request", None)
        response = await self._browser.fetch(self._path)
        self._browser.headers["HX-Request"] = "true"  # what the page's script asks
        html = self.page = self.html = response.text
        here = re.search(r'id="telefon" hx-get="([^"]+)"', html)
        self._here = unescape(here[1]) if here else ""
        self.view = _view_in(self._here)
        on = re.search(r'data-refresh-on="([^"]*)"', html)
        self._refresh_on = frozenset(on[1].split()) if on else frozenset()
        body = {name: unescape(value) for name, value in re.findall(r'(data-live[a-z-]*)="([^"]*)"', html)}
        if "data-live" in body:
            self._line_at = (body["data-live"], body.get("data-live-ticket", ""))
            self._since = int(body.get("data-live-since", "0"))
            try:
                await self._open_line()
            except OSError:  # the server went away after it gave the page
                self._line = None
                self._do(self._come_back())

    page = ""  # the whole page as last loaded; ``html`` may be a fragment of it that came later

    async def _refresh(self) -> None:
        """What the page's script does when something happened: the fragment, or the whole page when it is another."""
        if not self._here:
            return await self._load()
        response = await self._browser.fetch(self._here)
        if response.is_redirect or "hx-refresh" in response.headers or "hx-redirect" in response.headers:
            return await self._load()
        self.html = response.text
        return None

    # ------------------------------------------------------------ the line

    async def _open_line(self) -> None:
        old, self._line = self._line, None
        if old is not None:
            old.hang_up()
        if not self._radio.is_up:
            raise OSError("no network")
        site = urlsplit(self._address)
        room, ticket = self._line_at
        request = f"GET {room}?ticket={quote(ticket)}&since={self._since or 0} HTTP/1.1\r\nHost: {site.netloc}\r\n\r\n"
        secure = ssl.create_default_context() if site.scheme == "https" else None
        port = site.port or (443 if secure else 80)
        line = Line(request.encode(), self._heard, self._lost)
        self._line = line
        await asyncio.get_running_loop().create_connection(lambda: line, site.hostname or "localhost", port, ssl=secure)

    def _lost(self, line: Line) -> None:
        if line is self._line and not self._is_over:
            self._line = None
            self._figures.lines_lost += 1
            self._do(self._come_back())

    async def _come_back(self) -> None:
        """As live.js: again after about a second, with a new ticket, from the last event that was heard."""
        while not self._is_over and self._line is None:
            await asyncio.sleep(_AGAIN_S * self._rng.uniform(0.5, 1.5))
            if not self._radio.is_up or self._line is not None:
                continue
            try:
                told = json.loads((await self._browser.fetch(f"{self._path}ticket")).text)
                self._line_at = (self._line_at[0], told["ticket"])
                await self._open_line()
            except (OSError, PageError, ValueError, KeyError):
                self._line = None

    def _heard(self, name: str, number: int | None, data: dict[str, Any]) -> None:
        now_s = time.monotonic()
        if number is not None:
            if self._since is not None and number <= self._since and name != "reload":
                return
            self._since = number
            arrival = self._figures.events.setdefault(number, Arrival(now_s, now_s, 0))
            arrival.last_s = now_s
            arrival.phones += 1
        words = {name} | {f"{key}:{value}" for key, value in data.items()}
        if name not in {"reload", "poll"} and self._refresh_on.isdisjoint(words):
            return
        if name == "step" and number is not None:
            step_now(self._figures, number, self._pids)
            self._wanted = (number, now_s, int(data.get("step", 0)))
        self._want_page()

    def _want_page(self) -> None:
        self.is_idle = False
        self._wants = True
        if self._fetching is None:
            self._fetching = self._do(self._fetch())

    _wants = False

    async def _fetch(self) -> None:
        """What comes while a page is being fetched is seen in one more fetch, as in the page's script."""
        try:
            while self._wants and not self._is_over:
                await asyncio.sleep(_DELAY_S * self._rng.random())
                self._wants = False
                wanted, self._wanted = self._wanted, None
                await self._refresh()
                if wanted is not None:
                    self._note_page(*wanted)
        except (PageError, OSError) as error:
            self._figures.failed[str(error) or type(error).__name__] += 1
        finally:
            self._fetching = None
            self._woken.set()

    def _note_page(self, number: int, heard_s: float, step_id: int) -> None:
        now_s = time.monotonic()
        step = self._figures.steps[number]
        step.label = LABELS.get(self.view, self.view)
        step.pages.append(now_s - heard_s)
        step.last_s = max(step.last_s, now_s)
        if step_id != self._step:
            self._step, self._done = step_id, set()

    def _do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # ------------------------------------------------------------ what she does

    async def _live(self) -> None:
        while not self._is_over:
            if self._next() is None:
                self.is_idle = self._fetching is None
                self._woken.clear()
                await self._woken.wait()
                continue
            self.is_idle = False
            await asyncio.sleep(self._gap_s * self._rng.uniform(0.2, 1.8))
            deed = self._next()  # another page may have come meanwhile
            if deed is None:
                continue
            try:
                await deed()
            except PageError as error:
                if not str(error).endswith((": 409", ": 404")):  # the table or the step moved on while she pressed
                    self._figures.failed[str(error)] += 1
                await self._refresh_quietly()

    async def _refresh_quietly(self) -> None:
        try:
            await self._refresh()
        except (PageError, OSError) as error:
            self._figures.failed[str(error) or type(error).__name__] += 1

    def _next(self) -> Deed | None:
        """The next thing that her page invites her to."""
        html = self.html
        if self.view == "solo":
            if self._count(f"q{self.question}") < NOTES:
                return self._write
            return self._be_ready if self._once("ready") else None
        if self.view == "table":
            return self._next_at_table(html)
        if self.view == "whole_ballot" and 'name="proposal"' in html and self.question not in self.kept.ballots:
            return self._choose
        if f"{self._path}ballot?for=" in html and self._once("ballot for another"):
            return self._choose_for_another
        if self.view == "agree" and 'name="becomes"' in html and self.seat <= WRITE_AGREEMENTS and self._once("agree"):
            return self._agree
        # In its own step, or below the agreements when the leader has opened it there.
        if self.view in {"agree", "checkout"} and not self.kept.has_checked_out and 'name="level"' in html:
            return self._check_out
        return None

    def _next_at_table(self, html: str) -> Deed | None:
        if f'{self._path}notes/share"' in self.page and self._once("share"):
            return self._share
        if f'{self._path}table/mark"' in html:
            if self._helps and not self.kept.helped:
                return self._help
            if self.kept.helped and self._once("marks for another"):
                return self._mark_for_another
            mine = len(re.findall(r'name="unmark"', html))
            if mine < MARKS and 'name="mark"' in html and self._count("marks") < MARKS:
                return self._mark
            if re.search(r'name="wanted" value="1"[^>]+table/ready"', html):
                return self._be_ready_at_table
            return None
        if f'{self._path}table/hand-in"' not in html:
            return None
        if f'{self._path}table/merge"' in html and html.count('class="place"') > MARKS + 1 and self._once("merge"):
            return self._merge
        if 'name="up"' in html and self._once("order"):
            return self._order
        return self._hand_in

    def _once(self, what: str) -> bool:
        return what not in self._done

    def _count(self, what: str) -> int:
        return sum(one.startswith(f"{what}/") for one in self._done)

    def _did(self, what: str) -> None:
        self._done.add(what)

    async def _post(self, kind: str, where: str, *data: tuple[str, str], is_own: bool = True) -> str:
        """Press a button; what the answer holds replaces the page when it is her own page.

        :raises PageError: it was refused.
        """
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.html) or re.search(
            r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page
        )
        began_s = time.monotonic()
        sent = [*data, ("csrfmiddlewaretoken", found[1] if found else "")]
        response = await self._browser.post(f"{self._path}{where}", sent)
        self._time(kind, began_s)
        if is_own and 'id="innehall"' in response.text:
            self.html = response.text
        return response.text

    async def _write(self) -> None:
        question, key = self.question, secrets.token_urlsafe(18)
        place = self._count(f"q{question}") + 1
        text = f"{self._rng.choice(THOUGHTS)} {self.number}.{question}.{place}"
        await self._post("note", "notes", ("text", text), ("key", key), ("question", str(question)))
        self.kept.notes[key] = text
        self._did(f"q{question}/{place}")

    async def _be_ready(self) -> None:
        self._did("ready")
        await self._post("ready", "ready", ("wanted", "1"), ("text", ""), ("key", secrets.token_urlsafe(18)))
        await self._load()

    async def _share(self) -> None:
        self._did("share")
        await self._post("share", "notes/share", ("all", "1"))
        await self._load()

    async def _mark(self) -> None:
        note = self._rng.choice(re.findall(r'name="mark" value="(\d+)"', self.html))
        self._did(f"marks/{self._count('marks') + 1}")
        await self._post("mark", "table/mark", ("mark", note))
        self.kept.marks.add(int(note))

    async def _be_ready_at_table(self) -> None:
        await self._post("ready at the table", "table/ready", ("wanted", "1"))

    async def _merge(self) -> None:
        self._did("merge")
        smaller = (await self._browser.fetch(f"{self._path}table/merge")).text
        notes = re.findall(r'name="note" value="(\d+)"', smaller)
        if len(notes) >= 2:
            await self._post("merge", "table/merge", *(("note", one) for one in notes[-2:]))
        await self._load()

    async def _order(self) -> None:
        self._did("order")
        up = self._rng.choice(re.findall(r'name="up" value="([\d:]+)"', self.html))
        await self._post("order", "table/move", ("up", up))

    async def _hand_in(self) -> None:
        await self._browser.fetch(f"{self._path}table/hand-in")
        await self._post("hand in", "table/hand-in", ("lone", "1"))
        self.kept.handed_in += 1
        await self._load()

    async def _choose(self) -> None:
        question = self.question
        offered = re.findall(r'name="proposal" value="(\d+)"', self.html)
        chosen = self._rng.sample(offered, min(STANDS_BEHIND, len(offered)))
        key = ("key", secrets.token_urlsafe(18))
        await self._post("ballot", "ballot", key, ("question", str(question)), *(("proposal", one) for one in chosen))
        self.kept.ballots[question] = frozenset(map(int, chosen))
        await self._load()

    # ------------------------------------------------------------ for somebody without a phone

    async def _help(self) -> None:
        """Give her a seat at one's own table."""
        about = (("name", f"Gäst {self.number}"), ("key", self._key))
        await self._post("help", "help", *about, is_own=False)
        page = (await self._browser.fetch(f"{self._path}help")).text
        self.kept.helped |= {int(number): Kept() for number in re.findall(r"\?for=(\d+)", page)}
        await self._load()

    async def _mark_for_another(self) -> None:
        """What she says is pressed: three, and that she is ready."""
        self._did("marks for another")
        for number, kept in self.kept.helped.items():
            page = await self._page_of(number)
            mine = len(re.findall(r'name="unmark"', page))
            offered = re.findall(r'name="mark" value="(\d+)"', page)
            for note in self._rng.sample(offered, min(max(0, MARKS - mine), len(offered))):
                await self._post_for(number, "mark for another", "table/mark", ("mark", note))
                kept.marks.add(int(note))
            await self._post_for(number, "ready for another", "table/ready", ("wanted", "1"))
        await self._load()

    async def _choose_for_another(self) -> None:
        self._did("ballot for another")
        for number, kept in self.kept.helped.items():
            page = await self._page_of(number, "ballot")
            asked = re.search(r'name="question" value="(\d+)"', page)
            offered = re.findall(r'name="proposal" value="(\d+)"', page)
            if asked is None or not offered:
                continue
            question = int(asked[1])
            chosen = self._rng.sample(offered, min(STANDS_BEHIND, len(offered)))
            about = (("key", secrets.token_urlsafe(18)), ("question", str(question)))
            stands = tuple(("proposal", one) for one in chosen)
            await self._post_for(number, "ballot for another", "ballot", *about, *stands)
            kept.ballots[question] = frozenset(map(int, chosen))
        await self._load()

    async def _page_of(self, number: int, where: str = "") -> str:
        self._browser.headers.pop("HX-Request", None)
        page = (await self._browser.fetch(f"{self._path}{where}?for={number}")).text
        self._browser.headers["HX-Request"] = "true"
        return page

    async def _post_for(self, number: int, kind: str, where: str, *data: tuple[str, str]) -> None:
        await self._post(kind, where, *data, ("for", str(number)), is_own=False)

    # ------------------------------------------------------------ agreeing, and going

    async def _agree(self) -> None:
        self._did("agree")
        key, text = secrets.token_urlsafe(18), f"Vi provar det här i fyra veckor, bord {self.seat}."
        about = re.search(r'name="proposal" value="(\d+)"', self.html)
        more = (("proposal", about[1]),) if about else ()
        who = (("owner", "Karin"), ("owner_role", "samordnare"), ("when", "weeks4"), ("becomes", "trial"))
        await self._post("agreement", "agreements", ("text", text), ("key", key), *who, *more)
        self.kept.agreements[key] = text

    async def _check_out(self) -> None:
        self.kept.has_checked_out = True
        await self._post("check-out", "checkout", ("level", str(self._rng.choice((1, 2, 3, 3, 3)))))

    # ------------------------------------------------------------ looking back, and trouble

    async def look_back(self) -> None:
        """Look for all her acknowledged notes on her own page of them: each is there, and once."""
        told = (await self._browser.fetch(f"{self._path}notes/mine.txt")).text
        lines = Counted(told)
        for text in self.kept.notes.values():
            self._figures.checked += 1
            times = lines.times(text)
            if times == 0:
                self._figures.lost.append(text)
            elif times > 1:
                self._figures.doubled.append(text)

    async def write(self) -> None:
        """One more thought than the page invites to."""
        await self._write()

    def sees_agreements(self, texts: list[str]) -> bool:
        """Whether her page shows what was agreed."""
        return all(text in self.html or text in self.page for text in texts)

    async def sits(self) -> tuple[int, str]:
        """Her seat and table, asked for anew."""
        await self._load()
        return self.seat, self.table

    async def lose_network(self, seconds: float) -> None:
        """The Wi-Fi is gone: the line breaks, what was on its way is lost, and nothing gets through for a while."""
        self._radio.cut()
        line = self._line
        if line is not None:
            line.hang_up()
        await asyncio.sleep(seconds)
        self._radio.is_up = True

    @property
    def is_busy(self) -> bool:
        """Whether something is still to come: a page, a deed, or the line."""
        return not self.is_idle or self._fetching is not None or self._line is None or not self._line.is_open

    @property
    def is_fetching(self) -> bool:
        return self._fetching is not None

    def leave(self) -> None:
        """Hang up."""
        self._is_over = True
        if self._line is not None:
            self._line.hang_up()
        for task in self._tasks:
            task.cancel()


class Counted:
    """How often each thought stands in the file of one's own."""

    def __init__(self, text: str) -> None:
        self._lines = [line.removeprefix("– ").removesuffix(" (inte delad)") for line in text.splitlines()]

    def times(self, text: str) -> int:
        return self._lines.count(text)


def _view_in(here: str) -> str:
    """The template that the page's script names, without its folder and ending."""
    view = parse_qs(urlsplit(here).query).get("vy", [""])[0]
    return view.rpartition("/")[2].removesuffix(".html")
