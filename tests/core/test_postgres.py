"""A line to the database that has been kept is known to hold, without asking."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper as Postgres

from samspel.core.postgres.base import DatabaseWrapper

pytestmark = pytest.mark.django_db


@pytest.fixture
def line() -> Iterator[DatabaseWrapper]:
    """A line of its own, that has just been asked."""
    with closing(connections["default"].copy()) as line:
        assert isinstance(line, DatabaseWrapper)
        line.connect()
        assert line.is_usable()
        yield line


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the database answered, each time that it was asked."""
    answers: list[bool] = []
    ask = Postgres.is_usable

    def spy(self: Postgres) -> bool:
        answers.append(ask(self))
        return answers[-1]

    monkeypatch.setattr(Postgres, "is_usable", spy)
    return answers


def test_a_line_that_was_used_just_now_is_not_asked(line: DatabaseWrapper, asked: list[bool]) -> None:
    assert line.is_usable()
    assert asked == []


def test_a_line_that_failed_is_asked(line: DatabaseWrapper, asked: list[bool]) -> None:
    line.errors_occurred = True

    assert line.is_usable()
    assert asked == [True]


def test_a_line_that_was_still_for_long_is_asked(
    line: DatabaseWrapper, asked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_seen_s", -1_000_000.0)

    assert line.is_usable()
    assert asked == [True]


def test_a_line_that_the_database_closed_does_not_hold(line: DatabaseWrapper, asked: list[bool]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [line.connection.info.backend_pid])

    assert not line.is_usable()
    assert asked == [False]


def test_a_line_that_was_closed_here_does_not_hold(line: DatabaseWrapper) -> None:
    line.connection.close()

    assert not line.is_usable()
