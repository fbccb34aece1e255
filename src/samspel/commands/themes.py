"""``samspel themes``: the notes of a file in named themes."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samspel.commands.files import FileError, read_text

if TYPE_CHECKING:  # the engine's libraries take a moment to load, which other commands need not wait for
    from samspel.engine.themes import Embed, Lexicon, Note, Problem, Result

_LANGUAGES = ("sv", "da", "en")


class ThemesError(Exception):
    """The notes cannot be grouped; the text says why."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "themes",
        help="group the notes of a file into named themes",
        description="Give every note of a file a theme, with how sure that is, and merge what says the same.",
    )
    parser.add_argument(
        "file", type=Path, help="NOTES.tsv or NOTES.tsv.gz, with a column text; lang and id if there are"
    )
    lexicon = parser.add_mutually_exclusive_group()
    lexicon.add_argument(
        "--lexicon", type=Path, metavar="FILE", help="themes and their words (the shipped when left out)"
    )
    lexicon.add_argument("--no-lexicon", action="store_true", help="find all themes in the notes themselves")
    parser.add_argument("--find", type=int, metavar="N", help="find so many themes among notes that no word speaks for")
    parser.add_argument("--language", choices=_LANGUAGES, default="sv", help="of notes that do not show theirs (sv)")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn when themes are found (1)")
    parser.add_argument("--embeddings", type=Path, metavar="FOLDER", help="a sentence model on this machine")
    parser.add_argument("--check", action="store_true", help="check the result against what is promised")
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 when it went well, 1 with a sentence on standard error when not."""
    try:
        _run(options)
    except (ThemesError, FileError) as error:
        print(f"samspel themes: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    import numpy as np

    from samspel.engine.themes import Problem, check, solve

    if options.find is not None and options.find < 0:
        raise ThemesError(f"--find must be at least 0, got {options.find}")
    if options.seed < 0:
        raise ThemesError(f"--seed must be at least 0, got {options.seed}")
    notes = _notes(options.file)
    problem = Problem(tuple(notes.values()), _lexicon(options), options.language, find=options.find)
    embed = None if options.embeddings is None else _sentence_model(options.embeddings)
    result = solve(problem, rng=np.random.default_rng(options.seed), embed=embed).result
    broken = check(problem, result) if options.check else []
    if broken:
        raise ThemesError(f"the result does not pass its check: {'; '.join(broken[:3])}")
    if options.json:
        print(json.dumps(told(options, problem, result, tuple(notes)), ensure_ascii=False, indent=1))
    else:
        print(_table(options, problem, result, tuple(notes)))


def _notes(file: Path) -> dict[int, "Note"]:
    """The notes with their lines in the file."""
    from samspel.engine.themes import Note

    lines = enumerate(read_text(file).split("\n"), start=1)
    header = next(lines)[1].rstrip("\r").split("\t")
    if "text" not in header:
        raise ThemesError(f"{file}:1: a column named text is missing, got {', '.join(header)[:80]!r}")
    notes: dict[int, Note] = {}
    taken: set[str] = set()
    for number, line in lines:
        if not line.strip():
            continue
        cells = line.rstrip("\r").split("\t")
        if len(cells) != len(header):
            raise ThemesError(f"{file}:{number}: {len(header)} columns were expected, got {len(cells)}")
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        spoken = row.get("lang", row.get("language", ""))
        language = next((known for known in ("sv", "da", "en") if known == spoken), None)
        if spoken and language is None:
            raise ThemesError(f"{file}:{number}: lang must be one of {', '.join(_LANGUAGES)}, got {spoken!r}")
        note_id = row.get("id") or str(number)
        if note_id in taken:
            raise ThemesError(f"{file}:{number}: the id {note_id!r} stands twice")
        taken.add(note_id)
        notes[number] = Note(note_id, row["text"], language)
    return notes


def _lexicon(options: argparse.Namespace) -> "Lexicon":
    from samspel.core.lexicon import shipped_lexicon
    from samspel.engine.themes import Lexicon, LexiconError, parse_lexicon

    if options.no_lexicon:
        return Lexicon()
    if options.lexicon is None:
        return shipped_lexicon()
    try:
        return parse_lexicon(read_text(options.lexicon))
    except LexiconError as error:
        raise ThemesError(f"{options.lexicon}:{error.line}: {error.reason}") from error


def _sentence_model(folder: Path) -> "Embed":
    """A model2vec model that lies in a folder; nothing is downloaded."""
    if not folder.is_dir():
        raise ThemesError(f"--embeddings must be a folder with a model, got {folder}")
    try:
        from model2vec import StaticModel
    except ImportError as error:
        raise ThemesError("--embeddings needs more: pip install 'samspel[embeddings]'") from error
    model = StaticModel.from_pretrained(folder)
    return lambda texts: model.encode(list(texts))


def told(options: argparse.Namespace, problem: "Problem", result: "Result", lines: tuple[int, ...]) -> dict[str, Any]:
    """What the JSON says: themes, and for each note its theme, how sure that is, why, and what repeats it."""
    from samspel.engine.themes import describe

    counts, repeats = result.counts, result.repeats
    return {
        "file": options.file.name,
        "lexicon": _lexicon_name(options),
        "seed": options.seed,
        "coverage": round(result.coverage, 4),
        "themes": [
            {
                "id": theme.id,
                "names": dict(theme.names),
                "origin": theme.origin,
                "notes": counts.get(theme.id, 0),
                "words": list(theme.words),
            }
            for theme in result.themes
        ],
        "notes": [
            {
                "id": note.id,
                "line": line,
                "text": note.text,
                "theme": place.theme,
                "confidence": round(place.confidence, 4),
                "placed": place.is_placed,
                "because": place.because,
                "words": list(place.words),
                "same_as": place.same_as,
                "duplicates": list(repeats.get(note.id, ())),
            }
            for line, note, place in zip(lines, problem.notes, result.placements, strict=True)
        ],
        "descriptions": [description.text for description in describe(problem, result)],
    }


def _lexicon_name(options: argparse.Namespace) -> str | None:
    if options.no_lexicon:
        return None
    return str(options.lexicon.name) if options.lexicon else "municipal.txt"


def _table(options: argparse.Namespace, problem: "Problem", result: "Result", lines: tuple[int, ...]) -> str:
    return "\n".join(_table_lines(options, problem, result, lines))


def _table_lines(
    options: argparse.Namespace, problem: "Problem", result: "Result", lines: tuple[int, ...]
) -> Iterator[str]:
    """Themes by size, their notes below: how sure (a guess has a ?), the line in the file, and the text."""
    from samspel.engine.themes import describe

    counts = result.counts
    texts = {note.id: note.text for note in problem.notes}
    line_of = dict(zip(texts, lines, strict=True))
    for theme in sorted(result.themes, key=lambda theme: (theme.origin == "other", -counts.get(theme.id, 0))):
        if not counts.get(theme.id):
            continue
        yield f"{theme.name(options.language)} ({theme.id}): {counts[theme.id]}"
        for place in result.placements:
            if place.theme == theme.id:
                same = f"  [as line {line_of[place.same_as]}]" if place.same_as is not None else ""
                guess = " " if place.is_placed else "?"
                yield f"  {place.confidence:4.2f}{guess} {line_of[place.note_id]:5}  {texts[place.note_id]}{same}"
    yield from (description.text for description in describe(problem, result))
