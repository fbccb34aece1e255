"""Signing in: password, reset by mail, two steps, and the language of one who has no account."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from samspel.core.mail import deliver
from samspel.core.models import OutgoingMail
from samspel.people.models import Person
from tests.people import Town

PASSWORD = "en lång mening med hästar"


def letters() -> list[EmailMessage]:
    """What has been sent, when the worker has had its turn."""
    for pk in OutgoingMail.objects.order_by("pk").values_list("pk", flat=True):
        deliver(pk)
    return mail.outbox


def test_a_person_signs_in_with_her_password_and_lands_at_home(town: Town, client: Client) -> None:
    town.manager.set_password(PASSWORD)
    town.manager.save()

    wrong = client.post("/accounts/login/", {"login": town.manager.email, "password": "fel fel fel fel"})
    right = client.post("/accounts/login/", {"login": town.manager.email.upper(), "password": PASSWORD})

    assert wrong.status_code == 200
    assert (right.status_code, right.headers["Location"]) == (302, "/home")
    assert client.get("/home").headers["Location"] == f"/units/{town.guidance.pk}"
    assert town.manager.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(town: Town, client: Client, to: str) -> None:
    town.manager.set_password(PASSWORD)
    town.manager.save()
    given = {"login": town.manager.email, "password": PASSWORD, "next": to}

    first = client.post("/accounts/login/", given)
    again = client.get("/accounts/login/", {"next": to})

    assert first.headers["Location"] == again.headers["Location"] == "/home"


def test_a_forgotten_password_is_set_anew_by_a_letter(town: Town, client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": town.manager.email})
    link = re.search(r"http://[^\s]+", letters()[0].body)
    assert link is not None

    page = client.get(urlsplit(link.group()).path, follow=True)
    done = client.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})

    assert done.status_code == 302
    town.manager.refresh_from_db()
    assert town.manager.check_password(PASSWORD)


def test_a_letter_is_promised_also_to_an_address_without_an_account(town: Town, client: Client) -> None:
    known = client.post("/accounts/password/reset/", {"email": town.manager.email})
    unknown = client.post("/accounts/password/reset/", {"email": "ingen@lindvik.example"})

    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])


def test_a_new_password_is_asked_for_with_the_same_work_whoever_has_an_account(town: Town, client: Client) -> None:
    Person.objects.filter(pk=town.member.pk).update(is_active=False)

    def work(email: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            client.post("/accounts/password/reset/", {"email": email})
        return [re.sub(r"'[^']*'|\d+", "?", query["sql"])[:60] for query in queries]

    known, unknown, shut = (work(email) for email in (town.manager.email, "okand@lindvik.example", town.member.email))

    assert known == unknown == shut
    # What a mail server takes is nobody's to wait for.
    assert not mail.outbox
    assert len(letters()) == 3


def test_a_letter_leads_to_the_sites_own_address_whatever_host_was_asked_for(
    town: Town, client: Client, settings: Settings
) -> None:
    settings.SITE_URL = "https://samspel.lindvik.example"

    for email in (town.manager.email, "ingen@lindvik.example"):
        client.post("/accounts/password/reset/", {"email": email}, headers={"host": "stranger.example"})

    known, unknown = letters()
    for letter in (known, unknown):
        assert "stranger.example" not in f"{letter.subject} {letter.body}"
    assert re.findall(r"https?://[^/]+/accounts/", known.body) == ["https://samspel.lindvik.example/accounts/"]
    assert "http" not in unknown.body


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("sv", "Det finns inget konto med den adressen."),
        ("da", "Der er ingen konto med den adresse."),
        ("en", "There is no account with that address."),
    ],
)
def test_who_has_no_account_is_told_who_makes_one(db: None, client: Client, language: str, told: str) -> None:
    client.post("/language", {"language": language})

    client.post("/accounts/password/reset/", {"email": "ingen@lindvik.example"})

    assert told in letters()[0].body
    assert "sign up" not in letters()[0].body


def test_two_steps_ask_for_the_code(town: Town, client: Client) -> None:
    town.manager.set_password(PASSWORD)
    town.manager.save()
    secret = generate_totp_secret()
    TOTP.activate(town.manager, secret)

    first = client.post("/accounts/login/", {"login": town.manager.email, "password": PASSWORD})
    assert "authenticate" in first.headers["Location"]
    assert client.get("/home").status_code == 302
    code = hotp_value(secret, next(iter(yield_hotp_counters_from_time())))
    second = client.post(first.headers["Location"], {"code": f"{code:06}"})

    assert second.headers["Location"] == "/home"
    assert Authenticator.objects.filter(user=town.manager).exists()


def test_nobody_signs_up(client: Client, db: None) -> None:
    page = client.post("/accounts/signup/", {"email": "ny@example.org", "password1": PASSWORD, "password2": PASSWORD})

    assert not page.wsgi_request.user.is_authenticated
    assert not Person.objects.exists()


@pytest.mark.parametrize("language", ["da", "en", "sv"])
def test_a_visitor_chooses_a_language_that_stays(db: None, client: Client, language: str) -> None:
    client.post("/language", {"language": language, "next": "/accounts/login/"})

    page = client.get("/accounts/login/")

    assert f'lang="{language}"' in page.content.decode()
    assert page.headers["Content-Language"] == language


def test_the_language_switch_leads_nowhere_else(db: None, client: Client) -> None:
    answer = client.post("/language", {"language": "en", "next": "https://evil.example/"})

    assert answer.headers["Location"] == "/"


def test_every_page_of_signing_in_opens(town: Town, signed_in: Callable[..., Client], client: Client) -> None:
    for address in ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/"):
        assert client.get(address).status_code == 200, address
    inside = signed_in(town.manager)
    for address in ("/account", "/accounts/2fa/", "/accounts/logout/"):
        assert inside.get(address).status_code == 200, address
