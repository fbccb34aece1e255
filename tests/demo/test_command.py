"""``samspel demo`` as a process: from an empty folder to a town, again in seconds, and stopped without a trace."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

PATIENCE_S = 180


@contextmanager
def demo(var: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, float]]:
    """A running demo, what it said until it was open, and how long that took."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SAMSPEL_", "DJANGO_"))}
    started_s = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "samspel.cli", "demo", "--host", "127.0.0.1", *arguments],
        env={**environment, "SAMSPEL_VAR": str(var), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, until = "", started_s + PATIENCE_S
        assert process.stdout is not None
        while "Stop with" not in said and time.monotonic() < until:
            line = process.stdout.readline()
            if not line:
                break
            said += line
        yield process, said, time.monotonic() - started_s
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def address_in(said: str) -> str:
    found = re.search(r"http://localhost:(\d+)", said)
    assert found is not None, said
    return f"http://127.0.0.1:{found.group(1)}"


def processes_of(var: Path) -> list[str]:
    """Commands that still run for a demo in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
            if f"SAMSPEL_VAR={var}".encode() in environment:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def wait_for_end(var: Path, within_s: float = 30) -> list[str]:
    until = time.monotonic() + within_s
    while (left := processes_of(var)) and time.monotonic() < until:
        time.sleep(0.2)
    return left


@pytest.mark.slow
def test_from_an_empty_folder_to_a_town_and_again(tmp_path: Path) -> None:
    with demo(tmp_path, "--people", "4") as (process, said, first_s):
        address = address_in(said)
        code = re.search(r"code (\d{3}) (\d{3})", said)
        assert code is not None, said
        assert "malin.dahl@lindvik.example" in said
        assert f"Data: {tmp_path / 'demo'}" in said
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            start = client.get("/")
            assert start.status_code == 200
            assert "Jag väntade utan att veta varför." in start.text
            phone = client.get(f"/m/{code.group(1)}{code.group(2)}/")
            assert phone.status_code == 200
            assert "/seat" in phone.text
            poster = re.search(r"localhost:\d+(/s/\w+)\n", said)
            assert poster is not None, said
            assert "Hur kändes mötet?" in client.get(poster.group(1)).text
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert wait_for_end(tmp_path) == []

    with demo(tmp_path, "--people", "4") as (process, said, again_s):
        assert f"code {code.group(1)} {code.group(2)}" in said
        with httpx.Client(base_url=address_in(said), timeout=60, trust_env=False) as client:
            assert client.get("/").status_code == 200
        # Killed outright, nothing that it started goes on but its database, which the next start finds.
        process.kill()
        process.wait()
        left = wait_for_end(tmp_path)
        assert [command for command in left if "samspel" in command] == []
    print(f"first start {first_s:.1f} s, second {again_s:.1f} s")


@pytest.mark.slow
def test_a_replay_is_played_and_its_protocol_written(tmp_path: Path) -> None:
    file, out = Path(__file__).parent.parent / "data" / "replay" / "eldkvarn.json", tmp_path / "out.json"
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_text("{}")

    with demo(tmp_path, "--replay", str(file), "--pace", "0", "--and-stop", "--protocol", str(out)) as (
        process,
        _said,
        _,
    ):
        told = process.communicate(timeout=PATIENCE_S)[0]
        assert process.returncode == 0, told
    with demo(tmp_path, "--replay", str(spoilt), "--and-stop") as (process, refused, _):
        assert process.wait(PATIENCE_S) == 1

    assert re.search(r"1  Tid\n +2  Förberedelse och reflektion\n +3  Uthållighet", told)
    assert "/protocol" in told
    assert json.loads(out.read_text(encoding="utf-8"))["title"] == "En dag av delaktighet"
    assert '"format" must be' in refused


@pytest.mark.slow
@pytest.mark.parametrize(("name", "content"), [("dag.csv", "text\n\n"), ("spoilt.json", "{}"), ("away.csv", None)])
def test_a_file_that_cannot_be_played_opens_nothing_and_changes_nothing(
    tmp_path: Path, name: str, content: str | None
) -> None:
    kept = tmp_path / "demo" / "postgres" / "kept"
    kept.parent.mkdir(parents=True)
    kept.write_text("what people said")
    if content is not None:
        (tmp_path / name).write_text(content)

    with demo(tmp_path, "--replay", str(tmp_path / name), "--fresh") as (process, said, _):
        assert process.wait(PATIENCE_S) == 1

    assert said.startswith("samspel demo: ")
    assert name in said
    assert "Nothing was changed." in said
    assert kept.read_text() == "what people said"


@pytest.mark.slow
def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        port = str(one.getsockname()[1])
        with demo(tmp_path, "--port", port) as (process, said, _took_s):
            assert process.wait(60) == 1
            assert f"port {port} is taken" in said
