"""Phones that write: real HTTP, a real seat, and each note sent with the device's key until it is acknowledged."""

import html
import http.client
import random
import re
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from statistics import median
from urllib.parse import urlencode

from samspel.dialogues.sealing import SeatToken, read_cookie

WORDS = [
    *("tid", "lugn", "tillit", "språk", "lyssna", "möte", "dörren öppen", "barn", "ålder", "hjälp", "våga säga nej"),
    *("återkoppling", "ära", "ödmjuk", "æble", "ørken", "överlämning", "🌱", "“citat”", "<b>&amp;", "'; --", "\\0"),
]
LATER = {408, 425, 429}  # as drafts.js: these and 5xx are sent again


@dataclass
class Written:
    """A note as its device knows it."""

    text: str
    keys: list[str] = field(default_factory=list)
    sends: int = 0
    began_s: float = 0.0
    sent_s: float = 0.0  # the send that was acknowledged
    acknowledged_s: float | None = None


class Hall:
    """What all phones share: how many notes are wanted, how many are on their way, and what went wrong."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.is_over = threading.Event()
        self.acknowledged = 0
        self.in_flight = 0
        self.open_requests = 0
        self.least_in_flight: int | None = None
        self.refused: list[str] = []
        self.failed: list[str] = []

    def began(self) -> None:
        with self._lock:
            self.in_flight += 1

    def watch(self) -> None:
        """From now on the least number of notes on their way is kept."""
        with self._lock:
            self.least_in_flight = self.in_flight

    def ended(self, *, acknowledged: bool) -> None:
        with self._lock:
            self.in_flight -= 1
            self.acknowledged += acknowledged
            if self.least_in_flight is not None and not self.is_over.is_set():
                self.least_in_flight = min(self.least_in_flight, self.in_flight)

    def asks(self, by: int) -> None:
        with self._lock:
            self.open_requests += by


class Phone(threading.Thread):
    """Joins, then writes one note after the other until the hall is over; the last one is still brought home."""

    def __init__(self, hall: Hall, port: int, code: str, seed: int, *, keeps_key: bool, loses_answers: float) -> None:
        super().__init__(daemon=True, name=f"phone-{seed}")
        self.hall = hall
        self.port = port
        self.code = code
        self.random = random.Random(seed)
        self.keeps_key = keeps_key
        self.loses_answers = loses_answers
        self.notes: list[Written] = []
        self.cookies: dict[str, str] = {}
        self.form_token = ""
        self._connection: http.client.HTTPConnection | None = None

    # ------------------------------------------------------------ HTTP

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, *, loses: bool = False
    ) -> "Answer | None":
        """One request; None when there was no answer, or it was lost on its way back."""
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Accept": "application/problem+json, text/html",
        }
        body = None
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
            body = urlencode(form).encode()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self.hall.asks(1)
        try:
            self._connection.request(method, path, body, headers)
            if loses:
                time.sleep(self.random.uniform(0, 0.05))
                self.hang_up()
                return None
            found = self._connection.getresponse()
            answer = Answer(found.status, found.read().decode(), dict(found.getheaders()))
            for line in found.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            if found.will_close:
                self.hang_up()
            return answer
        except (OSError, http.client.HTTPException):
            self.hang_up()
            return None
        finally:
            self.hall.asks(-1)

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ------------------------------------------------------------ a person

    def join_meeting(self) -> None:
        """The way in, as from the QR code: the page, one press, the page of the step."""
        welcome = self.ask("GET", f"/m/{self.code}/")
        assert welcome is not None
        assert welcome.status == 200, welcome
        form = {"csrfmiddlewaretoken": welcome.field("csrfmiddlewaretoken"), "key": welcome.field("key")}
        sat = self.ask("POST", f"/m/{self.code}/seat", form)
        assert sat is not None
        assert sat.status == 302, sat
        page = self.ask("GET", f"/m/{self.code}/")
        assert page is not None
        assert "textarea" in page.text, page
        self.form_token = page.field("csrfmiddlewaretoken")

    @property
    def seat(self) -> SeatToken:
        """What only this phone knows."""
        token = read_cookie(self.cookies["seat"])
        assert token is not None
        return token

    def run(self) -> None:
        try:
            while not self.hall.is_over.is_set():
                self.write(self.thought())
        except Exception as error:
            self.hall.failed.append(f"{self.name}: {error!r}")
        finally:
            self.hang_up()

    def thought(self) -> str:
        """A text that no other has, up to the longest that is allowed."""
        text = f"{self.name} {len(self.notes)}"
        for _ in range(self.random.choice((3, 8, 8, 15, 60))):
            text += self.random.choice((" ", " ", " ", "\n")) + self.random.choice(WORDS)
        return text[:500].strip()

    def write(self, text: str) -> None:
        """One note, sent until it is acknowledged."""
        note = Written(text, keys=[secrets.token_hex(16)], began_s=time.monotonic())
        self.notes.append(note)
        self.hall.began()
        while True:
            if note.sends and not self.keeps_key:
                note.keys.append(secrets.token_hex(16))
            note.sends += 1
            sent_s = time.monotonic()
            form = {"text": text, "key": note.keys[-1], "csrfmiddlewaretoken": self.form_token}
            answer = self.ask("POST", f"/m/{self.code}/notes", form, loses=self.random.random() < self.loses_answers)
            if answer is not None and answer.status == 200:
                if html.escape(text).replace("&#x27;", "&#39;") not in answer.text.replace("&#x27;", "&#39;"):
                    self.hall.failed.append(f"{self.name}: acknowledged something else than was sent")
                note.sent_s, note.acknowledged_s = sent_s, time.monotonic()
                return self.hall.ended(acknowledged=True)
            if answer is not None and answer.status < 500 and answer.status not in LATER:
                self.hall.refused.append(f"{self.name}: {answer.status} {answer.text[:200]}")
                return self.hall.ended(acknowledged=False)
            # The page's own script waits longer; a shorter wait is harder on the server.
            time.sleep(self.random.uniform(0.1, 0.5))


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str]

    def field(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(rf'name="{name}" value="([^"]+)"', self.text)
        assert found is not None, f"no field {name}"
        return html.unescape(found.group(1))


def spread(seconds: Sequence[float]) -> str:
    """p50 and p95, in milliseconds."""
    if not seconds:
        return "–"
    ordered = sorted(seconds)
    return f"{median(ordered) * 1000:.0f} / {ordered[int(len(ordered) * 0.95)] * 1000:.0f} ms"
