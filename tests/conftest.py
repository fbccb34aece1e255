"""Fixtures that every test may use, and what to say when a test cannot run here."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck, settings
from playwright._impl._driver import compute_driver_executable
from pytest_django import Settings

from samspel.core import permissions
from samspel.core.limits import BUCKETS, KNOWN, Buckets
from samspel.dialogues import shared
from samspel.dialogues.models import Template
from tests.acts import ActsMiddleware, noticing
from tests.embedded import drop, stop
from tests.people import Town, make_town
from tests.plugin import server

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("any clock", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any clock")

NOW = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--e2e", action="store_true", help="run the browser tests in tests/e2e")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without data or browser a test is named as not run; in CI it fails instead."""
    if not config.getoption("--e2e"):
        items[:] = [item for item in items if "tests/e2e/" not in item.nodeid]
    strict = os.environ.get("CI") == "true"
    missing = {
        "data": None if data_folder() else "SAMSPEL_DATA is not set, so the real data is not here",
        "browser": browser_missing() if any(item.get_closest_marker("browser") for item in items) else None,
        "cluster": cluster_missing(),
    }
    for item in items:
        for mark, reason in missing.items():
            if item.get_closest_marker(mark) and reason and not strict:
                item.add_marker(pytest.mark.skip(reason=f"not run: {reason}"))


def data_folder() -> Path | None:
    """The folder of real data, if it is given and there."""
    given = os.environ.get("SAMSPEL_DATA", "")
    return Path(given) if given and Path(given).is_dir() else None


def chromium() -> str | None:
    """As scripts/bootstrap.py finds it."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("SAMSPEL_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def browser_missing() -> str | None:
    """Why no browser can be driven here, or None."""
    if chromium() is None:
        return "Chromium is not installed (apt-get install chromium)"
    node, *_ = compute_driver_executable()
    done = subprocess.run([node, "--version"], capture_output=True, text=True)
    return f"{done.stderr.strip()} (apt-get install libatomic1)" if done.returncode else None


def cluster_missing() -> str | None:
    """Why no Spark can be started here, or None."""
    if shutil.which("java") is None:
        return "Java is not installed (apt-get install openjdk-17-jre-headless)"
    place = Path(__file__).resolve().parent.parent / ".cache" / "cluster" / ".samspel-stamp"
    return None if place.exists() else "Spark is not in .cache/cluster (python3 scripts/bootstrap.py dev --cluster)"


def pytest_unconfigure(config: pytest.Config) -> None:
    stop(server)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A database for each process that tests, so that two runs on one machine leave each other alone."""
    connection.settings_dict["TEST"]["NAME"] = f"test_samspel_{os.getpid()}"
    with psycopg.connect(server.url, autocommit=True) as line:
        for (name,) in line.execute(
            r"SELECT datname FROM pg_database WHERE datname ~ '^test_samspel_[0-9]+$'"
        ).fetchall():
            if not Path("/proc", name.rpartition("_")[2]).exists():
                drop(line, name)


@pytest.fixture
def data_dir() -> Path:
    """The real data; a test that uses it carries ``@pytest.mark.data``."""
    folder = data_folder()
    assert folder is not None, "SAMSPEL_DATA must name the folder of real data"
    return folder


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    BUCKETS.clear()
    KNOWN.clear()
    yield
    BUCKETS.clear()
    KNOWN.clear()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Buckets:
    """All that is counted comes in one instant, however slow the machine is."""
    monkeypatch.setattr(BUCKETS, "_clock", lambda: 0.0)
    return BUCKETS


@pytest.fixture(autouse=True)
def nothing_read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write rows that no event tells, and numbers come again from one test to the next."""
    monkeypatch.setattr(shared, "KEPT_S", 0)


@pytest.fixture(autouse=True)
def own_encounters(settings: Settings, tmp_path: Path) -> None:
    """A folder of answers for each test: what a test leaves in the database goes, what it leaves there would not."""
    settings.ENCOUNTERS = tmp_path / "encounters"


@pytest.fixture(autouse=True)
def template_rows(request: pytest.FixtureRequest) -> None:
    """The rows that the migrations bring: a test with real transactions before this one has emptied every table."""
    real = not {"transactional_db", "live_server"}.isdisjoint(request.fixturenames)
    if not real and request.node.get_closest_marker("django_db") is None and "db" not in request.fixturenames:
        return
    request.getfixturevalue("transactional_db" if real else "db")
    put_back_template_rows()


def put_back_template_rows() -> None:
    """Do what the migrations did, when a test with real transactions has emptied their rows."""
    if Template.objects.filter(key="apt-30").exists():
        return
    for name in ("0004_templates", "0010_world_cafe_and_nominal_group"):
        import_module(f"samspel.dialogues.migrations.{name}").put_templates(apps, None)
    import_module("samspel.encounters.migrations.0005_factors").put_factors(apps, None)
    import_module("samspel.exchange.migrations.0002_categories").make_categories(apps, None)
    import_module("samspel.exchange.migrations.0004_other_category").make_other(apps, None)


@pytest.fixture(autouse=True)
def acts_are_asked_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page that a test reads asks for the act of its address (tests/acts.py)."""
    monkeypatch.setattr(permissions, "permission", noticing)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{ActsMiddleware.__module__}.{ActsMiddleware.__qualname__}"]


@pytest.fixture(autouse=True)
def no_language_is_left() -> None:
    """The last page that the test before read leaves its language in the thread."""
    translation.deactivate()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def town(db: None) -> Town:
    """The small cast that all tests share."""
    return make_town()


@pytest.fixture
def signed_in(town: Town) -> "SignIn":
    return SignIn()


class SignIn:
    """``signed_in(person)`` gives a client in which that person is signed in."""

    def __call__(self, person: object) -> Client:
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client
