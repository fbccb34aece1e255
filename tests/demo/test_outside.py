"""The town is only ever put where a demo is."""

import pytest
from django.test import override_settings
from django.utils.timezone import now

from samspel.core.models import Installation
from samspel.demo import lindvik
from samspel.people.models import Person

pytestmark = pytest.mark.django_db


def test_outside_a_demo_nothing_is_put_anywhere() -> None:
    with override_settings(IS_DEMO=False), pytest.raises(lindvik.NotADemoError):
        lindvik.seed(at=now())

    assert not Person.objects.exists()


def test_another_municipality_is_left_alone(demo: None) -> None:
    Installation.objects.create(pk=1, name="Norrvik")

    with pytest.raises(lindvik.NotADemoError, match="Norrvik"):
        lindvik.seed(at=now())

    assert not Person.objects.exists()
