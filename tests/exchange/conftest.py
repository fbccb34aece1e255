"""Fixtures of giving and getting."""

from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client

from samspel.exchange.models import Category
from samspel.people.models import Person
from tests.dialogues.test_permission_matrix import sign_in
from tests.exchange.rings import make_broker
from tests.people import Town


@pytest.fixture(autouse=True)
def kinds_of_help(template_rows: None, request: pytest.FixtureRequest) -> None:
    """The rows that the migrations bring: a test with real transactions before this one has emptied every table."""
    if not {"db", "transactional_db", "town"}.intersection(request.fixturenames):
        return
    if not Category.objects.exists():
        import_module("samspel.exchange.migrations.0002_categories").make_categories(apps, None)
        import_module("samspel.exchange.migrations.0004_other_category").make_other(apps, None)


@pytest.fixture
def broker(town: Town) -> Person:
    """A bridge-builder at the library."""
    return make_broker(town)


@pytest.fixture
def desk(broker: Person) -> Client:
    """The bridge-builder at her desk."""
    return sign_in(broker)
