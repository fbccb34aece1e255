"""Where answers lie when they are counted: Parquet files, and a manifest that says which of them hold now.

    answers/municipality=lindvik/day=2026-11-20/3-9f2c41d0.parquet      a day's answers
    unit_day/municipality=lindvik/day=2026-11-20/3-9f2c41d0.parquet     its sums, under the same name
    manifests/000000041.json                                            the newest one holds

A file never changes: what is new gets a new name, and then a new manifest names it. A reader holds the manifest it
reads by (``reading``), and what an old manifest names is swept when nobody holds it any more. Nothing here knows the
database; who may write is settled by ``compaction``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.conf import settings

# PostgreSQL's advisory lock of the one who writes here; of ours alone.
LOCK: Final = 5_301_774_210_046_531
# Of the columns below; written into each file's own metadata and into the manifest.
SCHEMA_VERSION: Final = 1

# By the names of ``models.Answer``. Never a meeting's token, and never a row that is still sealed.
ANSWERS: Final = {
    "municipality": "string",
    "day": "date",
    "at": "timestamp('UTC', 6)",
    "received_at": "timestamp('UTC', 6)",
    "unit": "int64",
    "service": "int64",
    "provider": "int64",
    "area": "int64",
    "point": "int64",
    "channel": "string",
    "language": "string",
    "age_band": "string",
    "side": "string",
    "level": "int8",
    "is_no_meeting": "boolean",
    "helped": "array<string>",
    "hindered": "array<string>",
    "text": "string",
    "other_level": "int8",
    "aside": "string",
    "key": "string",
}
_COUNTS: Final = dict.fromkeys(("n", "l1", "l2", "l3", "no_meeting"), "int64")
# Sums of a day, by what the pages ask for. Unknown service is 0, unknown group is "".
SUMS: Final = {
    "unit_day": {"day": "date", "unit": "int64", "service": "int64", "side": "string"}
    | _COUNTS
    | dict.fromkeys(("alike", "staff_better", "resident_better"), "int64"),
    "group_day": {"day": "date", "service": "int64", "dimension": "string", "group": "string", "side": "string"}
    | _COUNTS,
    "factor_day": {
        "day": "date",
        "unit": "int64",
        "side": "string",
        "factor": "string",
        "helped": "int64",
        "hindered": "int64",
    },
}
DATASETS: Final = {"answers": ANSWERS} | SUMS
# The period of the snapshot of what is still in the database.
OPEN: Final = "open"


@dataclass(frozen=True)
class Part:
    """Some days' answers in one file, and their sums in files of the same name. ``mark`` is how what is open looked
    in the database when it was written (empty for what has rested)."""

    file: str
    first: date
    last: date
    rows: int
    mark: str = ""

    def path(self, dataset: str) -> Path:
        return folder() / dataset / f"municipality={settings.MUNICIPALITY}" / f"{self.file}.parquet"


@dataclass(frozen=True)
class Manifest:
    """Which files hold, all of one moment."""

    number: int = 0
    parts: tuple[Part, ...] = ()

    def files(self, dataset: str, since: date, until: date) -> list[Path]:
        """Those with answers of the days from ``since`` to before ``until``."""
        return [part.path(dataset) for part in self._parts(since, until)]

    def limits(self, since: date, until: date) -> tuple[date | None, date | None]:
        """The same days, where those files have others too; None where they end by themselves."""
        parts = self._parts(since, until)
        return (
            since if any(part.first < since for part in parts) else None,
            until if any(part.last >= until for part in parts) else None,
        )

    def _parts(self, since: date, until: date) -> list[Part]:
        return [part for part in self.parts if part.first < until and part.last >= since]


def folder() -> Path:
    return Path(settings.ENCOUNTERS)


# ---------------------------------------------------------------- reading


@contextlib.contextmanager
def reading() -> Iterator[Manifest]:
    """The manifest that holds now; its files stay for as long as this lasts."""
    while True:
        path = _newest()
        if path is None:
            yield Manifest()
            return
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:  # swept since we looked; a newer one is there
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if os.fstat(descriptor).st_nlink == 0:
                continue
            yield _read(path)
            return
        finally:
            os.close(descriptor)


def newest() -> Manifest:
    """The manifest that holds now, for the one who writes the next."""
    path = _newest()
    return Manifest() if path is None else _read(path)


def _newest() -> Path | None:
    try:
        names = [name for name in os.listdir(folder() / "manifests") if name.endswith(".json")]
    except FileNotFoundError:
        return None
    return folder() / "manifests" / max(names) if names else None


def _read(path: Path) -> Manifest:
    found: dict[str, Any] = json.loads(path.read_bytes())
    parts = (
        Part(**(part | {"first": date.fromisoformat(part["first"]), "last": date.fromisoformat(part["last"])}))
        for part in found["parts"]
    )
    return Manifest(found["number"], tuple(parts))


def resting_files() -> list[Path]:
    """What rows of the database name: all but the snapshot of what is open, which is made of rows that are there."""
    return [path for path in folder().glob("*/municipality=*/*/*.parquet") if path.parent.name != OPEN]


# ---------------------------------------------------------------- writing


def new_name(period: str, version: int) -> str:
    """A name that no file has had: a killed attempt's file is never taken for a later one's."""
    return f"{period}/{version}-{secrets.token_hex(4)}"


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A place to write beside ``path``; it takes the name when it is on the disk, whole."""
    _make_folder(path.parent)
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def publish(manifest: Manifest) -> Manifest:
    """Let this be what readers read from now on."""
    manifest = replace(manifest, number=manifest.number + 1)
    found = asdict(manifest) | {"schema": SCHEMA_VERSION}
    with new_file(folder() / "manifests" / f"{manifest.number:09}.json") as part:
        part.write_text(json.dumps(found, default=str, indent=1))
    return manifest


def sweep(kept: Iterable[str] = ()) -> int:
    """Remove what no reader can reach: files that no manifest in use names, and what killed attempts left.

    ``kept`` are files beside them that hold although no manifest names them yet. Gives how many files went. Only for
    the one who holds the writers' lock.
    """
    used = {Part(file, date.min, date.min, 0).path(dataset) for file in kept for dataset in DATASETS}
    newest_path = _newest()
    gone = _sweep_scratch()
    for path in sorted((folder() / "manifests").glob("*.json")):
        manifest = _read(path)
        if path == newest_path or not _unlinked_if_unused(path):
            used |= {part.path(dataset) for part in manifest.parts for dataset in DATASETS}
        else:
            gone += 1
    # os.walk passes over a folder that an engine takes away meanwhile; Path.rglob fails there.
    for path in [Path(held, name) for held, _folders, names in os.walk(folder()) for name in names]:
        if path.suffix in {".parquet", ".part"} and path not in used:
            path.unlink()
            gone += 1
            with contextlib.suppress(OSError):  # not the last in its folder
                path.parent.rmdir()
    return gone


def new_scratch() -> Path:
    """A folder that is not there yet, for what an engine cannot hold in memory. No two share one."""
    beside = folder() / "scratch"
    _make_folder(beside)  # an engine makes its own folder, and none above it
    return beside / f"{os.getpid()}-{secrets.token_hex(4)}"


def _sweep_scratch() -> int:
    """What engines left whose process is no more."""
    left = [path for path in (folder() / "scratch").glob("*-*") if not _is_alive(int(path.name.partition("-")[0]))]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _unlinked_if_unused(manifest: Path) -> bool:
    with manifest.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        manifest.unlink()
        return True


def _make_folder(path: Path) -> None:
    if path.is_dir():
        return
    _make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
