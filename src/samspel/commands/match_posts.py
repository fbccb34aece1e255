"""The file of ``samspel match``: needs and offers, a row each. A bad row is told and left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from samspel.commands.files import BadRow, FileError, read_bytes
from samspel.core.sheets import SheetError, read_sheet, unguarded
from samspel.engine.candidates import Kind, Post

__all__ = ["EXAMPLE", "Posts", "read_posts"]

KINDS: Mapping[str, Kind] = {
    "need": "need",
    "behov": "need",
    "offer": "offer",
    "erbjudande": "offer",
    "tilbud": "offer",
}
_LONGEST = 2_000  # letters of a text

EXAMPLE = """\
id,kind,person,title,text,category,area,from,to,requires,provides,language,since
1,offer,Ali,Kan köra bil,Hela dagar om det behövs,driving,Norra,2026-11-01,2026-12-31,,licence,sv|ar,2026-10-02
2,need,Ali,Vill komma ut i arbetslivet,Praktik där man träffar kunder,work,Norra,,,,,sv|ar,2026-10-02
3,need,Bengt,Någon som kör min bil,Har brutit armen,driving,Norra,2026-11-10,2026-12-20,licence,,sv,2026-11-05
4,offer,Bengt,Praktik som säljare,Följ med till kunder,work,Norra,2026-11-10,2026-12-20,,,sv,2026-11-05
5,offer,Dag,Kan matematik,Pensionerad lärare,homework,Södra,,,,extract shown,sv|en,2026-09-14
6,need,Eva,Mattekväll för våra barn,,homework,Södra,2026-11-16,2026-12-18,extract shown,,sv,2026-11-02
7,offer,Eva,Bakar bröd,Gärna till en fest,cooking,Södra,,,,,sv,2026-11-02
8,need,Fatima,Bread for our party,Forty people are coming,cooking,Södra,2026-12-05,2026-12-06,,,en|sv,2026-11-12
"""


@dataclass(frozen=True, slots=True)
class Posts:
    posts: tuple[Post, ...]
    bad: tuple[BadRow, ...]


class _RowError(Exception):
    """A row cannot be read; the text says why."""


def read_posts(path: Path) -> Posts:
    """:raises FileError: the file cannot be used at all."""
    try:
        lines = [*read_sheet(read_bytes(path), path.name)]
    except SheetError as error:
        raise FileError(f"{path} {error}") from error
    rows = iter([(line, [unguarded(cell.strip()) for cell in cells]) for line, cells in lines if any(cells)])
    header = [name.casefold() for name in next(rows, (0, []))[1]]
    _check_header(path, header)
    posts: dict[str, Post] = {}
    line_of: dict[str, int] = {}
    bad: list[BadRow] = []
    for line, cells in rows:
        try:
            if len(cells) > len(header) and any(cells[len(header) :]):
                raise _RowError(f"{len(header)} columns were expected, got {len(cells)}")
            post = _post(dict(zip(header, cells, strict=False)))
            if post.id in posts:
                raise _RowError(f"the id {post.id!r} stands on line {line_of[post.id]} already")
        except _RowError as error:
            bad.append(BadRow(path, line, str(error)))
            continue
        posts[post.id], line_of[post.id] = post, line
    return Posts(tuple(posts.values()), tuple(bad))


def _check_header(path: Path, header: list[str]) -> None:
    if not header:
        raise FileError(f"{path} is empty")
    missing = [name for name in ("id", "kind", "title") if name not in header]
    if missing:
        raise FileError(f"{path} has no column {missing[0]}; its columns are {', '.join(header)}")
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise FileError(f"{path} has the column {twice} twice")


def _post(row: Mapping[str, str]) -> Post:
    kind = KINDS.get(row.get("kind", "").casefold())
    if kind is None:
        raise _RowError(f"kind must be need or offer, got {row.get('kind', '')!r}")
    for name in ("id", "title"):
        if not row.get(name):
            raise _RowError(f"{name} is empty")
    text = row.get("text", "")
    if len(text) > _LONGEST:
        raise _RowError(f"text must be at most {_LONGEST} letters, got {len(text)}")
    begins, ends = _day(row, "from"), _day(row, "to")
    if begins is not None and ends is not None and ends < begins:
        raise _RowError(f"to must not be before from, got {row['from']} to {row['to']}")
    return Post(
        row["id"],
        kind,
        row.get("person", ""),
        row["title"],
        text,
        "/".join(part for part in (part.strip() for part in row.get("category", "").casefold().split("/")) if part),
        row.get("area", ""),
        begins,
        ends,
        _names(row, "requires"),
        _names(row, "provides"),
        _names(row, "language"),
        _day(row, "since"),
    )


def _day(row: Mapping[str, str], name: str) -> int | None:
    said = row.get(name, "")
    if not said:
        return None
    try:
        return date.fromisoformat(said).toordinal()
    except ValueError:
        raise _RowError(f"{name} must be a day such as 2026-11-30, got {said!r}") from None


def _names(row: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(_split(row.get(name, "")))


def _split(cell: str) -> Iterator[str]:
    for part in cell.casefold().split("|"):
        if part.strip():
            yield " ".join(part.split())
