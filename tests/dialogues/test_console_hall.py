"""The console with a hall before it: 400 people at 83 tables."""

import pytest

from samspel.dialogues.models import Note, Pick, Placement
from tests.hall import make_hall
from tests.people import Town

pytestmark = pytest.mark.django_db


def test_a_hall_is_full(town: Town) -> None:
    hall = make_hall(town.guidance)

    assert hall.tables.count() == 83
    assert Placement.objects.filter(seat__dialogue=hall).count() == 400
    assert Note.objects.filter(dialogue=hall).count() == 800
    assert Pick.objects.filter(proposal__dialogue=hall).count() == 120
