"""Every address of the site, walked: owner, permission row, limit, methods, headers, cookies; and limits at work."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from django.apps import apps
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, clear_url_caches, get_resolver
from django.utils import timezone
from pytest_django import Settings

from samspel.config import urls as site
from samspel.core.actor import VISITOR
from samspel.core.errors import TooManyError
from samspel.core.limits import BUCKETS, LIMITS, Buckets, address_of, check_limit, guess
from samspel.core.permissions import TABLES
from samspel.core.routes import RouteInfo, route
from samspel.dialogues.models import Dialogue, Seat
from samspel.people.access import get_unit
from tests.dialogues.test_permission_matrix import everything, sign_in
from tests.people import Town, make_dialogue, make_seat

VISITORS_COOKIE = {"samspel_csrf"}  # goes with the forms: language, sign-in, the code
# Addresses of django-allauth that are written as regular expressions.
REGEX = {
    "account_confirm_email": "accounts/confirm-email/abc:def/",
    "account_reset_password_from_key": "accounts/password/reset/key/1-set-password/",
    "openid_connect_login": "accounts/oidc/organisation/login/",
    "openid_connect_callback": "accounts/oidc/organisation/login/callback/",
}


@dataclass(frozen=True)
class Address:
    pattern: str
    name: str
    info: RouteInfo | None

    def __str__(self) -> str:
        return self.pattern or "/"

    def filled(self, **values: object) -> str:
        """A path with these arguments; what is not given stands for nothing that is there."""
        if self.name in REGEX:
            return "/" + REGEX[self.name]
        return "/" + re.sub(
            r"<(?:(\w+):)?(\w+)>",
            lambda found: str(values.get(found[2], "000000" if found[2] == "code" else "1")),
            self.pattern,
        )


def walk(resolver: URLResolver, before: str = "") -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        whole = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Address(whole, pattern.name or "", getattr(pattern.callback, "route_info", None))
        else:
            yield from walk(pattern, whole)


ADDRESSES = sorted(walk(get_resolver("samspel.config.urls")), key=str)


# ---------------------------------------------------------------- owner, act, limit


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_an_address_has_an_owner_a_permission_row_and_a_limit(address: Address) -> None:
    assert address.info is not None, "make it with core.routes.route"
    assert address.info.owner in {config.label for config in apps.get_app_configs()}
    assert apps.get_app_config(address.info.owner).name.startswith("samspel.")
    assert any(address.info.act in table for table in TABLES.values())
    assert any(address.info.look in table for table in TABLES.values())
    assert address.info.limit in LIMITS


def test_the_walk_finds_all_parts() -> None:
    owners = {address.info.owner for address in ADDRESSES if address.info}

    assert owners == {"api", "dialogues", "encounters", "exchange", "people", "ui"}
    assert len(ADDRESSES) > 90


def test_an_address_without_a_row_or_limit_cannot_be_made() -> None:
    with pytest.raises(KeyError):
        route("x", lambda request: HttpResponse(), name="x", owner="ui", act="no.such.act")
    with pytest.raises(ValueError, match="no limit"):
        route("x", lambda request: HttpResponse(), name="x", owner="ui", act="site.read", limit="none")


# ---------------------------------------------------------------- methods


@dataclass(frozen=True)
class Visit:
    """Who goes round the whole site, with arguments that are there."""

    client: Client
    values: dict[str, object]

    def ask(self, method: str, address: Address) -> HttpResponse:
        BUCKETS.clear()
        answer: HttpResponse = self.client.generic(method, address.filled(**self.values))
        assert_headers(answer)
        return answer


@pytest.fixture
def dialogue(town: Town) -> Dialogue:
    return make_dialogue(town.guidance, now_at="choose")


@pytest.fixture(params=["visitor", "participant", "administrator"])
def visit(request: pytest.FixtureRequest, town: Town, dialogue: Dialogue) -> Visit:
    seat, token = make_seat(dialogue, dialogue.tables.get())
    Seat.objects.filter(pk=seat.pk).update(seen_at=timezone.now())
    client = sign_in(town.administrator) if request.param == "administrator" else Client()
    client.raise_request_exception = False
    if request.param == "participant":
        client.cookies["seat"] = token.cookie()
    values = {
        "dialogue_id": dialogue.pk,
        "code": dialogue.code,
        "slug": dialogue.slug,
        "unit_id": town.guidance.pk,
        "person_id": town.member.pk,
        "kind": "json",
        "what": "next",
    }
    return Visit(client, values)


def test_looking_changes_nothing_and_head_answers_like_get(visit: Visit) -> None:
    before = everything()
    wrong = []
    for address in ADDRESSES:
        seen = visit.ask("GET", address)
        head = visit.ask("HEAD", address)
        if seen.status_code >= 500:
            wrong.append(f"GET {address}: {seen.status_code}")
        if seen.status_code == 405 and "POST" not in seen.headers.get("Allow", ""):
            wrong.append(f"GET {address}: 405 without saying what is allowed")
        if (head.status_code, head.content) != (seen.status_code, b""):
            wrong.append(f"HEAD {address}: {head.status_code}, {len(head.content)} bytes; GET: {seen.status_code}")

    assert wrong == []
    assert everything() == before


def test_what_is_only_posted_to_cannot_be_looked_at(town: Town) -> None:
    """An address that nothing can be read at says 405 and POST, so that no link and no picture can press it."""
    client = sign_in(town.administrator)
    posted = set()
    for address in ADDRESSES:
        BUCKETS.clear()
        if client.get(address.filled()).status_code == 405:
            posted.add(address.name)

    assert posted >= {
        *("language", "signal_erase", "person_roles", "person_link"),
        *("join_seat", "seat_place", "seat_forget", "note_write", "notes_share", "note_remove", "ready"),
        *("table_mark", "table_ready", "table_part", "table_move", "table_pen", "table_take_back", "table_lone"),
        *("dialogue_press", "dialogue_help", "dialogue_merge_tables", "dialogue_judge", "dialogue_set_open"),
    }


def test_what_takes_a_post_counts_it(town: Town) -> None:
    """A post is never counted as mere looking."""
    lax = []
    for address in ADDRESSES:
        BUCKETS.clear()
        client = sign_in(town.administrator)  # each time: one of the addresses signs her out
        client.raise_request_exception = False
        answer = client.post(address.filled())
        if answer.status_code != 405 and address.info is not None and address.info.limit == "page":
            lax.append(str(address))

    assert lax == ["api/", "api/openapi.json"]  # what the framework answers to a post is a page to read


# ---------------------------------------------------------------- headers and cookies


def assert_headers(answer: HttpResponse) -> None:
    """What every answer carries."""
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert not re.search(r"https?:|\*", policy), "only ourselves"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_visitor_gets_no_cookie_but_the_forms_own(town: Town, dialogue: Dialogue) -> None:
    for address in ADDRESSES:
        BUCKETS.clear()
        client = Client(raise_request_exception=False)
        answer = client.get(address.filled(code=dialogue.code, slug=dialogue.slug, unit_id=town.guidance.pk))
        named = set(answer.cookies)
        assert named <= VISITORS_COOKIE, str(address)
        if named and answer.status_code == 200:
            assert answer.headers["Content-Type"].startswith("text/html"), str(address)
            assert b"csrfmiddlewaretoken" in answer.content, f"{address}: a cookie and no form"


def fail(request: HttpRequest) -> NoReturn:
    raise RuntimeError("what somebody wrote")


def lose_database(request: HttpRequest) -> NoReturn:
    raise OperationalError("connection lost: what somebody wrote")


urlpatterns = [
    *site.urlpatterns,
    route("fail", fail, name="fail", owner="ui", act="site.read"),
    route("lost", lose_database, name="lost", owner="ui", act="site.read"),
]
handler404, handler500 = site.handler404, site.handler500


@pytest.fixture
def failing(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/language", "/accounts/login/", "/account"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"name=" + b"x" * 3_000_000),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(2000))),
        (
            "multipart/form-data; boundary=B",
            b"".join(b'--B\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n' for _ in range(200))
            + b"--B--\r\n",
        ),
    ],
    ids=["one field", "many fields", "many files"],
)
def test_more_than_a_form_may_hold_is_told_in_words(path: str, kind: str, body: bytes) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "sv"})
    client.cookies["samspel_csrf"] = "a" * 32

    told = client.generic("POST", path, body, content_type=kind)

    assert_headers(told)
    assert told.status_code == 413
    assert "Dela upp det" in told.content.decode()


@pytest.mark.usefixtures("failing", "db")
@pytest.mark.parametrize("json", [False, True], ids=["page", "program"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/there-is-no-such-page", 404),
        ("GET", "/api/no-such-thing", 404),
        ("POST", "/there-is-no-such-page", 404),
        ("GET", "/fail", 500),
        ("GET", "/lost", 503),
        ("GET", "/language", 405),
        ("GET", "/dialogues/1/lead", 302),
        ("POST", "/dialogues/1/lead/next", 401),
        ("POST", "/language", 403),
    ],
)
def test_every_kind_of_answer_is_guarded_and_tells_nothing(method: str, path: str, status: int, json: bool) -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    headers = {"Accept": "application/problem+json"} if json else {"Accept": "text/html"}
    if method == "POST" and status != 403:
        client.cookies["samspel_csrf"] = "a" * 32
        headers["X-CSRFToken"] = "a" * 32

    answer = client.generic(method, path, headers=headers)

    assert answer.status_code == (401 if json and status == 302 else status)
    assert_headers(answer)
    assert b"what somebody wrote" not in answer.content
    assert b"Traceback" not in answer.content
    is_program = json or path.startswith("/api/")
    if status in {404, 401, 503} and is_program:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
    elif status != 405:
        assert answer.headers["Content-Type"].startswith(("text/html", "application/problem+json"))
    if status == 503:
        assert answer.headers["Retry-After"] == "2"


@pytest.mark.usefixtures("failing")
def test_without_the_database_every_page_says_try_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for who is signed in, and though every page would like to know whose installation this is."""

    def gone(*_: object) -> NoReturn:
        raise OperationalError("gone")

    visitor, person = Client(raise_request_exception=False), sign_in(town.member)
    person.raise_request_exception = False
    monkeypatch.setattr("samspel.ui.context.installation", gone)
    monkeypatch.setattr("samspel.core.middleware._actor", gone)
    signed_in = person.get("/home")
    monkeypatch.setattr("samspel.core.middleware._actor", lambda request: VISITOR)

    for answer in (signed_in, visitor.get("/lost"), visitor.get("/lost", headers={"Accept-Language": "en"})):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert_headers(answer)
        assert b"<h1>" in answer.content


@pytest.mark.django_db
def test_styles_and_scripts_are_guarded_too() -> None:
    answer = Client().get(static("samspel/build/favicon.svg"))
    assert b"".join(answer.streaming_content)
    answer.close()

    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies


def test_the_cookies_of_those_who_sign_in_and_join_are_closed(dialogue: Dialogue) -> None:
    joined = Client().post(f"/m/{dialogue.code}/seat", {"key": "k" * 20})
    seat = joined.cookies["seat"]

    assert joined.status_code == 302
    assert (seat["httponly"], seat["samesite"], seat["path"]) == (True, "Lax", f"/m/{dialogue.code}/")
    assert (settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE) == (True, "Lax")


@pytest.mark.parametrize("https", [False, True])
def test_with_https_no_cookie_goes_over_a_plain_line(https: bool, tmp_path: Path) -> None:
    """In an installation that says https, every cookie is Secure; a hall's own network works without."""
    code = (
        "from samspel.config import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.HTTPS, s.SECURE_HSTS_SECONDS > 0)"
    )
    site_url = f"http{'s' if https else ''}://samspel.example"
    environment = {**os.environ, "SAMSPEL_SITE_URL": site_url, "SAMSPEL_VAR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.split() == [str(https)] * 4


# ---------------------------------------------------------------- who asks, and how often


def request_from(address: str, forwarded: str = "", **cookies: str) -> HttpRequest:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory(headers=headers).post("/", REMOTE_ADDR=address)
    request.COOKIES.update(cookies)
    return request


def test_a_forged_forwarding_is_not_believed(settings: Settings) -> None:
    forged = request_from("198.51.100.7", "203.0.113.1")
    settings.TRUSTED_PROXIES = 0
    assert address_of(forged) == "198.51.100.7"

    # With one proxy of our own, only what it added counts: the last word.
    settings.TRUSTED_PROXIES = 1
    assert address_of(request_from("10.0.0.1", "203.0.113.1, 198.51.100.7")) == "198.51.100.7"
    settings.TRUSTED_PROXIES = 2
    assert address_of(request_from("10.0.0.1", "203.0.113.1, 198.51.100.7, 10.0.0.2")) == "198.51.100.7"


def test_a_neighbour_in_ipv6_is_the_same_caller() -> None:
    assert address_of(request_from("2001:db8::1")) == address_of(request_from("2001:db8::ffff:1"))
    assert address_of(request_from("2001:db8:0:1::1")) != address_of(request_from("2001:db8:0:2::1"))


def test_one_who_comes_by_ipv4_to_where_ipv6_is_listened_to_is_no_neighbour_of_all_others() -> None:
    assert address_of(request_from("::ffff:192.0.2.1")) == address_of(request_from("192.0.2.1")) == "192.0.2.1"


@pytest.mark.usefixtures("still")
def test_who_guesses_codes_is_stopped_whatever_she_says_of_herself(dialogue: Dialogue) -> None:
    wrong = f"{(int(dialogue.code) + 1) % 10**6:06}"
    burst = LIMITS["wrong-code"].address_burst
    answers = [
        Client().post("/m/", {"code": wrong}, headers={"X-Forwarded-For": f"203.0.113.{count}"})
        for count in range(burst + 1)
    ]

    assert {answer.status_code for answer in answers[:burst]} == {422}
    assert answers[burst].status_code == 429
    assert 1 <= int(answers[burst].headers["Retry-After"]) <= 60
    # Even the right code tells nothing now; and it says so to programs too.
    told = Client().get(f"/m/{dialogue.code}/", headers={"Accept": "application/json"})
    assert (told.status_code, told.json()["status"]) == (429, 429)
    # Another address, and everybody who has a seat, goes on.
    assert Client(REMOTE_ADDR="198.51.100.9").get(f"/m/{dialogue.code}/").status_code == 200


@pytest.mark.usefixtures("still")
def test_a_hall_of_400_behind_one_address_comes_in_at_one_instant() -> None:
    for number in range(400):
        newcomer = request_from("192.0.2.1")
        for name in ("page", "join", "page", "join"):  # start page, code, welcome, sit down
            check_limit(newcomer, name)
            guess(newcomer, "wrong-code").was_right()
        seated = request_from("192.0.2.1", seat=f"{number}.secret")
        for name in ("page", "stream", *["page"] * 8, *["write"] * 6):
            check_limit(seated, name)
    # One in ten has typed wrong once; nobody is stopped for that.
    for _number in range(40):
        guess(request_from("192.0.2.1"), "wrong-code")
    guess(request_from("192.0.2.1"), "wrong-code").was_right()


@pytest.mark.usefixtures("still")
def test_one_phone_that_writes_without_end_is_stopped_and_the_others_are_not() -> None:
    eager = request_from("192.0.2.1", seat="1.secret")
    for _count in range(LIMITS["write"].burst):
        check_limit(eager, "write")
    with pytest.raises(TooManyError):
        check_limit(eager, "write")

    check_limit(request_from("192.0.2.1", seat="2.secret"), "write")


@pytest.mark.parametrize("processes", [1, 2, 7])
@pytest.mark.parametrize("name", ["wrong-code", "login"])
def test_a_guesser_gets_no_more_tries_from_several_processes(name: str, processes: int) -> None:
    tries = 0
    for _process in range(processes):
        buckets, share = Buckets(clock=lambda: 0.0), LIMITS[name].share(processes)
        while buckets.take(name, "198.51.100.7", share.address_burst, share.address_per_s) == 0:
            tries += 1

    assert LIMITS[name].address_burst - processes < tries <= LIMITS[name].address_burst
    assert LIMITS[name].share(processes).an_hour() * processes <= LIMITS[name].an_hour() + 1e-6
    assert LIMITS[name].share(processes).per_s * processes == pytest.approx(LIMITS[name].per_s)


@pytest.mark.usefixtures("still")
def test_each_of_two_processes_stops_a_guesser_at_half(settings: Settings) -> None:
    settings.PAGE_PROCESSES = 2
    guesser = request_from("198.51.100.7", seat="1.secret")
    for _try in range(LIMITS["wrong-code"].burst // 2):
        guess(guesser, "wrong-code")

    with pytest.raises(TooManyError):
        guess(guesser, "wrong-code")
    for _look in range(LIMITS["page"].burst):
        check_limit(guesser, "page")  # a browser's line goes to one process: nothing is taken from it


# ---------------------------------------------------------------- what an address says and asks for


def ask_little(request: HttpRequest, unit_id: int) -> HttpResponse:
    get_unit(request.actor, unit_id, "unit.read")  # type: ignore[attr-defined]
    return HttpResponse()


def test_an_address_that_asks_for_another_act_than_it_says_fails_every_test(
    settings: Settings, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = __name__
    honest = route("units/<int:unit_id>/x", ask_little, name="x", owner="people", act="unit.read")
    drifted = route("units/<int:unit_id>/y", ask_little, name="y", owner="people", act="dialogue.create")
    looks = route(
        "units/<int:unit_id>/z", ask_little, name="z", owner="people", act="dialogue.create", look="unit.read"
    )
    monkeypatch.setattr(sys.modules[__name__], "urlpatterns", [*urlpatterns, honest, drifted, looks])
    clear_url_caches()
    client = sign_in(town.manager)

    assert client.get(f"/units/{town.guidance.pk}/x").status_code == 200
    assert client.get(f"/units/{town.guidance.pk}/z").status_code == 200
    for method, path in (("get", "y"), ("post", "z")):
        with pytest.raises(AssertionError, match=r"says dialogue\.create and asked for \['unit\.read'\]"):
            getattr(client, method)(f"/units/{town.guidance.pk}/{path}")
