"""A backup of the whole database, and of the files that its rows name, in one file; and back again.

The file is an ordinary tar: ``manifest.json`` (what, when, from which versions, and the SHA-256 of the rest),
``database.dump`` (pg_dump's custom format, so that PostgreSQL's own tools read it without Samspel) and ``files.tar``
(what belongs to the database and lies beside it; see ``Beside``).

Works with the embedded server and with any other up to the major version of the bundled programs.
"""
# ruff: noqa: S603 (every command line below is made here, of fixed words and our own paths)

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from samspel import __version__
from samspel.core.embedded_postgres import MAJOR_VERSION, program

__all__ = ["BackupError", "Beside", "Manifest", "back_up", "read_manifest", "restore"]

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
FILES = "files.tar"
MANIFEST_SIZE_BYTES = 16_384  # room kept at the start of the file; the manifest is written last, padded with blanks
BLOCK_BYTES = tarfile.BLOCKSIZE
CHUNK_BYTES = 1 << 20
LOCK_WAIT_S = 30
WRITER_WAIT_S = 600
LEAVING_WAIT_S = 5  # whoever hung up is still listed for a moment


class BackupError(RuntimeError):
    """Says why there is no backup or nothing was restored, and what to do about it."""


@dataclass(frozen=True)
class Manifest:
    """What a backup is a backup of."""

    made_at: datetime
    samspel_version: str
    postgres_version: int  # as the server counts: 180004
    migrations: dict[str, str] = field(default_factory=dict)  # the latest of each app
    sha256: str = ""
    size_bytes: int = 0
    files_sha256: str = ""
    files_size_bytes: int = 0


@dataclass(frozen=True)
class Beside:
    """Files that rows of the database name. They never change, and nobody writes them without this advisory lock."""

    folder: Path
    lock: int
    files: Callable[[], Sequence[Path]]


# -- out --------------------------------------------------------------------------------------------------------------


def back_up(url: str, target: Path, *, made_at: datetime, beside: Beside | None = None) -> Manifest:
    """Write the database at `url`, and the files beside it, to the file `target`, readable by its owner only.

    The file is there whole or not at all: an older backup of this name stays until the new one is on the disk.
    Runs beside everything else; what it holds is the database at one moment.
    """
    if target.exists():
        _refuse_to_overwrite_anything_else(target)
    with _connect(url) as connection:
        version = connection.info.server_version
        if version // 10_000 > MAJOR_VERSION:
            raise BackupError(
                f"The database is PostgreSQL {version // 10_000}; the pg_dump of this Samspel is {MAJOR_VERSION} and "
                "reads no newer one. Use the pg_dump of that server, or upgrade Samspel."
            )
        migrations = _migrations(connection)
        with _no_writer(connection, beside):
            return _write(url, target, Manifest(made_at, __version__, version, migrations), beside)


@contextlib.contextmanager
def _no_writer(connection: psycopg.Connection[Any], beside: Beside | None) -> Iterator[None]:
    """Nobody writes the files meanwhile, so that those that the database names are there."""
    if beside is None:
        yield
        return
    connection.execute(f"SET lock_timeout = '{WRITER_WAIT_S}s'")
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", [beside.lock])
    except psycopg.errors.LockNotAvailable as error:
        raise BackupError(
            "Answers are being moved out of the database (samspel compact) and that takes long. No backup was made; "
            "try again when it is done."
        ) from error
    yield


def _write(url: str, target: Path, manifest: Manifest, beside: Beside | None) -> Manifest:
    try:
        with _new_file(target) as part:
            part.seek(2 * BLOCK_BYTES + MANIFEST_SIZE_BYTES)
            digest, size_bytes = _dump(url, part)
            manifest = replace(manifest, sha256=digest, size_bytes=size_bytes)
            if beside is not None:
                part.seek(_files_at(manifest))
                digest, size_bytes = _pack(beside, part)
                manifest = replace(manifest, files_sha256=digest, files_size_bytes=size_bytes)
            _finish_tar(part, manifest)
        return manifest
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise BackupError(
                f"The disk that holds {target.parent} is full: no backup was made. Make room, or choose another place."
            ) from error
        raise BackupError(f"{target} cannot be written: {error.strerror}.") from error


def _refuse_to_overwrite_anything_else(target: Path) -> None:
    try:
        read_manifest(target)
    except BackupError as error:
        raise BackupError(f"{target} is already there and is no backup of Samspel. Choose another name.") from error


def _dump(url: str, part: IO[bytes]) -> tuple[str, int]:
    conninfo, environment = _reach(url)
    command = [str(program("pg_dump")), "--format=custom", "--no-owner", "--no-privileges", "--no-password"]
    command += [f"--lock-wait-timeout={LOCK_WAIT_S}s", f"--dbname={conninfo}"]
    digest, size_bytes = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as said, _program(command, environment, said, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while chunk := process.stdout.read(CHUNK_BYTES):
            digest.update(chunk)
            part.write(chunk)
            size_bytes += len(chunk)
        if process.wait() != 0:
            raise BackupError(f"The database could not be read: {_last_words(said)} No backup was made.")
    return digest.hexdigest(), size_bytes


def _files_at(manifest: Manifest) -> int:
    """Where the files begin, which lie after the dump."""
    dump_blocks = -(-manifest.size_bytes // BLOCK_BYTES)
    return 2 * BLOCK_BYTES + MANIFEST_SIZE_BYTES + (dump_blocks + 1) * BLOCK_BYTES


class _Told:
    """A file to write to that tells how much it was, and its digest."""

    def __init__(self, part: IO[bytes]) -> None:
        self.part, self.digest, self.size_bytes = part, hashlib.sha256(), 0

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        self.size_bytes += len(content)
        return self.part.write(content)


def _pack(beside: Beside, part: IO[bytes]) -> tuple[str, int]:
    told = _Told(part)
    with tarfile.open(fileobj=cast(IO[bytes], told), mode="w|", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(beside.files()):
            member = tarfile.TarInfo(path.relative_to(beside.folder).as_posix())
            member.size, member.mode, member.mtime = path.stat().st_size, 0o600, int(path.stat().st_mtime)
            with path.open("rb") as file:
                archive.addfile(member, file)
    return told.digest.hexdigest(), told.size_bytes


def _finish_tar(part: IO[bytes], manifest: Manifest) -> None:
    """Fill in what stands before the dump and the files and could not be known before they were written."""
    last_bytes = manifest.files_size_bytes or manifest.size_bytes
    part.write(b"\0" * (-last_bytes % BLOCK_BYTES + 2 * BLOCK_BYTES))
    if manifest.files_size_bytes:
        part.seek(_files_at(manifest) - BLOCK_BYTES)
        part.write(_tar_header(FILES, manifest.files_size_bytes, manifest.made_at))
    text = json.dumps(
        {"format": FORMAT, **asdict(manifest), "made_at": manifest.made_at.isoformat()}, indent=2
    ).encode()
    if len(text) > MANIFEST_SIZE_BYTES:
        raise BackupError("The manifest of the backup is longer than the room kept for it.")  # some 300 apps
    part.seek(0)
    part.write(_tar_header(MANIFEST, MANIFEST_SIZE_BYTES, manifest.made_at))
    part.write(text.ljust(MANIFEST_SIZE_BYTES))
    part.write(_tar_header(DUMP, manifest.size_bytes, manifest.made_at))


def _tar_header(name: str, size_bytes: int, made_at: datetime) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size_bytes
    member.mode = 0o600
    member.mtime = int(made_at.timestamp())
    return member.tobuf(tarfile.GNU_FORMAT)  # one block, however large the member


@contextlib.contextmanager
def _new_file(target: Path) -> Iterator[IO[bytes]]:
    """A file beside the target that takes its name when all went well. What killed attempts left is swept."""
    for left in target.parent.glob(f".{target.name}.part-*"):
        with contextlib.suppress(OSError), left.open("rb") as old:
            fcntl.flock(old, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody is writing it
            left.unlink()
    path = target.with_name(f".{target.name}.part-{secrets.token_hex(4)}")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "r+b") as part:
            fcntl.flock(part, fcntl.LOCK_EX)
            yield part
            part.flush()
            os.fsync(part.fileno())
            os.rename(path, target)
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


# -- in ---------------------------------------------------------------------------------------------------------------


def read_manifest(file: Path) -> Manifest:
    """What the file is a backup of, without looking at the rest of it."""
    try:
        with file.open("rb") as backup:
            head = backup.read(2 * BLOCK_BYTES + MANIFEST_SIZE_BYTES)
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}.") from error
    try:
        member = tarfile.TarInfo.frombuf(head[:BLOCK_BYTES], "utf-8", "strict")
        found: dict[str, Any] = json.loads(head[BLOCK_BYTES : BLOCK_BYTES + MANIFEST_SIZE_BYTES])
        kind, made_at = found.pop("format"), datetime.fromisoformat(found.pop("made_at"))
        if member.name != MANIFEST or kind != FORMAT:
            raise ValueError(kind)
        return Manifest(made_at=made_at, **found)
    except (tarfile.HeaderError, ValueError, KeyError, TypeError) as error:
        raise BackupError(
            f"{file} is not a backup of Samspel, or it is cut off or was made by a newer Samspel. Nothing was changed."
        ) from error


def restore(url: str, file: Path, *, replace: bool = False, folder: Path | None = None) -> Manifest:
    """Put the backup into the database at `url`, all of it or nothing, and its files into `folder`.

    The database must be empty; with `replace` everything in it gives way. Nobody else may be connected. Killed at
    any moment, the database is as it was; files that came before it are named by nothing then, and take nobody's
    place. Migrate afterwards: the backup may come from an older Samspel.
    """
    manifest = read_manifest(file)
    _verify(file, manifest)
    with _connect(url) as connection:
        version = connection.info.server_version
        _refuse_older_server(version, manifest)
        _refuse_company(connection)
        schemas = _schemas(connection)
        if not replace and _is_filled(connection):
            raise BackupError(
                "The database is not empty. To give up what it holds now for what the backup holds, say --replace "
                "(and make a backup of it first). Nothing was changed."
            )
    if folder is not None and manifest.files_size_bytes:
        _unpack(file, manifest, folder)
    _play(url, file, manifest, emptied=schemas if replace else [], server_version=version)
    with _connect(url) as connection:
        connection.execute("ANALYZE")
    return manifest


def _verify(file: Path, manifest: Manifest) -> None:
    with _dump_of(file) as dump:
        _verify_part(file, dump, manifest.size_bytes, manifest.sha256)
    if manifest.files_size_bytes:
        with _files_of(file, manifest) as files:
            _verify_part(file, files, manifest.files_size_bytes, manifest.files_sha256)


def _verify_part(file: Path, part: IO[bytes], size_bytes: int, sha256: str) -> None:
    digest, left = hashlib.sha256(), size_bytes
    while chunk := part.read(min(CHUNK_BYTES, left)):
        digest.update(chunk)
        left -= len(chunk)
    if left:
        raise BackupError(
            f"{file} is cut off: {left:,} of {size_bytes:,} bytes are missing. Fetch it again, or take "
            "another backup. Nothing was changed."
        )
    if digest.hexdigest() != sha256:
        raise BackupError(
            f"{file} is damaged: its contents are not what was written (SHA-256). Fetch it again, or take another "
            "backup. Nothing was changed."
        )


@contextlib.contextmanager
def _files_of(file: Path, manifest: Manifest) -> Iterator[IO[bytes]]:
    with file.open("rb") as backup:
        backup.seek(_files_at(manifest))
        yield backup


def _unpack(file: Path, manifest: Manifest, folder: Path) -> None:
    """Each file beside its place, then into it. Names are never used twice, so what is there is not disturbed."""
    with _files_of(file, manifest) as files, tarfile.open(fileobj=files, mode="r|") as archive:
        for member in archive:
            path = Path(member.name)
            content = archive.extractfile(member)
            if content is None or path.is_absolute() or ".." in path.parts:
                raise BackupError(f"{file} holds {member.name}, which is no file of ours. Nothing was changed.")
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _new_file(target) as part:
                shutil.copyfileobj(content, part, CHUNK_BYTES)


@contextlib.contextmanager
def _dump_of(file: Path) -> Iterator[IO[bytes]]:
    with file.open("rb") as backup:
        backup.seek(2 * BLOCK_BYTES + MANIFEST_SIZE_BYTES)
        yield backup


def _refuse_older_server(version: int, manifest: Manifest) -> None:
    if version // 10_000 < manifest.postgres_version // 10_000:
        raise BackupError(
            f"The backup comes from PostgreSQL {manifest.postgres_version // 10_000}, and this database is PostgreSQL "
            f"{version // 10_000}. Restore it into the same version or a newer one. Nothing was changed."
        )


def _refuse_company(connection: psycopg.Connection[Any]) -> None:
    deadline = time.monotonic() + LEAVING_WAIT_S
    while company := _company(connection):
        if time.monotonic() > deadline:
            raise BackupError(
                f"The database is in use ({company} connections). Stop Samspel (samspel serve, its workers and tasks) "
                "and try again. Nothing was changed."
            )
        time.sleep(0.1)


def _company(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    ).fetchone()
    return row[0] if row else 0


def _play(url: str, file: Path, manifest: Manifest, *, emptied: list[str], server_version: int) -> None:
    """pg_restore turns the dump into SQL, psql plays it; COMMIT is sent only after both have come to their ends.

    Whatever dies on the way, psql sees the end of its input without a COMMIT, and the server takes it all back.
    """
    conninfo, environment = _reach(url)
    to_sql = [str(program("pg_restore")), "--no-owner", "--no-privileges", "--file=-"]
    play = [str(program("psql")), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-"]
    play += [f"--dbname={conninfo}"]
    with contextlib.ExitStack() as stack:
        said = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
        reader = stack.enter_context(
            _program(to_sql, environment, said[0], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        )
        player = stack.enter_context(
            _program(play, environment, said[1], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        )
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert player.stdin is not None
        feeder = threading.Thread(target=_feed, args=(file, manifest.size_bytes, reader.stdin))
        feeder.start()
        is_committing = False
        try:
            player.stdin.write(_opening(emptied))
            _copy_preamble(reader.stdout, player.stdin, server_version)
            shutil.copyfileobj(reader.stdout, player.stdin, CHUNK_BYTES)
            feeder.join()
            if reader.wait() != 0:
                raise BackupError(f"The backup could not be read: {_last_words(said[0])} Nothing was changed.")
            is_committing = True
            player.stdin.write(b"\nCOMMIT;\n")
            player.stdin.close()
        except BrokenPipeError:  # psql has stopped at an error
            pass
        finally:
            reader.stdout.close()  # so that the feeder ends as well
            feeder.join()
        if player.wait() != 0:
            so = (
                "See what the database holds: it broke off at the last step."
                if is_committing
                else "Nothing was changed."
            )
            raise BackupError(f"The backup could not be restored: {_last_words(said[1])} {so}")


def _opening(emptied: list[str]) -> bytes:
    lines = ["BEGIN;", f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s';"]
    for schema in emptied:
        quoted = '"' + schema.replace('"', '""') + '"'
        lines.append(f"DROP SCHEMA {quoted} CASCADE;")
    if emptied:
        lines.append("CREATE SCHEMA public AUTHORIZATION pg_database_owner;")
    return ("\n".join([*lines, "RESET lock_timeout;"]) + "\n").encode()


def _copy_preamble(sql: IO[bytes], player: IO[bytes], server_version: int) -> None:
    """The script begins with settings, one of which servers before 17 do not know."""
    for line in iter(sql.readline, b""):
        if line.startswith(b"SET transaction_timeout") and server_version < 170_000:
            continue
        player.write(line)
        if line.startswith(b"SET row_security"):  # the last of them
            return


def _feed(file: Path, size_bytes: int, reader: IO[bytes]) -> None:
    with _dump_of(file) as dump, contextlib.suppress(BrokenPipeError):
        left = size_bytes
        while chunk := dump.read(min(CHUNK_BYTES, left)):
            reader.write(chunk)
            left -= len(chunk)
        reader.close()
    with contextlib.suppress(BrokenPipeError):
        reader.close()


# -- the database -----------------------------------------------------------------------------------------------------


def _connect(url: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise BackupError(f"The database cannot be reached: {str(error).strip()}") from error


def _schemas(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY nspname"
    )
    return [row[0] for row in rows]


def _is_filled(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace::regnamespace::text = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e'))",
        [_schemas(connection)],
    ).fetchone()
    return row is not None and bool(row[0])


def _migrations(connection: psycopg.Connection[Any]) -> dict[str, str]:
    known = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
    if known is None or known[0] is None:
        return {}
    rows = connection.execute("SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY app")
    return dict(rows.fetchall())


def _reach(url: str) -> tuple[str, dict[str, str]]:
    """The address without its password, which would be seen in the list of processes, and the password beside it."""
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    return make_conninfo("", **parts), {**environment, "LC_ALL": "C"}


@contextlib.contextmanager
def _program(
    command: list[str], environment: dict[str, str], said: IO[bytes], *, stdout: int, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that does not outlive what is done with it."""
    process = subprocess.Popen(command, env=environment, stdin=stdin, stdout=stdout, stderr=said)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line.lower()]
    return (telling or lines or ["no reason was given"])[0].rstrip(".") + "."
