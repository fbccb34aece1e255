"""Lindvik's meetings: what was planted is what its pages tell."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from samspel.demo.meetings import PLACES, WAITING
from samspel.encounters.compute_signals import changes_of
from samspel.encounters.models import Answer, Side, Signal, Story
from samspel.encounters.weeks import monday_of
from samspel.people.models import Unit

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("lindvik_town")
def test_the_first_night_finds_the_change_that_was_planted_and_no_other() -> None:
    changed = PLACES[0]

    [signal] = Signal.objects.filter(finding__isnull=False)
    [found] = changes_of(signal.unit_id)

    began = monday_of(timezone.localdate()) - timedelta(weeks=WAITING.weeks_ago)
    assert signal.unit.name == changed.unit
    assert found.side == Side.RESIDENT
    assert abs(found.since - began) <= timedelta(weeks=1)
    assert found.before.holds(changed.good)
    assert found.after.holds(WAITING.good)


@pytest.mark.usefixtures("lindvik_town")
def test_both_sides_have_told_and_their_pairs_are_open() -> None:
    units = set(Unit.objects.filter(name__in=[place.unit for place in PLACES]).values_list("pk", flat=True))

    assert set(Answer.objects.values_list("unit", flat=True).distinct()) == units
    assert set(Answer.objects.values_list("side", flat=True).distinct()) == set(Side.values)
    assert Answer.objects.filter(other_level__isnull=False).count() > 1000
    assert not Answer.objects.filter(token__isnull=False, day__lt=timezone.localdate()).exists()


@pytest.mark.usefixtures("lindvik_town")
def test_one_story_is_shown_and_one_waits_to_be_read() -> None:
    assert sorted(story.published_at is None for story in Story.objects.all()) == [False, True]


@pytest.mark.usefixtures("lindvik_town")
def test_who_is_worse_off_is_told_and_where_all_is_alike_nobody_is(client: Client) -> None:
    guidance, home = (
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(f"/services/{key}/equal").content.decode()))
        for key in ("guidance", "help-at-home")
    )

    assert "Två skillnader går att se." in guidance
    assert "Arabiska, lägre" in guidance
    assert "Svenska, högre" in guidance
    assert "går att se." not in home
