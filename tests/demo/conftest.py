"""A demo town behind a real server with several threads, in a database that is emptied afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.test.utils import override_settings
from django.utils.timezone import now
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from samspel.demo import lindvik, town
from samspel.dialogues.models import Dialogue
from tests.conftest import put_back_template_rows

LEADER_PASSWORD = "a password that only this test knows"


@dataclass(frozen=True)
class OpenTown:
    """The town with its address, and the dialogue that people come to."""

    address: str
    hall: Dialogue


@pytest.fixture
def demo() -> Iterator[None]:
    with override_settings(IS_DEMO=True):
        yield


@pytest.fixture(scope="module")
def town_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The town, made once for a module; each test's own changes are rolled back as always."""
    with django_db_blocker.unblock(), override_settings(IS_DEMO=True), transaction.atomic():
        put_back_template_rows()
        lindvik.seed(at=now())
        yield
        transaction.set_rollback(True)


@pytest.fixture
def lindvik_town(town_rows: None, demo: None, db: None) -> None:
    """The town of a test."""


@pytest.fixture
def open_town(demo: None, transactional_db: None, live_server: LiveServer) -> OpenTown:
    lindvik.seed(at=now())
    lindvik.set_password(town.SECOND_LEADER, LEADER_PASSWORD)
    return OpenTown(live_server.url, lindvik.ensure_hall(at=now()))
