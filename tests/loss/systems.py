"""Other systems that tell answers over HTTP: each sends until it is told that the answer is received."""

import http.client
import json
import random
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

BEGIN = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)


@dataclass
class Sent:
    """Answers that go together (one, or a batch), each known by its own moment."""

    moments: list[str]
    keys: list[str]
    sends: int = 0
    is_received: bool = False


@dataclass
class Town:
    """What all systems share."""

    port: int
    key: str
    is_over: threading.Event = field(default_factory=threading.Event)
    refused: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: int = 0

    def moment(self) -> str:
        with self.lock:
            self.numbers += 1
            return (BEGIN + timedelta(microseconds=self.numbers)).isoformat()


class System(threading.Thread):
    """Sends one answer or a batch, again and again with the same keys until it is received, then the next."""

    def __init__(self, town: Town, seed: int, *, keeps_key: bool = True, loses_answers: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.town = town
        self.sent: list[Sent] = []
        self._chance = random.Random(seed)
        self._keeps_key = keeps_key
        self._loses_answers = loses_answers
        self._line: http.client.HTTPConnection | None = None

    def run(self) -> None:
        while not self.town.is_over.is_set():
            count = self._chance.choice((1, 1, 1, 20))
            one = Sent([self.town.moment() for _each in range(count)], [secrets.token_hex(8) for _each in range(count)])
            self.sent.append(one)
            while not one.is_received:
                if one.sends and not self._keeps_key:
                    one.keys = [secrets.token_hex(8) for _each in range(count)]
                one.sends += 1
                one.is_received = self._told(one)
                if not one.is_received:
                    time.sleep(0.05)
        self._hang_up()

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _told(self, one: Sent) -> bool:
        rows: list[dict[str, Any]] = [
            {"at": at, "unit": "Lindvik", "side": "staff", "level": 3, "key": key}
            for at, key in zip(one.moments, one.keys, strict=True)
        ]
        path, body = ("/api/v1/answers", rows[0]) if len(rows) == 1 else ("/api/v1/answers/batch", {"answers": rows})
        headers = {"Authorization": f"Bearer {self.town.key}", "Content-Type": "application/json"}
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection("127.0.0.1", self.town.port, timeout=20)
            self._line.request("POST", path, json.dumps(body), headers)
            if self._chance.random() < self._loses_answers:
                raise OSError("the answer is lost on the way")
            answer = self._line.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return False
        if answer.status in {200, 201}:
            return True
        if answer.status < 500 and answer.status != 429:
            self.town.refused.append(f"{answer.status} {text[:300]!r}")
            self.town.is_over.set()
            return True
        return False


def received(systems: Sequence[System]) -> int:
    return sum(len(one.moments) for system in systems for one in list(system.sent) if one.is_received)
