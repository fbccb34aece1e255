"""Holds what lies in files against what the database says of them, and the sums against the answers."""

from __future__ import annotations

from collections.abc import Iterator

from samspel.encounters import engines, store, writing
from samspel.encounters.models import Day


def faults() -> list[str]:
    """What is wrong, in words; nothing when all is as it should be. Reads every answer once."""
    with store.reading() as manifest:
        named = {part.file for part in manifest.parts if not part.mark}
        days = list(Day.objects.order_by("day"))
        digests = {day.file: bytes(day.digest) for day in days}
        found = [
            f"{file} holds a day and no figure reads it: run samspel compact" for file in sorted(digests.keys() - named)
        ]
        for part in manifest.parts:
            found += _faults_of(part, digests.get(part.file))
    return found


def _faults_of(part: store.Part, digest: bytes | None) -> Iterator[str]:
    missing = [dataset for dataset in store.DATASETS if not part.path(dataset).exists()]
    if missing:
        yield f"{part.file} is missing from {', '.join(missing)}"
        return
    if digest is not None and writing.digest(part.path("answers")) != digest:
        yield f"{part.file} is not what was written (SHA-256)"
        return
    with engines.open_duckdb() as line:
        for dataset in store.DATASETS:
            line.execute(engines.view(dataset, dataset, [str(part.path(dataset))]))
        rows = line.execute("SELECT count(*) FROM answers").fetchone()
        if rows != (part.rows,):
            yield f"{part.file} has {rows} answers and should have {part.rows}"
        for name in store.SUMS:
            line.execute(f"CREATE TEMP TABLE counted_{name} AS {writing.sums(name)}")
            off = line.execute(
                f"SELECT count(*) FROM ((FROM {name} EXCEPT ALL FROM counted_{name})"  # noqa: S608 (our own names)
                f" UNION ALL (FROM counted_{name} EXCEPT ALL FROM {name}))"
            ).fetchone()
            if off != (0,):
                yield f"{name} of {part.file} is not the sum of its answers"
