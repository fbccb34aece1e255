"""A hall of phones to try an installation with: they join, listen, write, and fetch their page at every step.

They do over HTTP what a phone with scripts does, and nothing else: the same addresses, access checks, limits and keys.
Whoever leads the meeting leads them too. Times are taken on this side of the line, so they hold what the network and
this machine add; run it from another machine than the server's to leave the server its processors.
"""

import asyncio
import re
import secrets
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from samspel.demo.browser import Browser, PageError, Tally, client_for

_THOUGHTS: Final = ("tid att lyssna", "att någon hälsar", "lugn", "våga säga nej", "språk", "en dörr som är öppen")
_AGAIN_S: Final = 1.0
_REFRESH: Final = frozenset({"step", "people", "table", "notes", "result", "reload"})


@dataclass(frozen=True)
class Plan:
    """How many people come and what they do. One phone may write about thirty times a minute and no more.

    :param within_s: they come evenly over this time.
    :param notes_per_s: all of them together, while they may write.
    :param seconds: how long they stay once all have come.
    """

    people: int
    within_s: float = 60.0
    notes_per_s: float = 20.0
    seconds: float = 60.0


@dataclass
class Arrival:
    """When the first and the last phone heard an event, in seconds of the monotonic clock, and how many did."""

    first_s: float
    last_s: float
    phones: int = 1


@dataclass
class Figures:
    """What was measured: times in seconds; ``failed`` counts sentences."""

    joined: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)  # from hearing of a step to having its page
    events: dict[int, Arrival] = field(default_factory=dict)  # by number in the room
    steps: dict[int, Arrival] = field(default_factory=dict)  # by the event's number: when each phone had its page
    lines_lost: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    def spreads(self, phones: int) -> list[float]:
        """From the first phone to the last, for each event that all heard."""
        return [one.last_s - one.first_s for one in self.events.values() if one.phones >= phones]

    def waits(self) -> list[float]:
        """From the first phone that heard of a step to the last that had its page."""
        return [one.last_s - self.events[number].first_s for number, one in self.steps.items()]


def shares(seconds: Sequence[float], *percent: int) -> list[float]:
    """Percentiles in milliseconds, by nearest rank; none when there is nothing.

    >>> shares([0.010, 0.020, 0.030, 0.040], 50, 99)
    [20.0, 40.0]
    """
    ordered = sorted(seconds)
    return [round(ordered[max(0, -(-len(ordered) * one // 100) - 1)] * 1000, 1) for one in percent] if ordered else []


class Line(asyncio.Protocol):
    """One open event stream, read with as little work as can be: the client must not be what is measured."""

    def __init__(self, request: bytes, heard: Callable[[str, int | None], None], gone: Callable[[], None]) -> None:
        self._request, self._heard, self._gone = request, heard, gone
        self._raw = b""
        self._text = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._raw += data
        if not self._is_open:
            head, end, rest = self._raw.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 200 " not in head.partition(b"\r\n")[0]:
                self.transport.close()
                return
            self._is_open, self._raw = True, rest
        while (end_of_size := self._raw.find(b"\r\n")) >= 0:
            size = int(self._raw[:end_of_size], 16)
            start, stop = end_of_size + 2, end_of_size + 2 + size
            if len(self._raw) < stop + 2:
                break
            self._text += self._raw[start:stop]
            self._raw = self._raw[stop + 2 :]
        *events, self._text = self._text.split(b"\n\n")
        for event in events:
            self._tell(event)

    def _tell(self, event: bytes) -> None:
        fields = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
        name = fields.get(b"event", b"").decode()
        if name and name not in {"hello", "ping"}:
            number = fields.get(b"id")
            self._heard(name, int(number) if number else None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()


class Phone:
    """One person's phone in the hall."""

    def __init__(self, number: int, browser: Browser, address: str, code: str, figures: Figures) -> None:
        self.number = number
        self._browser = browser
        self._address = address
        self._path = f"/m/{code}/"
        self._figures = figures
        self._token = ""
        self._line: Line | None = None
        self._since: int | None = None
        self._opened: tuple[str, str] = ("", "")
        self._is_over = False
        self._fetching: asyncio.Task[None] | None = None
        self._wants: int | None = None
        self._background: set[asyncio.Task[None]] = set()
        self.may_write = False

    async def join(self) -> None:
        """The way in, as from the QR code; then the line is opened."""
        began = time.monotonic()
        page = await self._browser.get(self._path)
        page = await self._browser.submit(page, page.get_form(f"{self._path}seat"))
        self._figures.joined.append(time.monotonic() - began)
        self._see(page.html)
        self._browser.headers["HX-Request"] = "true"  # from here on the page's script asks
        self._opened = (page.body.get("data-live", ""), page.body.get("data-live-ticket", ""))
        since = page.body.get("data-live-since", "")
        self._since = int(since) if since.isdigit() else None
        if not all(self._opened):
            raise PageError(f"{self._path}: the page has no line")
        await self._open_line()

    def _see(self, html: str) -> None:
        self.may_write = 'name="text"' in html and f'{self._path}notes"' in html
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
        if found:
            self._token = found[1]

    # ------------------------------------------------------------ the line

    async def _open_line(self) -> None:
        site = urlsplit(self._address)
        room, ticket = self._opened
        since = "" if self._since is None else f"&since={self._since}"
        request = f"GET {room}?ticket={quote(ticket)}{since} HTTP/1.1\r\nHost: {site.netloc}\r\n\r\n".encode()
        secure = ssl.create_default_context() if site.scheme == "https" else None
        port = site.port or (443 if secure else 80)
        self._line = Line(request, self._heard, self._lost)
        line = self._line
        await asyncio.get_running_loop().create_connection(lambda: line, site.hostname or "localhost", port, ssl=secure)

    def _lost(self) -> None:
        if not self._is_over:
            self._figures.lines_lost += 1
            self._do(self._come_back())

    async def _come_back(self) -> None:
        while not self._is_over:
            await asyncio.sleep(_AGAIN_S * (0.5 + secrets.randbelow(1000) / 1000))
            try:
                return await self._open_line()
            except OSError:
                continue

    def _heard(self, name: str, number: int | None) -> None:
        now = time.monotonic()
        if number is not None:
            self._since = number
            arrival = self._figures.events.setdefault(number, Arrival(now, now, 0))
            arrival.last_s = now
            arrival.phones += 1
        if name in _REFRESH:
            # What comes while a page is being fetched is seen in one more fetch, as in the page's script.
            self._wants = number if name == "step" else (self._wants or 0)
            if self._fetching is None:
                self._fetching = self._do(self._fetch(now))

    async def _fetch(self, heard_s: float) -> None:
        try:
            while self._wants is not None and not self._is_over:
                number, self._wants = self._wants, None
                page = await self._browser.fetch(self._path)
                self._see(page.text)
                now = time.monotonic()
                if number:
                    self._figures.pages.append(now - heard_s)
                    arrival = self._figures.steps.setdefault(number, Arrival(now, now, 0))
                    arrival.last_s = now
                    arrival.phones += 1
                heard_s = now
        except PageError as error:
            self._figures.failed[str(error)] += 1
        finally:
            self._fetching = None

    def _do(self, work: "asyncio.Future[None] | object") -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[arg-type]
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    # ------------------------------------------------------------ writing

    async def write(self) -> None:
        """One thought, with the device's key; sent again until it is acknowledged."""
        text = f"{_THOUGHTS[secrets.randbelow(len(_THOUGHTS))]} {self.number}"
        data = [("text", text), ("key", secrets.token_urlsafe(18)), ("csrfmiddlewaretoken", self._token)]
        began = time.monotonic()
        try:
            await self._browser.post(f"{self._path}notes", data)
        except PageError as error:
            if not str(error).endswith(": 409"):  # the step has just moved on: the phone's page says so
                self._figures.failed[str(error)] += 1
            return
        self._figures.acknowledged.append(time.monotonic() - began)

    def leave(self) -> None:
        """Hang up."""
        self._is_over = True
        if self._line is not None and not self._line.transport.is_closing():
            self._line.transport.close()
        for task in self._background:
            task.cancel()


# ---------------------------------------------------------------- the hall


async def run(address: str, code: str, plan: Plan, say: Callable[[str], None]) -> Figures:
    """Let them come, stay and leave.

    :raises PageError: nobody could join: there is no such meeting, or it takes nobody.
    """
    figures = Figures()
    async with client_for(address, most=min(plan.people, 200)) as client:
        tally = Tally()
        phones = [Phone(n, Browser(client, tally=tally), address, code, figures) for n in range(1, plan.people + 1)]
        come: list[Phone] = []
        try:
            await asyncio.gather(*(_come(phone, plan, come, figures) for phone in phones))
            if not come:
                raise PageError("nobody could join: " + "; ".join(figures.failed))
            say(f"{len(come)} of {plan.people} have joined and listen.")
            await _stay(come, plan)
        finally:
            for phone in phones:
                phone.leave()
    return figures


async def _come(phone: Phone, plan: Plan, come: list[Phone], figures: Figures) -> None:
    await asyncio.sleep(plan.within_s * (phone.number - 1) / plan.people)
    try:
        await phone.join()
    except (PageError, OSError) as error:
        figures.failed[str(error) or type(error).__name__] += 1
        return
    come.append(phone)


async def _stay(phones: list[Phone], plan: Plan) -> None:
    """Write at the wanted rate, whoever may, however long an acknowledgement takes."""
    ends_s = time.monotonic() + plan.seconds
    at_s = time.monotonic()
    writing: set[asyncio.Task[None]] = set()
    turn = 0
    while (now := time.monotonic()) < ends_s:
        able = [phone for phone in phones if phone.may_write] if plan.notes_per_s else []
        if not able:
            await asyncio.sleep(0.2)
            at_s = time.monotonic()
            continue
        turn += 1
        task = asyncio.create_task(able[turn % len(able)].write())
        writing.add(task)
        task.add_done_callback(writing.discard)
        at_s += 1 / plan.notes_per_s
        await asyncio.sleep(max(0.0, at_s - now))
    if writing:
        await asyncio.wait(writing, timeout=30)


def report(figures: Figures, plan: Plan) -> str:
    """The figures as a table for people, milliseconds."""
    rows = [
        ("join (three pages)", figures.joined),
        ("note acknowledged", figures.acknowledged),
        ("event, first phone to last", figures.spreads(len(figures.joined))),
        ("page of a new step, each phone", figures.pages),
        ("page of a new step, last phone", figures.waits()),
    ]
    lines = [f"{'':34}{'count':>8}{'p50':>10}{'p95':>10}{'p99':>10}{'most':>10}  ms"]
    for name, values in rows:
        told = "".join(f"{one:10.1f}" for one in shares(values, 50, 95, 99, 100)) or f"{'–':>10}"
        lines.append(f"{name:34}{len(values):8}{told}")
    heard = sum(one.phones for one in figures.events.values())
    lines.append(
        f"{len(figures.joined)} of {plan.people} joined; {len(figures.events)} events heard {heard} times; "
        f"lines lost {figures.lines_lost}"
    )
    lines += [f"{count} × {words}" for words, count in figures.failed.most_common(10)]
    return "\n".join(lines)
