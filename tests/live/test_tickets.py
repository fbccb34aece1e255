"""A ticket opens one room as one audience for a while, and nothing else."""

import base64
import time

import pytest
from django.test import override_settings

from samspel.live.tickets import Ticket, TicketError, issue_ticket, read_ticket


def test_a_ticket_says_what_was_issued() -> None:
    ticket = read_ticket(issue_ticket("dialogue:1", "person", hint="7", lasts_s=100, now_s=1_000))

    assert ticket == Ticket("dialogue:1", "person", "7", ticket.expires_s)
    assert 1_100 <= ticket.expires_s <= 1_120


def test_tickets_issued_at_once_do_not_end_at_once() -> None:
    ends = {read_ticket(issue_ticket("dialogue:1", "person", now_s=0)).expires_s for _ in range(50)}

    assert len(ends) > 10


def test_a_ticket_that_was_changed_is_refused() -> None:
    body, signature = issue_ticket("dialogue:1", "person").split(".")
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).replace(b"person", b"screen")

    with pytest.raises(TicketError):
        read_ticket(base64.urlsafe_b64encode(raw).decode().rstrip("=") + "." + signature)


@pytest.mark.parametrize("text", ["", ".", "abc", "abc.def", "å.ä", "x" * 5_000])
def test_what_is_no_ticket_is_refused(text: str) -> None:
    with pytest.raises(TicketError):
        read_ticket(text)


def test_a_ticket_of_another_installation_is_refused() -> None:
    with override_settings(SECRET_KEY="another key"):
        ticket = issue_ticket("dialogue:1", "person")

    with pytest.raises(TicketError):
        read_ticket(ticket)


def test_a_ticket_of_the_former_key_opens_until_the_key_is_forgotten() -> None:
    with override_settings(SECRET_KEY="the former key"):
        ticket = issue_ticket("dialogue:1", "person")

    with override_settings(SECRET_KEY_FALLBACKS=["the former key"]):
        assert read_ticket(ticket).room == "dialogue:1"


@pytest.mark.parametrize(("room", "audience"), [("dialogue", "person"), ("dialogue:1", "everybody")])
def test_a_ticket_to_nowhere_is_not_issued(room: str, audience: str) -> None:
    with pytest.raises(ValueError, match="no such room"):
        issue_ticket(room, audience)  # type: ignore[arg-type]


def test_ten_thousand_tickets_are_read_again_from_memory() -> None:
    tickets = [issue_ticket("dialogue:1", "person", hint=str(number)) for number in range(10_000)]
    for ticket in tickets:
        read_ticket(ticket)

    begin = time.process_time()
    for ticket in tickets:
        read_ticket(ticket)

    assert time.process_time() - begin < 0.5
