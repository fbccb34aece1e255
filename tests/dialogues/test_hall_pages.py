"""The pages beside the big screen in a hall of 400, on a computer, a phone and a narrow phone, in light and dark.

With ``SAMSPEL_PICTURES=folder`` the pictures are kept, to be looked at.
"""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from samspel.dialogues.actions.planning import publish
from samspel.dialogues.models import Dialogue, Invitation, Note, Seat, Sitting
from samspel.dialogues.tablets import path_of
from tests.conftest import SignIn
from tests.dialogues.test_by_hand import planned_at_three
from tests.dialogues.test_hall_screens import AXE, HOST, PICTURES, in_browser
from tests.hall import make_hall
from tests.people import WHEN, Town, actor_of, device_key

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = {"computer": (1440, 900), "phone": (390, 844), "narrow": (320, 640)}
# Whoever asks where she sits at the door leaves the page to the next: it begins anew by itself, and nothing is lost.
RULES = """async () => (await axe.run({rules: {'meta-refresh': {enabled: false}}}))
  .violations.map((one) => [one.id, one.nodes[0].html])"""
MADE: dict[str, str] = {}


@pytest.fixture
def pages(town: Town, signed_in: SignIn) -> dict[str, str]:
    """Made once: what leaders, a table and one at the door see."""
    return MADE or make_pages(town, signed_in(town.facilitator), MADE)


def make_pages(town: Town, leader: Client, found: dict[str, str]) -> dict[str, str]:
    def show(name: str, address: str, client: Client = leader) -> None:
        answer = client.get(address, headers={"host": HOST})
        assert answer.status_code == 200, name
        found[name] = answer.content.decode()

    hall = make_hall(town.guidance, needs_review=True, ask_for_help=6, at=now())  # nobody has lost contact
    Dialogue.objects.filter(pk=hall.pk).update(starts_at=now())
    show("console-hall", reverse("dialogue_lead", args=[hall.pk]))
    show("review-hall", reverse("dialogue_review", args=[hall.pk]))
    show("seats-hall", reverse("dialogue_seats", args=[hall.pk]))
    planned = planned_at_three(town)
    pia = Invitation.objects.get(dialogue=planned, name="Pia")
    show("seats-by-hand", f"{reverse('dialogue_seats', args=[planned.pk])}?who=i{pia.pk}")
    publish(actor=actor_of(town.facilitator), dialogue_id=planned.pk, at=WHEN)
    where = reverse("where", args=[Dialogue.objects.get(pk=planned.pk).code])
    show("where", where, Client())
    found["where-found"] = Client().post(where, {"seat_code": pia.seat_code}).content.decode()
    table = make_hall(town.guidance, people=20, tables=4, now_at="small", handed_in=0, ask_for_help=0, seed=3)
    show("tablet", f"/b/{table.code}/", at_table(table))
    choosing = make_hall(town.guidance, people=40, tables=8, now_at="ballot", handed_in=8, ask_for_help=0, seed=5)
    Dialogue.objects.filter(pk=choosing.pk).update(ballot_open=True)
    for number, name in ((1, "Åke"), (2, "Greta"), (3, "Sixten")):
        without_phone(choosing, number, name)
    show("ballots-on-paper", reverse("dialogue_ballots", args=[choosing.pk]))
    return found


def at_table(dialogue: Dialogue) -> Client:
    """A tablet on the first table, where Åke sits, who has no phone, and has said something."""
    device = Client()
    device.post(path_of(dialogue.tables.get(number=1), dialogue.code))
    device.post(reverse("tablet_help", args=[dialogue.code]), {"name": "Åke", "key": device_key()})
    ake = Seat.objects.get(dialogue=dialogue, name="Åke")
    note = Note.objects.filter(table__dialogue=dialogue, table__number=1).first()
    assert note is not None
    Note.objects.filter(pk=note.pk).update(seat=ake, text="Att någon frågar hur det gick")
    Sitting.objects.filter(table__dialogue=dialogue, seating=1).update(pen=None)
    return device


def without_phone(dialogue: Dialogue, number: int, name: str) -> None:
    seat = dialogue.seats.get(number=number)
    Seat.objects.filter(pk=seat.pk).update(kind=Seat.Kind.HELPED, name=name, secret_hash=None)


def test_they_fit_every_width_and_have_contrast_and_order(pages: dict[str, str]) -> None:
    wrong = []
    for name, page in in_browser(pages):
        page.add_script_tag(path=AXE)
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append(f"{name} is {wide} wide at {width}")
            if PICTURES and size != "narrow":
                page.screenshot(path=str(Path(PICTURES) / f"{name}-{size}.png"))
            for scheme in ("light", "dark") if size == "computer" else ("light",):
                page.evaluate("(scheme) => { document.documentElement.dataset.colorScheme = scheme; }", scheme)
                wrong += [f"{name} {size} {scheme}: {each}" for each in page.evaluate(RULES)]
            page.evaluate("() => { delete document.documentElement.dataset.colorScheme; }")

    assert wrong == []
