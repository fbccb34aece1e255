"""Exports of tens of thousands of notes: memory measured in processes of their own, and a real server that fails."""

import http.client
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from samspel.dialogues.models import Dialogue, Note, Seat
from samspel.serve import listen
from tests.hall import make_hall
from tests.live.house import ROOT, Site
from tests.people import Town, make_town
from tests.plugin import server

pytestmark = [pytest.mark.django_db(transaction=True)]
PATIENCE_S = 60.0

# Makes each file in turn and tells the most memory that this process, and any that it started, has had so far. Not
# from getrusage, which remembers the process that started this one.
MEASURE = """
import json, sys, threading, time, django
from pathlib import Path
django.setup()
from samspel.dialogues.models import Dialogue
from samspel.dialogues.protocol_files import make_file

def most_mb(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)

children = 0.0
def watch():
    global children
    while True:
        for task in Path("/proc/self/task").iterdir():
            try:
                ours = [child for child in (task / "children").read_text().split()
                        if b"documents.render" in Path(f"/proc/{child}/cmdline").read_bytes()]
                found = [most_mb(child) for child in ours]
            except OSError:
                continue
            children = max([children, *found])
        time.sleep(0.002)

if "pdf" in sys.argv:
    threading.Thread(target=watch, daemon=True).start()
dialogue = Dialogue.objects.select_related("unit", "step", "template").get(pk=int(sys.argv[1]))
told = {"before": {"own_mb": most_mb("self")}}
for kind in sys.argv[2:]:
    with make_file(dialogue, kind, inside=True).file as file:
        size = file.seek(0, 2)
    told[kind] = {"size": size, "own_mb": most_mb("self"), "children_mb": children}
print(json.dumps(told))
"""


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


@pytest.fixture
def hall(town: Town) -> Dialogue:
    return make_hall(town.guidance, people=40, tables=10, handed_in=10)


def fill(hall: Dialogue, notes: int) -> None:
    """So many notes in all, by rows that the database makes itself."""
    table = hall.tables.get(number=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO dialogues_note"
            " (dialogue_id, question, table_id, source, text, language, key, written_at, shared_at)"
            " SELECT dialogue_id, 1, %s, 'phone', text || ' nummer ' || n, '', gen_random_uuid(), written_at, shared_at"
            " FROM dialogues_note CROSS JOIN generate_series(1, %s) n WHERE dialogues_note.id = %s",
            [table.pk, notes - Note.objects.count(), Note.objects.earliest("pk").pk],
        )


def environment() -> dict[str, str]:
    """Of a process beside this one, on the same database."""
    url = server.url.replace(f"/{server.database}?", f"/{connection.settings_dict['NAME']}?")
    assert url != server.url
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "samspel.config.settings",
        "SAMSPEL_DATABASE_URL": url,
    }


def measured(hall: Dialogue, *kinds: str) -> dict[str, dict[str, float]]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(hall.pk), *kinds],
        env=environment(),
        capture_output=True,
        check=True,
    )
    told: dict[str, dict[str, float]] = json.loads(done.stdout)
    return told


def test_memory_does_not_grow_with_the_notes(hall: Dialogue) -> None:
    most = {}
    for notes in (1_000, 10_000, 50_000):
        fill(hall, notes)
        told = measured(hall, "csv", "json", "xlsx")
        assert told["json"]["size"] > 150 * notes
        assert told["before"]["own_mb"] < told["xlsx"]["own_mb"] < 150
        most[notes] = told["xlsx"]["own_mb"]
        print(f"{notes} notes: {told}")

    # Fifty thousand of these rows are some 40 MB as objects. What may differ is what the allocator happens to keep.
    assert most[10_000] - most[1_000] < 8, most
    assert most[50_000] - most[1_000] < 12, most


def test_documents_of_a_large_hall_are_made_apart_with_bounded_memory(hall: Dialogue) -> None:
    fill(hall, 4_000)
    few = measured(hall, "pdf")["pdf"]
    fill(hall, 10_000)

    many = measured(hall, "pdf")["pdf"]

    print(f"4 000 notes: {few}, 10 000 notes: {many}")
    assert many["own_mb"] - few["own_mb"] < 12
    # In one piece, 10,000 notes took 280 MB. A child that ends right after its peak is seen a little before it.
    assert 40 < few["children_mb"] < 160
    assert 40 < many["children_mb"] < 160


# ---------------------------------------------------------------- a real server


@pytest.fixture
def site() -> Iterator[Site]:
    listener = listen("127.0.0.1", 0)
    one = Site(listener.getsockname()[1], environment(), listener, None)  # type: ignore[arg-type]
    one.start()
    yield one
    one.kill()
    listener.close()


@dataclass(frozen=True)
class Browser:
    """A leader who is signed in."""

    port: int
    cookie: str

    @contextmanager
    def get(self, path: str) -> Iterator[http.client.HTTPResponse]:
        """The answer, its body not read yet."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)) as line:
            line.request("GET", path, headers={"Cookie": self.cookie})
            with line.getresponse() as answer:
                yield answer


@pytest.fixture
def browser(site: Site, town: Town) -> Browser:
    client = Client()
    client.force_login(town.facilitator, backend="allauth.account.auth_backends.AuthenticationBackend")
    name = settings.SESSION_COOKIE_NAME
    return Browser(site.port, f"{name}={client.cookies[name].value}")


def test_a_connection_that_is_cut_in_the_middle_gives_a_page_that_says_so_and_no_file(
    hall: Dialogue, browser: Browser
) -> None:
    fill(hall, 50_000)
    path = f"/dialogues/{hall.pk}/export.xlsx"
    with browser.get("/health") as answer:
        assert answer.status == 200

    with ThreadPoolExecutor(1) as pool:
        cut = pool.submit(cut_when_rows_are_handed_out)
        with browser.get(path) as answer:
            assert cut.result() == 1
            assert answer.status == 503
            assert answer.headers["Content-Disposition"] is None
            assert answer.headers["Content-Type"].startswith("text/html")
            assert "Filen blev inte färdig" in answer.read().decode()

    with browser.get(path) as answer, zipfile.ZipFile(io.BytesIO(answer.read())) as book:
        assert answer.status == 200
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row>") > 50_000


def cut_when_rows_are_handed_out() -> int:
    """End the database's process behind the export as soon as it hands out rows; gives how many were ended."""
    deadline = time.monotonic() + PATIENCE_S
    with psycopg.connect(server.url, autocommit=True) as line:
        while time.monotonic() < deadline:
            cut = line.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND query LIKE 'FETCH%%'"
                " AND pid <> pg_backend_pid()",
                [connection.settings_dict["NAME"]],
            ).fetchall()
            if cut:
                return len(cut)
    return 0


def test_a_server_that_dies_while_it_sends_leaves_a_file_that_the_browser_knows_is_not_whole(
    hall: Dialogue, site: Site, browser: Browser
) -> None:
    fill(hall, 50_000)
    with browser.get(f"/dialogues/{hall.pk}/export.json") as answer:
        assert int(answer.headers["Content-Length"]) > 7_000_000
        assert answer.read(100_000).startswith(b"{")

        site.kill()

        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()
    site.start()


def test_an_export_is_of_one_moment(hall: Dialogue) -> None:
    """What is shared while it is made is in none of its parts."""
    from samspel.dialogues.protocol_files import snapshot

    before = Note.objects.count()
    with snapshot():
        assert Note.objects.count() == before
        with psycopg.connect(environment()["SAMSPEL_DATABASE_URL"], autocommit=True) as line:
            line.execute("UPDATE dialogues_note SET question = 2")
            line.execute("DELETE FROM dialogues_mark")
        assert Note.objects.filter(question=1).count() == before
        with pytest.raises(Exception, match="read-only"):
            Seat.objects.update(name="")
