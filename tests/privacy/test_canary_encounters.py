"""Marked words through every way in of those who answer: what was masked, refused or withdrawn lies nowhere."""

import logging
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.utils.timezone import now

from samspel.core.logs import NoWords
from samspel.encounters.actions import taking_in
from samspel.encounters.models import Answer, Point, Story
from samspel.encounters.windows import new_press
from tests.embedded import REPOSITORY
from tests.encounters.asking import make_point, make_round
from tests.people import device_key, make_town
from tests.privacy.reading import holds

pytestmark = pytest.mark.django_db(transaction=True)
LOG = REPOSITORY / ".cache" / "test-postgres" / "server.log"


@dataclass
class Marks:
    """Words that occur nowhere else; each stands in for something that nobody may find."""

    given: dict[str, str] = field(default_factory=dict)

    def __call__(self, where: str) -> str:
        self.given[where] = f"Zq{secrets.token_hex(6)}"
        return self.given[where]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the application's log says, through the filter that the settings put before it."""
    caplog.handler.addFilter(NoWords())
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.fixture
def point() -> Point:
    town = make_town()
    make_round(town.guidance, opened_at=now() - timedelta(days=1))
    return make_point(town.guidance, opened_at=now())


def every_row() -> dict[str, bytes]:
    """All tables, row by row, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        names = [name for (name,) in cursor.fetchall()]
        found = {}
        for name in names:
            cursor.execute(f"SELECT string_agg(t::text, E'\\n') FROM {name} t")  # noqa: S608 (the database's own names)
            found[name] = (cursor.fetchone()[0] or "").encode()
        return found


def test_what_nobody_may_find_is_nowhere(
    point: Point, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, client = Marks(), Client(raise_request_exception=False)
    log_began = LOG.stat().st_size if LOG.exists() else 0
    here, press = f"/s/{point.code}", new_press(now())

    def tell(text: str, **data: str) -> int:
        return client.post(f"{here}/more", {"send": "1", "p": press, "text": text} | data).status_code

    # An answer and a line: warned of, masked, and the line that may be kept.
    assert client.post(here, {"p": press, "level": "2"}).status_code == 200
    assert tell(f"Hon heter {mark('a name, warned of')}") == 200
    assert tell(f"Han heter {mark('a name, masked')}, tror jag", without="1") == 200
    shared = mark("what may be kept").lower()
    mark.given["what may be kept"] = shared
    assert tell(f"det var {shared} i rummet") == 200
    # What is refused, and what fails half-way.
    client.post(here, {"p": mark("a made-up press"), "level": "2"})
    client.post(f"{here}?m={mark('a made-up token')}", {"p": press, "level": "2"})
    client.get(f"{here}?lang={mark('a made-up language')}")
    client.get("/s/" + mark("a made-up code")[:12])
    with monkeypatch.context() as patched:
        patched.setattr(taking_in.Answer, "save", fails)
        assert tell(f"det var {mark('an error in the view').lower()}") == 500
    # A story: refused without consent, with a name, and withdrawn.
    story = {"key": device_key(), "kind": "good", "consents": "on"}
    client.post(f"{here}/story", {"key": device_key(), "words": mark("without consent").lower()})
    client.post(f"{here}/story", story | {"words": f"Hon heter {mark('a name in a story')}."})
    told = client.post(f"{here}/story", story | {"words": f"det var {mark('a withdrawn story').lower()}"})
    code = re.search(r'class="secret">([^<]+)<', told.content.decode())
    assert code is not None
    mark.given["the story's code"] = code[1]
    assert client.post("/stories/withdraw", {"code": code[1]}).status_code == 200
    client.post("/stories/withdraw", {"code": mark("a wrong code")})
    mark.given["the device's own value"] = press.split("-", 1)[1]

    places = every_row()
    places["log: the application"] = "\n".join(logged.handler.format(each) for each in logged.records).encode()
    places["log: the database"] = LOG.read_bytes()[log_began:] if LOG.exists() else b""

    assert Answer.objects.count() == 1
    assert not Story.objects.exists()
    found = {
        where: [name for name, text in places.items() if spelled(text, word)] for where, word in mark.given.items()
    }
    assert found.pop("what may be kept") == ["encounters_answer"], "the same eyes find what is there"
    assert {where: names for where, names in found.items() if names} == {}


def spelled(text: bytes, word: str) -> bool:
    return holds(text, word) or holds(text, word.lower())


def fails(*_given: object, **_more: object) -> None:
    raise IntegrityError("a row that the database refused")
