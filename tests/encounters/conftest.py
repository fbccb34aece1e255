"""A point that asks."""

from datetime import datetime, timedelta

import pytest
from django.utils.timezone import now

from samspel.encounters.models import Point
from tests.encounters.asking import make_point, make_round
from tests.people import Town


@pytest.fixture
def at() -> datetime:
    return now()


@pytest.fixture
def point(town: Town, at: datetime) -> Point:
    make_round(town.guidance, opened_at=at - timedelta(days=1))
    return make_point(town.guidance, opened_at=at - timedelta(days=1))
