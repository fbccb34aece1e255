"""Settings: typed, named when they are wrong, and described."""

import os
import re
from pathlib import Path

import granian
import pytest

from samspel import serve
from samspel.config import env

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_setting_is_described() -> None:
    described = set(re.findall(r"`(SAMSPEL_[A-Z_]+)`", (ROOT / "docs/reference/settings.md").read_text()))
    read = set()
    for path in (ROOT / "src").rglob("*.py"):
        read |= set(re.findall(r'"(SAMSPEL_[A-Z_]+)"', path.read_text()))

    assert read - described == set()
    assert described >= env.DESCRIBED


def test_a_wrong_value_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMSPEL_TEST", "perhaps")

    for read in (lambda: env.flag("SAMSPEL_TEST", False), lambda: env.whole("SAMSPEL_TEST", 1)):
        with pytest.raises(env.SettingError, match="SAMSPEL_TEST"):
            read()
    monkeypatch.setenv("SAMSPEL_TEST", "-1")
    with pytest.raises(env.SettingError, match="at least 0"):
        env.whole("SAMSPEL_TEST", 1)
    monkeypatch.setenv("SAMSPEL_TEST", "mysql://x/y")
    with pytest.raises(env.SettingError, match="postgresql://"):
        env.database("SAMSPEL_TEST", "")


def test_a_secret_may_be_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hemlig\n")
    monkeypatch.setenv("SAMSPEL_TEST_FILE", str(tmp_path / "key"))

    assert env.text("SAMSPEL_TEST") == "hemlig"
    monkeypatch.setenv("SAMSPEL_TEST_FILE", str(tmp_path / "missing"))
    with pytest.raises(env.SettingError, match="SAMSPEL_TEST_FILE"):
        env.text("SAMSPEL_TEST")


@pytest.mark.parametrize(
    ("address", "host", "port", "name"),
    [
        ("postgresql://anna:a%40b@db.example:5433/samspel", "db.example", "5433", "samspel"),
        ("postgresql://anna:a%40b@/samspel?host=%2Frun%2Fpostgresql&port=5432", "/run/postgresql", "5432", "samspel"),
        ("postgres:///", "", "", "samspel"),
    ],
)
def test_a_database_address_is_taken_apart(
    monkeypatch: pytest.MonkeyPatch, address: str, host: str, port: str, name: str
) -> None:
    monkeypatch.setenv("SAMSPEL_TEST", address)

    found = env.database("SAMSPEL_TEST", "")

    assert (found["HOST"], found["PORT"], found["NAME"]) == (host, port, name)
    if "anna" in address:
        assert (found["USER"], found["PASSWORD"]) == ("anna", "a@b")


def test_a_mail_address_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMSPEL_TEST", "smtps://anna:h@post.example")

    found = env.mail_server("SAMSPEL_TEST")

    assert found == {"host": "post.example", "port": 465, "user": "anna", "password": "h", "ssl": True}


@pytest.mark.parametrize(("given", "told"), [(None, "3"), ("6", "6")])
def test_page_processes_are_told_how_many_count_guesses(
    monkeypatch: pytest.MonkeyPatch, given: str | None, told: str
) -> None:
    """What ``--workers`` says, or the sum over several machines when somebody has given it."""
    seen = []

    class Recorder:
        def __init__(self, *_: object, **__: object) -> None:
            seen.append(os.environ.get("SAMSPEL_WORKERS"))

        def serve(self) -> None:
            pass

    monkeypatch.setattr(granian, "Granian", Recorder)
    monkeypatch.setattr(os, "environ", {name: value for name, value in os.environ.items() if name != "SAMSPEL_WORKERS"})
    if given is not None:
        os.environ["SAMSPEL_WORKERS"] = given

    serve.run_pages("127.0.0.1", 8000, 3)

    assert seen == [told]


def test_pages_never_wait_for_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}

    def note(*_given: object) -> None:
        found[name] = os.environ["SAMSPEL_FIGURES_ENGINE"]

    for run in ("run_pages", "run_tasks"):
        monkeypatch.setattr(serve, run, note)
    for name, options in (("pages", ["--host", "127.0.0.1", "--port", "1", "--workers", "1"]), ("tasks", [])):
        monkeypatch.setenv("SAMSPEL_FIGURES_ENGINE", "spark://master:7077")
        serve.main([name, *options])

    assert found == {"pages": "duckdb", "tasks": "spark://master:7077"}
