"""The folder, the port and the child of a demo."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samspel.demo import house, starting
from samspel.demo.browser import Page
from tests.waiting import is_alive, wait_until


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    with house.own_folder(tmp_path):
        house.tell_address(tmp_path, "http://localhost:8003")
        with pytest.raises(house.HouseError, match="http://localhost:8003"), house.own_folder(tmp_path):
            pass
    with house.own_folder(tmp_path):
        pass


def test_the_first_free_port_is_taken_and_a_taken_one_is_told() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        taken = one.getsockname()[1]

        with pytest.raises(house.HouseError, match=f"port {taken} is taken"):
            house.free_port("127.0.0.1", taken)
    assert house.FIRST_PORT <= house.free_port("127.0.0.1", None) < house.FIRST_PORT + house.PORTS_TRIED


def test_a_folder_is_emptied_but_for_its_lock(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "file").touch()
    (tmp_path / "people.json").touch()
    with house.own_folder(tmp_path):
        house.empty_folder(tmp_path)

    assert [entry.name for entry in tmp_path.iterdir()] == ["demo.lock"]


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "child"
    child = (
        "import os, pathlib, time; from samspel.demo.house import end_with_parent; end_with_parent(); "
        f"pathlib.Path({str(told)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    parent = f"import time; from samspel.demo.house import Child; Child(['-c', {child!r}]).keep(); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", parent])
    try:
        pid = _number(told)
        process.send_signal(signal.SIGKILL)
        process.wait()

        wait_until(lambda: not is_alive(pid))
    finally:
        process.kill()
        process.wait()


def _number(path: Path) -> int:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.05)
    raise AssertionError("the child did not start")


HTML = """<body data-live="/live/x"><script>var a = '<form action="/no">';</script>
<form id="bordet" method="post" hidden><input type="hidden" name="csrf" value="k"></form>
<form method="post" action="/m/1/notes/share">
<label><span>Tid</span> <input type="checkbox" name="note" value="4"></label>
<label><input type="checkbox" name="note" value="5" checked>Mod</label><button name="all" value="1">Alla</button></form>
<select name="out"><option>x</option></select>
<form action="/new">
<select name="unit"><option value="1">Ett</option>
<option value="2" selected>Två &amp; tre</option></select>
<textarea name="text">
rad</textarea></form>
<button form="bordet" name="mark" value="7" formaction="/m/1/table/mark"><span>En</span> <b>tanke</b></button>
<button type="button">Nej</button><a href="/m/1/table/merge?for=2">Lägg <i>ihop</i></a></body>"""


def test_a_page_is_read_as_a_browser_reads_it() -> None:
    page = Page("/m/1/", HTML)

    share, new = page.get_form("/notes/share"), page.get_form("/new")

    assert page.find_form("/no") is None
    assert page.body["data-live"] == "/live/x"
    assert share.values("note") == [("4", "Tid"), ("5", "Mod")]
    assert share.filled() == [("note", "5")]
    assert new.filled() == [("unit", "2"), ("text", "rad")]
    assert new.options["unit"] == [("1", "Ett"), ("2", "Två & tre")]
    (mark,) = page.find_buttons("/table/mark", "mark")
    assert (mark.value, mark.text, mark.form.filled()) == ("7", "En tanke", [("csrf", "k")])
    assert page.find_link("/table/merge") == "/m/1/table/merge?for=2"
    assert [button.text for button in page.buttons] == ["Alla", "En tanke"]


@pytest.mark.parametrize(
    ("makelevel", "again", "fresh"),
    [(None, "samspel demo", "samspel demo --fresh"), ("1", "make demo", "make demo ARGS=--fresh")],
)
def test_one_is_told_to_type_what_one_typed(
    monkeypatch: pytest.MonkeyPatch, makelevel: str | None, again: str, fresh: str
) -> None:
    monkeypatch.delenv("MAKELEVEL", raising=False)
    if makelevel is not None:
        monkeypatch.setenv("MAKELEVEL", makelevel)

    assert (starting.command(), starting.command("--fresh")) == (again, fresh)
