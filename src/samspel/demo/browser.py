"""A browser in small: pages, the forms found in them, cookies, the event stream. Without scripts, as a plain phone.

Everything that made-up people do goes through here, so that it goes through the same addresses, access checks and
limits as what people do.
"""

import asyncio
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

_TRIES = 8


class PageError(RuntimeError):
    """A page did not hold what was looked for, or the server refused."""


# ---------------------------------------------------------------- a page


@dataclass
class Button:
    """A button: what it sends beside its form's fields, and where to."""

    form: "Form"
    name: str
    value: str
    action: str
    text: str = ""
    key: str = ""  # its keyboard key on the console, or its id


@dataclass
class Form:
    """A form: where it goes, what stands in its fields, and what can be chosen in it."""

    id: str
    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    # Radio buttons and checkboxes: (name, value, is chosen, what stands beside it).
    choices: list[tuple[str, str, bool, str]] = field(default_factory=list)
    # What can be chosen in a list: by its name, (value, words).
    options: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[Button] = field(default_factory=list)

    def filled(self) -> list[tuple[str, str]]:
        """What a browser would send, without a button."""
        return [*self.fields, *((name, value) for name, value, is_chosen, _text in self.choices if is_chosen)]

    def values(self, name: str) -> list[tuple[str, str]]:
        """The values to choose from, each with its words."""
        return [(value, text) for other, value, _chosen, text in self.choices if other == name]


class Page(HTMLParser):
    """A page's text, forms, buttons and links; of the body also the attributes."""

    def __init__(self, address: str, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.address = address
        self.forms: list[Form] = []
        self.buttons: list[Button] = []
        self.links: list[tuple[str, str]] = []
        self.body: dict[str, str] = {}
        self.html = html
        self._stack: list[Form] = []
        self._loose: list[tuple[str, str, Button | tuple[str, str]]] = []
        self._waiting: list[list[str]] = []
        self._texts: list[str] = []
        self._button: tuple[Button, list[str]] | None = None
        self._link: tuple[str, list[str]] | None = None
        self._label: list[str] | None = None
        self._label_at: list[tuple[Form, int]] = []
        self._textarea: tuple[Form | None, str, str, list[str]] | None = None
        self._select: tuple[Form | None, str, list[tuple[str, bool, list[str]]]] | None = None
        self._skip = 0
        self.feed(html)
        self._join_loose()
        self.text = " ".join(" ".join(self._texts).split())

    # -- reading

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        on = {name for name, _value in attrs}
        if tag in {"script", "style", "template"}:
            self._skip += 1
        elif self._skip:
            return
        elif tag == "body":
            self.body = given
        elif tag == "form":
            form = Form(given.get("id", ""), given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(form)
            self._stack.append(form)
        elif tag == "a" and "href" in on:
            self._link = (given["href"], [])
        elif tag == "label":
            self._label, self._label_at = [], []
        elif tag == "button":
            button = Button(
                self._form_of(given), given.get("name", ""), given.get("value", ""), given.get("formaction", "")
            )
            button.key = given.get("data-key") or given.get("id", "")
            self._button = (button, [])
            if "disabled" not in on and given.get("type", "submit") == "submit":
                self.buttons.append(button)
                if given.get("form"):
                    self._loose.append((given["form"], "button", button))
                else:
                    button.form.buttons.append(button)
        elif tag == "input":
            self._input(given, on)
        elif tag == "textarea":
            self._textarea = (self._current(), given.get("form", ""), given.get("name", ""), [])
        elif tag == "select":
            self._select = (self._current(), given.get("name", ""), [])
        elif tag == "option" and self._select is not None:
            self._select[2].append((given.get("value", ""), "selected" in on, []))

    def _input(self, given: dict[str, str], on: set[str]) -> None:
        form, name, kind = self._current(), given.get("name", ""), given.get("type", "text")
        if not name or "disabled" in on or kind in {"submit", "button", "file", "image", "reset"}:
            return
        if form is None:
            if given.get("form"):
                self._loose.append((given["form"], "field", (name, given.get("value", ""))))
            return
        form.names.add(name)
        if kind in {"radio", "checkbox"}:
            if self._label is not None:
                self._label_at.append((form, len(form.choices)))
            form.choices.append((name, given.get("value", "on"), "checked" in on, ""))
        else:
            form.fields.append((name, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "template"}:
            self._skip = max(0, self._skip - 1)
        elif self._skip:
            return
        elif tag == "form" and self._stack:
            self._stack.pop()
        elif tag == "button" and self._button is not None:
            self._button[0].text = " ".join("".join(self._button[1]).split())
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links.append((self._link[0], " ".join("".join(self._link[1]).split())))
            self._link = None
        elif tag == "label" and self._label is not None:
            text = " ".join("".join(self._label).split())
            for form, index in self._label_at:
                name, value, is_chosen, _text = form.choices[index]
                form.choices[index] = (name, value, is_chosen, text)
            self._label = None
        elif tag == "textarea" and self._textarea is not None:
            inside, loose, called, parts = self._textarea
            if inside is not None and called:
                inside.names.add(called)
                inside.fields.append((called, "".join(parts).removeprefix("\n")))
            elif loose and called:
                self._loose.append((loose, "field", (called, "".join(parts))))
            self._textarea = None
        elif tag == "select" and self._select is not None:
            within, entitled, options = self._select
            if within is not None and entitled and options:
                within.names.add(entitled)
                within.fields.append(
                    (entitled, next((value for value, chosen, _text in options if chosen), options[0][0]))
                )
                within.options[entitled] = [
                    (value, " ".join("".join(text).split())) for value, _chosen, text in options
                ]
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        if self._textarea is not None:
            self._textarea[3].append(data)
            return
        self._texts.append(data)
        if self._button is not None:
            self._button[1].append(data)
        if self._link is not None:
            self._link[1].append(data)
        if self._label is not None:
            self._label.append(data)
        if self._select is not None and self._select[2]:
            self._select[2][-1][2].append(data)

    def _current(self) -> Form | None:
        return self._stack[-1] if self._stack else None

    def _form_of(self, given: dict[str, str]) -> Form:
        return self._current() or Form(given.get("form", ""), "", "post")

    def _join_loose(self) -> None:
        """Buttons and fields that stand outside the form they belong to."""
        by_id = {form.id: form for form in self.forms if form.id}
        for form_id, kind, what in self._loose:
            form = by_id.get(form_id)
            if form is None:
                continue
            if kind == "button" and isinstance(what, Button):
                what.form = form
                form.buttons.append(what)
            elif isinstance(what, tuple):
                form.fields.append(what)

    # -- asking

    def find_form(self, action: str) -> Form | None:
        """The form that goes to an address with this ending."""
        return next((form for form in self.forms if _path(form.action or self.address).endswith(action)), None)

    def get_form(self, action: str) -> Form:
        found = self.find_form(action)
        if found is None:
            raise PageError(f"{_path(self.address)} has no form to …{action}")
        return found

    def find_buttons(self, action: str, name: str = "") -> list[Button]:
        """The buttons that send to an address with this ending."""
        return [
            button
            for button in self.buttons
            if _path(button.action or button.form.action).endswith(action) and name in {"", button.name}
        ]

    def find_link(self, ending: str) -> str | None:
        """The first link to an address with this ending."""
        return next((href for href, _text in self.links if _path(href).endswith(ending)), None)


def _path(address: str) -> str:
    return urlsplit(address).path


# ---------------------------------------------------------------- a browser


class Pacer:
    """Lets so many requests a second through, all browsers together: a demo must not load the machine it runs on."""

    def __init__(self, per_s: float) -> None:
        self._gap_s = 1 / per_s if per_s else 0.0
        self._next_s = 0.0

    async def wait(self) -> None:
        if not self._gap_s:
            return
        now_s = time.monotonic()
        at_s = max(now_s, self._next_s)
        self._next_s = at_s + self._gap_s
        if at_s > now_s:
            await asyncio.sleep(at_s - now_s)


@dataclass
class Tally:
    """What a crowd of browsers has asked for, and what was refused."""

    requests: int = 0
    again: int = 0
    limited: int = 0
    failed: list[str] = field(default_factory=list)


class Radio:
    """A phone's way to the network. While it is cut nothing is sent, and what was on its way gives no answer."""

    def __init__(self) -> None:
        self.is_up = True
        self._cuts = 0

    async def carry(self, request: Coroutine[None, None, httpx.Response]) -> httpx.Response:
        """:raises httpx.TransportError: there is no network, or it was lost before the answer came."""
        if not self.is_up:
            request.close()
            raise httpx.ConnectError("no network")
        cuts = self._cuts
        response = await request
        if self._cuts != cuts:
            raise httpx.ReadError("the network was lost")
        return response

    def cut(self) -> None:
        self.is_up = False
        self._cuts += 1


class Browser:
    """One person's browser: her cookies, and where she is."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        pacer: Pacer | None = None,
        tally: Tally | None = None,
        radio: Radio | None = None,
    ) -> None:
        self._client = client
        self._pacer = pacer
        self._radio = radio or Radio()
        self.tally = tally if tally is not None else Tally()
        self.cookies: dict[tuple[str, str], str] = {}
        self.headers: dict[str, str] = {}  # sent with every request; what a page's script adds

    # -- cookies by path, as a browser keeps them: one phone may have sat in several meetings

    def _cookie_header(self, path: str) -> str:
        sent = {name: value for (at, name), value in sorted(self.cookies.items()) if path.startswith(at)}
        return "; ".join(f"{name}={value}" for name, value in sent.items())

    def _keep_cookies(self, response: httpx.Response) -> None:
        for header in response.headers.get_list("set-cookie"):
            first, *rest = [part.strip() for part in header.split(";")]
            name, _equals, value = first.partition("=")
            attributes = {key.lower(): text for key, _eq, text in (part.partition("=") for part in rest)}
            place = (attributes.get("path", "/"), name)
            if attributes.get("max-age") == "0" or value in {"", '""'}:
                self.cookies.pop(place, None)
            else:
                self.cookies[place] = value

    async def _send(
        self, method: str, address: str, data: list[tuple[str, str]] | None = None, referer: str = ""
    ) -> httpx.Response:
        """One request. A server that starts again, or is full, is asked again after a while, as a browser's user would.

        What is written carries a key made on the device, so that sending it twice writes it once.
        """
        for number in range(_TRIES):
            if self._pacer is not None:
                await self._pacer.wait()
            headers = {"Cookie": self._cookie_header(_path(address)), "Accept-Language": "sv", **self.headers}
            if referer:
                headers["Referer"] = urljoin(str(self._client.base_url), referer)
            self.tally.requests += 1
            try:
                response = await self._radio.carry(
                    self._client.request(
                        method, address, data=_grouped(data) if data is not None else None, headers=headers
                    )
                )
            except httpx.TransportError:
                self.tally.again += 1
                await asyncio.sleep(_patience_s(number))
                continue
            self._keep_cookies(response)
            self.tally.limited += response.status_code == 429
            if response.status_code in {429, 502, 503} and number + 1 < _TRIES:
                self.tally.again += 1
                await asyncio.sleep(min(float(response.headers.get("retry-after", _patience_s(number))), 30))
                continue
            return response
        raise PageError(f"{method} {_path(address)}: no answer")

    async def get(self, address: str, *, follow: bool = True) -> Page:
        """A page, after redirects."""
        response = await self._send("GET", address)
        while follow and response.is_redirect:
            address = urljoin(address, response.headers["location"])
            response = await self._send("GET", address)
        return self._page("GET", address, response)

    async def fetch(self, address: str) -> httpx.Response:
        """A file.

        :raises PageError: it is refused.
        """
        response = await self._send("GET", address)
        self._check("GET", address, response)
        return response

    async def post(self, address: str, data: list[tuple[str, str]]) -> httpx.Response:
        """What a page's script sends.

        :raises PageError: it is refused.
        """
        response = await self._send("POST", address, data, referer=address)
        self._check("POST", address, response)
        return response

    async def submit(
        self,
        page: Page,
        form: Form,
        changes: dict[str, str | list[str] | None] | None = None,
        *,
        button: Button | None = None,
        follow: bool = True,
    ) -> Page:
        """Send a form with what stands in it and these changes (None takes a field out), by a button or without.

        A field named ``key`` gets a key made here, as the page's script would.
        """
        data = form.filled()
        for name, value in {
            **({"key": secrets.token_urlsafe(18)} if "key" in form.names else {}),
            **(changes or {}),
        }.items():
            data = [pair for pair in data if pair[0] != name]
            if value is not None:
                data += [(name, each) for each in ([value] if isinstance(value, str) else value)]
        if button is not None and button.name:
            data.append((button.name, button.value))
        address = urljoin(page.address, (button.action if button is not None else "") or form.action or page.address)
        response = await self._send("POST", address, data, referer=page.address)
        if response.is_redirect and not follow:
            return page
        while response.is_redirect:
            address = urljoin(address, response.headers["location"])
            response = await self._send("GET", address)
        return self._page("POST", address, response)

    async def press(self, page: Page, button: Button, *, follow: bool = True) -> Page:
        """Press a button."""
        return await self.submit(page, button.form, button=button, follow=follow)

    def _page(self, method: str, address: str, response: httpx.Response) -> Page:
        self._check(method, address, response)
        return Page(address, response.text)

    def _check(self, method: str, address: str, response: httpx.Response) -> None:
        if response.status_code >= 400:
            told = f"{method} {_path(address)}: {response.status_code}"
            self.tally.failed.append(told)
            raise PageError(told)

    @asynccontextmanager
    async def listening(self, page: Page) -> AsyncIterator[AsyncIterator[str]]:
        """The page's line: the names of events as they come, as ``step`` and ``table:12``."""
        room, ticket = page.body.get("data-live", ""), page.body.get("data-live-ticket", "")
        since = page.body.get("data-live-since", "")
        if not room or not ticket:
            raise PageError(f"{_path(page.address)} has no line")
        parameters = {"ticket": ticket} | ({"since": since} if since else {})
        async with self._client.stream("GET", room, params=parameters, timeout=None) as response:
            if response.status_code != 200:
                raise PageError(f"GET {_path(room)}: {response.status_code}")
            yield _events(response.aiter_lines())


def _patience_s(number: int) -> float:
    """How long to wait before one more try: a server that is away gets some forty seconds in all."""
    return min(0.3 * 2.0**number, 10)


def _grouped(data: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in data:
        found.setdefault(name, []).append(value)
    return found


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in lines:
        if line.startswith("event:"):
            yield line.removeprefix("event:").strip()


def client_for(address: str, *, most: int = 200) -> httpx.AsyncClient:
    """A pool of so many connections. One for a whole crowd is simple, but looks at every connection for each request:
    where a hall's speed is measured, each phone has a pool of its own, as it has in a hall."""
    limits = httpx.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=60)
    return httpx.AsyncClient(
        base_url=address, limits=limits, timeout=30, follow_redirects=False, trust_env=False, verify=_trusted()
    )


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def first(items: Iterable[Button]) -> Button | None:
    """The first of some buttons."""
    return next(iter(items), None)
