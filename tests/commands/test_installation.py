"""Commands that want an installation say so where there is none."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from samspel.cli import main
from tests.plugin import server

EMPTY = f"nobody_here_{os.getpid()}"


@pytest.fixture(scope="module")
def empty() -> str:
    """The address of a database without tables."""
    with psycopg.connect(server.url, autocommit=True) as line:
        line.execute(f'DROP DATABASE IF EXISTS "{EMPTY}"'.encode())
        line.execute(f'CREATE DATABASE "{EMPTY}"'.encode())
    return server.url.replace(f"/{server.database}?", f"/{EMPTY}?")


@pytest.mark.parametrize("words", [["check"], ["key", "alva.ek@lindvik.example"]])
def test_without_an_installation_it_says_what_makes_one(empty: str, tmp_path: Path, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "samspel.cli", *words],
        env=os.environ | {"SAMSPEL_DATABASE_URL": empty, "SAMSPEL_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.strip().endswith(f"there is no installation in {tmp_path}; samspel init makes one")
    assert "Traceback" not in done.stderr


def test_every_command_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    ([a-z]+)  ", capsys.readouterr().out, re.M)

    told = {}
    for command in commands:
        with pytest.raises(SystemExit):
            main([command, "--help"])
        told[command] = capsys.readouterr().out.split("\n\n")[1]

    assert len(commands) > 14
    assert [command for command, text in told.items() if not text.rstrip().endswith(".")] == []
