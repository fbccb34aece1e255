"""A demo town behind a real server with several threads, in a database that is emptied afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test.utils import override_settings
from django.utils.timezone import now
from pytest_django.live_server_helper import LiveServer

from samspel.demo import lindvik, town
from samspel.dialogues.models import Dialogue

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


@pytest.fixture
def lindvik_town(demo: None, db: None) -> None:
    lindvik.seed(at=now())


@pytest.fixture
def open_town(
    demo: None, transactional_db: None, django_db_serialized_rollback: None, live_server: LiveServer
) -> OpenTown:
    lindvik.seed(at=now())
    lindvik.set_password(town.SECOND_LEADER, LEADER_PASSWORD)
    return OpenTown(live_server.url, lindvik.ensure_hall(at=now()))
