"""Hints never stop anybody; and what was written, kept or not, lies in its own table alone."""

import logging
import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils.timezone import now

from samspel.core.logs import NoWords
from samspel.exchange.actions.reminding import remind_of_expiry
from samspel.exchange.hints import hint_for, looks_like_a_name, mark_of
from samspel.exchange.models import Category, Post
from tests.embedded import REPOSITORY
from tests.people import device_key
from tests.privacy.reading import holds
from tests.privacy.test_canary_encounters import every_row

LOG = REPOSITORY / ".cache" / "test-postgres" / "server.log"


@pytest.mark.parametrize(
    ("words", "kind", "shorter"),
    [
        # The picture's own words.
        ("Jag kan köra på lördagar. Jag är sjukskriven och har tid.", "health", "Jag kan köra på lördagar."),
        ("Har brutit armen och kan inte köra.", "health", ""),
        ("Kan bygga. Jeg har brækket benet.", "health", "Kan bygga."),
        ("I can cook. My broken leg keeps me at home.", "health", "I can cook."),
        ("Jag får sjukpenning, och har tid. Kan måla.", "benefit", "Kan måla."),
        ("Jeg er på kontanthjælp. Jeg kan male vægge.", "benefit", "Jeg kan male vægge."),
        ("I'm on benefits. I can give rides.", "benefit", "I can give rides."),
        ("Får dagpenge.", "benefit", ""),
        ("Mattekväll för våra barn", "child", ""),
        ("Er træner. Vil hjælpe min datter.", "child", "Er træner."),
        ("My daughter needs a bike. Any size.", "child", "Any size."),
        ("Kan laga mat. Fråga efter Anna Holm.", "name", "Kan laga mat."),
        ("Kan laga mat. Ring 070-123 45 67.", "number", "Kan laga mat."),
        ("Kan laga mat. Skriv till mig@lindvik.example.", "number", "Kan laga mat."),
        ("Kan hämta på Storgatan 12", "number", ""),
        ("Jag kan köra eftersom jag är sjukskriven just nu", "health", "Jag kan köra."),
    ],
)
def test_what_may_be_more_than_one_wants_to_tell(words: str, kind: str, shorter: str) -> None:
    hint = hint_for(words)

    assert hint is not None
    assert (hint.kind, hint.shorter) == (kind, shorter)
    assert words not in repr(hint)
    assert not hint.shorter or shorter not in repr(hint)
    assert not hint.shorter or hint_for(hint.shorter) is None, "what is proposed needs no hint itself"


@pytest.mark.parametrize(
    "words",
    [
        "Jag kan köra till affären på lördagar.",
        "Någon som kör min bil till kunder",
        "Vi har en sal som är tom på kvällarna. Plats för 40.",
        "Vill öva svenska inför ett jobb.",
        "Har en skåpbil ledig på lördagar, 9.30–12.00.",
        "Lärer gerne fra mig: brød, kager og syltetøj.",
        "Can teach English on Tuesdays at the library.",
        "Behöver bryggan lagad till sommaren 2027.",
        "",
    ],
)
def test_ordinary_words_are_left_in_peace(words: str) -> None:
    assert hint_for(words) is None


def test_who_has_said_that_a_child_is_there_is_not_told_so() -> None:
    assert hint_for("Mattekväll för våra barn", known=["child"]) is None
    hint = hint_for("Våra barn, jag är sjukskriven", known=["child"])
    assert hint is not None
    assert hint.kind == "health"


def test_what_is_proposed_keeps_what_she_has_kept_before() -> None:
    hint = hint_for("Hjälper våra barn. Jag är sjukskriven. Ring Anna Holm.", known=["health"])

    assert hint is not None
    assert (hint.kinds, hint.shorter) == (("child", "name"), "Jag är sjukskriven.")


def test_a_mark_is_of_just_these_words() -> None:
    assert mark_of(" a ", "health") == mark_of("a", "health")
    assert mark_of("a", "health") != mark_of("b", "health")
    assert mark_of("a", "health") != mark_of("a", "name")
    assert (looks_like_a_name("Säljaren"), looks_like_a_name("Bertil")) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_words_lie_in_their_own_table_and_nowhere_else(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.handler.addFilter(NoWords())
    log_began = LOG.stat().st_size if LOG.exists() else 0
    given: dict[str, str] = {}

    def mark(where: str) -> str:
        given[where] = f"zq{secrets.token_hex(6)}"
        return given[where]

    client = Client(raise_request_exception=False)
    category, _new = Category.objects.get_or_create(key="other", defaults={"name": {"sv": "Annat"}})
    form = {"category": category.pk, "adult": "on", "called": "Grannen"}

    def leave(**data: Any) -> Any:
        return client.post("/exchange/give", form | {"key": device_key()} | data)

    with caplog.at_level(logging.DEBUG):
        client.post("/exchange/hint", {"words": f"sjuk {mark('only looked at')}", "hint": "look-words"})
        assert leave(words=f"jag är sjuk {mark('asked about')}").status_code == 422
        assert leave(words=f"{mark('refused')}", adult="").status_code in {200, 422}
        assert leave(words="x" * 400 + mark("too long")).status_code == 422
        client.post("/exchange/code", {"code": mark("a wrong code")})
        client.get(f"/exchange/give?category={mark('a made-up kind')}")
        with monkeypatch.context() as patched:
            patched.setattr(Post.objects, "create", fails)
            answer = leave(words=f"kan {mark('an error in the view')}")
            assert answer.status_code == 500
            assert given["an error in the view"] not in answer.content.decode()
        Post.objects.all().delete()
        assert leave(words=f"kan {mark('what is kept')}", mail="a@lindvik.example").status_code == 200
        remind_of_expiry(now() + timedelta(days=80))
        kept = Post.objects.get()
        given["what is taken back"] = given["what is kept"]
        places = everywhere(caplog, log_began)
        assert [name for name, text in places.items() if holds(text, given["what is kept"])] == ["exchange_post"]
        client.post(f"/exchange/mine/{kept.pk}/take-back")

    places = everywhere(caplog, log_began)
    found = {where: [name for name, text in places.items() if holds(text, word)] for where, word in given.items()}
    assert {where: names for where, names in found.items() if names} == {}


def everywhere(caplog: pytest.LogCaptureFixture, log_began: int) -> dict[str, bytes]:
    places = every_row()
    places["log: the application"] = "\n".join(caplog.handler.format(each) for each in caplog.records).encode()
    places["log: the database"] = LOG.read_bytes()[log_began:] if LOG.exists() else b""
    return places


def fails(*_given: object, **_more: object) -> None:
    raise IntegrityError("a row that the database refused")
