"""Signing in through the organisation: OpenID Connect against a provider of our own on loopback."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from django.test import Client

from samspel.people.models import Person
from tests.conftest import SignIn
from tests.people import Town

CLIENT_ID, SECRET = "samspel", "a secret that the two share"


@dataclass
class Provider:
    """An identity provider: what it says of whoever signs in there, and what it was asked."""

    claims: dict[str, Any]
    address: str = ""
    challenges: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, address: str) -> str:
        """Somebody signs in at the provider; gives the address that it sends her back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        self.challenges["once"] = asked["code_challenge"]
        return asked["redirect_uri"] + "?" + urlencode({"code": "once", "state": asked["state"]})

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Changes the code for a token, once, for who knows the secret and began the sign-in (RFC 7636)."""
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if self.challenges.pop(form.get("code", ""), None) != challenge or form.get("client_secret") != SECRET:
            self.refused.append(str(sorted(form)))
            return None
        said = {"iss": self.address, "aud": CLIENT_ID, "iat": int(time.time()), "exp": int(time.time()) + 60}
        signed = jwt.encode({**said, **self.claims}, SECRET * 2, algorithm="HS256")
        return {"access_token": "a token", "token_type": "Bearer", "id_token": signed}


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    one = Provider({"sub": "number-1", "email": "Karin.Ek@lindvik.example", "email_verified": True, "name": "Karin Ek"})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = {"/.well-known/openid-configuration": one.configuration(), "/userinfo": one.claims}
            self._answer(known.get(self.path))

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer(one.token({name: values[0] for name, values in parse_qs(text).items()}))

        def _answer(self, found: dict[str, Any] | None) -> None:
            body = json.dumps(found or {"error": "invalid_grant"}).encode()
            self.send_response(200 if found else 400)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    one.address = f"http://127.0.0.1:{server.server_port}"
    app = {"provider_id": "organisation", "name": "Lindviks inloggning", "client_id": CLIENT_ID, "secret": SECRET}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [{**app, "settings": {"server_url": one.address, "verified_email": False}}],
        }
    }
    yield one
    server.shutdown()
    server.server_close()


def sign_in(client: Client, provider: Provider) -> Any:
    """From the button on the sign-in page to where one ends."""
    page = client.get("/accounts/login/").content.decode()
    assert "Fortsätt med Lindviks inloggning" in page
    sent = client.post("/accounts/oidc/organisation/login/?process=login&next=/home")
    assert sent.status_code == 302
    assert sent["location"].startswith(provider.address)
    return client.get(provider.authorize(sent["location"]), follow=True)


def test_a_person_whom_an_administrator_has_written_in_is_known_by_her_address(
    town: Town, client: Client, provider: Provider
) -> None:
    Person.objects.filter(pk=town.member.pk).update(email="karin.ek@lindvik.example")
    before = Person.objects.count()

    page = sign_in(client, provider)

    assert page.redirect_chain[0][0] == "/home"
    assert page.status_code == 200
    assert int(client.session["_auth_user_id"]) == town.member.pk
    assert Person.objects.count() == before

    # From then on by the provider's own number, also when her address has changed there.
    provider.claims["email"] = "karin.berg@lindvik.example"
    again = Client()
    sign_in(again, provider)
    assert int(again.session["_auth_user_id"]) == town.member.pk
    assert Person.objects.count() == before


def test_an_address_that_the_provider_has_not_verified_opens_nobodys_account(
    town: Town, client: Client, provider: Provider
) -> None:
    Person.objects.filter(pk=town.member.pk).update(email="karin.ek@lindvik.example")
    provider.claims["email_verified"] = False

    sign_in(client, provider)

    assert client.session.get("_auth_user_id") != str(town.member.pk)


def test_nobody_writes_in_another_ones_address_as_her_own(
    town: Town, client: Client, provider: Provider, signed_in: SignIn
) -> None:
    for address in ("/accounts/email/", "/accounts/3rdparty/signup/"):
        inside = signed_in(town.outsider)
        assert inside.get(address).status_code == 404
        assert inside.post(address, {"email": "karin.ek@lindvik.example", "action_add": ""}).status_code == 404

    sign_in(client, provider)

    assert int(client.session["_auth_user_id"]) != town.outsider.pk
    assert Person.objects.get(email="karin.ek@lindvik.example").name == "Karin Ek"


def test_somebody_new_comes_in_without_any_role(town: Town, client: Client, provider: Provider) -> None:
    page = sign_in(client, provider)

    person = Person.objects.get(email="karin.ek@lindvik.example")
    assert person.name == "Karin Ek"
    assert not person.is_administrator
    assert not person.roles.exists()
    assert page.status_code == 200


def test_a_code_that_was_used_or_belongs_to_another_lets_nobody_in(
    town: Town, client: Client, provider: Provider
) -> None:
    sent = client.post("/accounts/oidc/organisation/login/?process=login&next=/home")
    back = provider.authorize(sent["location"])
    provider.challenges.clear()

    client.get(back, follow=True)

    assert provider.refused
    assert "_auth_user_id" not in client.session
    # The address of somebody else's sign-in does nothing in this browser.
    other = Client()
    other.get(back, follow=True)
    assert "_auth_user_id" not in other.session


def test_without_a_provider_there_is_no_button(town: Town, client: Client) -> None:
    assert "Fortsätt med" not in client.get("/accounts/login/").content.decode()
    assert client.post("/accounts/oidc/organisation/login/").status_code == 404
