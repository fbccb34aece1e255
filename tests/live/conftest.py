"""A database of its own for servers that the tests start, and the servers."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from tests.embedded import drop
from tests.live.house import BUS, OPENED, ROOT, Redis, Site, environment_for, running
from tests.plugin import server


@pytest.fixture(scope="session")
def site_database() -> str:
    """The address of a fresh database on the tests' server, with the tables of live delivery."""
    name = f"live_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        for (old,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'live\\_%'").fetchall():
            if not is_running(int(old.rpartition("_")[2])):
                drop(connection, old)
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    url = server.url.replace(f"/{server.database}?", f"/{name}?")
    migrate(url)
    return url


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def migrate(url: str, **environment: str) -> None:
    """Make the tables."""
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env=environment_for(url, **environment),
        cwd=ROOT,
        check=True,
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that says ``BUSES = ("postgresql", "redis")`` has all its tests of servers run over both."""
    if "bus" in metafunc.fixturenames:
        buses = getattr(metafunc.module, "BUSES", ("postgresql",))
        metafunc.parametrize("bus", buses, indirect=True, scope="module")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    if Redis.program() is None:
        pytest.skip("not run: Redis is not installed (apt-get install redis-server)")
    one = Redis(tmp_path_factory.mktemp("redis"))
    yield one
    one.kill()


@pytest.fixture(scope="module")
def bus(request: pytest.FixtureRequest) -> Iterator[str]:
    """What carries the notices of every server that is started meanwhile."""
    kind: str = request.param
    if kind == "redis":
        BUS["SAMSPEL_LIVE_BUS"] = request.getfixturevalue("redis_server").url
    yield kind
    BUS.clear()


@pytest.fixture(scope="module")
def site(site_database: str, bus: str) -> Iterator[Site]:
    """One process with pages and streams; every test has a room of its own."""
    with running(site_database) as one:
        yield one


@pytest.fixture(autouse=True)
def everybody_hangs_up() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def room(request: pytest.FixtureRequest) -> str:
    """A room that no other test uses."""
    number = abs(hash((request.node.nodeid, os.getpid())))
    return f"dialogue:{number}"
