"""`samspel serve`, as far as it goes before anything is served."""

import os
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from samspel import cli, serve
from samspel.demo import house


@pytest.mark.parametrize(
    ("given", "host", "told"),
    [
        (None, "127.0.0.1", "http://localhost:8155"),
        (None, "::", "http://192.168.1.4:8155"),
        ("https://samspel.lindvik.example", "::", "https://samspel.lindvik.example"),
    ],
)
def test_letters_lead_to_where_it_listens_unless_an_address_is_given(
    monkeypatch: pytest.MonkeyPatch, given: str | None, host: str, told: str
) -> None:
    environment = {} if given is None else {"SAMSPEL_SITE_URL": given}
    monkeypatch.setattr(os, "environ", environment)
    monkeypatch.setattr(
        cli,
        "Database",
        lambda: MagicMock(__enter__=lambda _: SimpleNamespace(server=None, get_ready=lambda: None, keep=None)),
    )
    monkeypatch.setattr(cli, "set_up", lambda: None)
    monkeypatch.setattr(serve, "serve", MagicMock())
    monkeypatch.setattr(house, "address_in_network", lambda: "192.168.1.4")

    cli.main(["serve", "--host", host, "--port", "8155"])

    assert environment["SAMSPEL_SITE_URL"] == told
