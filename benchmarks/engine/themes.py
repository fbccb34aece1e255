"""How right themes are, how many repeats are found, and how long it takes.

`python -m benchmarks.engine.themes [--smoke]`. Labelled texts come from the folder SAMSPEL_DATA (its `themes`);
without it only the times are measured. A lexicon file for SIB-200 lies beside this file.
"""

import argparse
import gzip
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

# One thread: with as many as there are cores, small products of a busy machine take ten times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from samspel.core.lexicon import shipped_lexicon
from samspel.engine.themes import (
    LANGUAGES,
    Embed,
    Language,
    Lexicon,
    Note,
    Problem,
    State,
    add,
    check,
    move,
    parse_lexicon,
    solve,
)

SPLIT_SEED = 2026  # the half of hand-all and work-all on which lexicon and constants were tuned
SEEDS = (1, 2, 3)
SIB = ("sib200-sv", "sib200-da", "sib200-en", "sib200-mixed")
# What is asked: shares of right notes, NMI, seconds of the processor by number of notes, milliseconds for one more.
RIGHT = {"sib200-mixed": 0.66, **dict.fromkeys(("sib200-sv", "sib200-da", "sib200-en"), 0.70)} | {
    "hand-all, unread": 0.70,
    "work-all, unread": 0.70,
}
NMI, STAY, SECONDS, ONE_MORE_MS = 0.74, 0.95, {1000: 0.3, 10_000: 3.0}, 5.0
Labelled = tuple[tuple[str, ...], tuple[Note, ...]]


def read(folder: Path, name: str) -> Labelled:
    """Labels and notes of a file."""
    with gzip.open(folder / f"{name}.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines][1:]
    notes = (Note(str(number), text, cast(Language, language)) for number, (_, language, text) in enumerate(rows))
    return tuple(label for label, _, _ in rows), tuple(notes)


def sentence_model(folder: Path) -> Embed:
    """What `samspel themes --embeddings` loads; it needs the extra of that name."""
    from model2vec import StaticModel

    model = StaticModel.from_pretrained(folder)
    return lambda texts: model.encode(list(texts))


def met(value: float, goal: float | None, *, below: bool = False) -> str:
    if goal is None:
        return ""
    return f"  {'<' if below else '>='} {goal:g}: {'yes' if (value < goal if below else value >= goal) else 'NO'}"


def tuned_half(count: int) -> np.ndarray:
    half = np.zeros(count, dtype=bool)
    half[np.random.default_rng(SPLIT_SEED).permutation(count)[: count // 2]] = True
    return half


def solved(problem: Problem, seed: int = 1, embed: Embed | None = None) -> State:
    state = solve(problem, rng=np.random.default_rng(seed), embed=embed)
    assert check(problem, state.result) == []
    return state


def nmi(one: Sequence[str], other: Sequence[str]) -> float:
    """Normalised mutual information, arithmetic mean (as scikit-learn has it)."""
    _, first = np.unique(one, return_inverse=True)
    _, second = np.unique(other, return_inverse=True)
    both = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(both, (first, second), 1 / len(first))

    def entropy(shares: np.ndarray) -> float:
        return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())

    apart = entropy(both.sum(axis=1)) + entropy(both.sum(axis=0))
    return 2 * (apart - entropy(both.ravel())) / apart


def accuracy(folder: Path, sib: Lexicon, embed: Embed | None) -> None:
    print(f"\n{'labelled notes':24} {'notes':>6} {'right':>7} {'placed':>7} {'of these right':>15}")
    for name in (*SIB, "hand-all", "work-all"):
        labels, notes = read(folder, name)
        places = solved(Problem(notes, sib if name in SIB else shipped_lexicon()), embed=embed).result.placements
        right = np.array([place.theme == label for place, label in zip(places, labels, strict=True)])
        placed = np.array([place.is_placed for place in places])
        halves = {"": np.ones(len(notes), dtype=bool)}
        if name not in SIB:
            halves = {", tuned": tuned_half(len(notes)), ", unread": ~tuned_half(len(notes))}
        for half, rows in halves.items():
            sure = right[rows & placed].mean()
            print(
                f"{name + half:24} {rows.sum():6} {right[rows].mean():7.3f} {placed[rows].mean():7.2f} {sure:15.3f}"
                + met(right[rows].mean(), RIGHT.get(name + half))
            )


def discovery(folder: Path, seeds: Sequence[int], embed: Embed | None) -> None:
    labels, notes = read(folder, "stackoverflow-5000")
    for find in (20, None):
        found = [
            nmi([place.theme for place in solved(Problem(notes, find=find), seed, embed).result.placements], labels)
            for seed in seeds
        ]
        told = "number left open" if find is None else f"{find} themes asked for"
        print(
            f"stackoverflow-5000, no lexicon, {told}: NMI {statistics.median(found):.3f} {np.round(found, 3).tolist()}"
            + met(statistics.median(found), NMI)
        )


def repeats(folder: Path) -> None:
    """The rephrased notes come after all of hand-sv; what is merged with its original is right, all else is wrong."""
    _, notes = read(folder, "hand-sv")
    with gzip.open(folder / "hand-duplicates.tsv.gz", "rt", encoding="utf-8") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines][1:]
    of_text = {note.text: note.id for note in notes}
    doubles = tuple(Note(f"d{number}", double, "sv") for number, (_, double) in enumerate(pairs))
    merged = solved(Problem((*notes, *doubles))).result.repeats
    told = {frozenset((first, later)) for first, group in merged.items() for later in group}
    true = {frozenset((of_text[original], f"d{number}")) for number, (original, _) in enumerate(pairs)}
    precision, recall = len(told & true) / max(len(told), 1), len(told & true) / len(true)
    print(
        f"hand-duplicates: precision {precision:.3f}, recall {recall:.3f}"
        f" ({len(true)} pairs among {len(notes) + len(doubles)} notes)"
    )


def staying(folder: Path, sib: Lexicon) -> None:
    """Notes come one by one, and all is solved again after each tenth; and what two separate runs would have said."""
    for name, lexicon in (("sib200-sv", sib), ("hand-all", shipped_lexicon()), ("work-all", shipped_lexicon())):
        _, notes = read(folder, name)
        notes = tuple(notes[row] for row in np.random.default_rng(1).permutation(len(notes)))
        tenth = len(notes) // 10
        state = solved(Problem(notes[:tenth], lexicon))
        first: dict[str, str] = {}
        for number, note in enumerate(notes[tenth:], start=tenth + 1):
            state = add(state, note)
            if number % tenth == 0:
                state = solve(state.problem, rng=np.random.default_rng(1), earlier=state.result)
            for place in state.result.placements:
                if place.is_placed:
                    first.setdefault(place.note_id, place.theme)
        last = {place.note_id: place.theme for place in state.result.placements}
        stayed = [last[note_id] == theme for note_id, theme in first.items()]
        half = solved(replace(state.problem, notes=notes[: len(notes) // 2])).result.placements
        whole = {place.note_id: place.theme for place in solved(state.problem).result.placements}
        alone = [whole[place.note_id] == place.theme for place in half if place.is_placed]
        print(
            f"{name}: of {len(stayed)} placed notes {np.mean(stayed):.1%} stay while notes come;"
            f" of {len(alone)} placed in a run of the first half {np.mean(alone):.1%} are there in a run of all"
            + met(float(np.mean(stayed)), STAY)
        )


def made_up(count: int, seed: int) -> tuple[Note, ...]:
    """Notes of 4 to 14 words: from the lexicon's (some of them rephrased, one in ten a repeat) and made-up ones."""
    rng = np.random.default_rng(seed)
    themes = shipped_lexicon().themes
    letters = np.array(list("abdefghiklmnoprstuvyåäö"))
    invented = ["".join(rng.choice(letters, size)) for size in rng.integers(4, 11, 6000)]
    weights = 1 / np.arange(1, 6001)
    filler = rng.choice(invented, (count, 10), p=weights / weights.sum())
    notes: list[Note] = []
    for number in range(count):
        language = LANGUAGES[int(rng.choice(3, p=(0.8, 0.1, 0.1)))]
        if notes and rng.random() < 0.1:
            notes.append(Note(str(number), notes[int(rng.integers(len(notes)))].text + "!", "sv"))
            continue
        words = themes[int(rng.integers(len(themes)))].words[language]
        said = [*rng.choice(words, int(rng.integers(0, 4))), *filler[number, : int(rng.integers(4, 11))]]
        notes.append(Note(str(number), " ".join(said[position] for position in rng.permutation(len(said))), language))
    return tuple(notes)


def times(sizes: Sequence[int], seeds: Sequence[int]) -> None:
    print(f"\n{'made-up notes':14} {'seconds':>8} {'processor s':>12} {'one more, ms':>13} {'a drag, ms':>11}")
    for size in sizes:
        walls, works, adds, drags = [], [], [], []
        for seed in seeds:
            notes = made_up(size + 20, seed)
            problem = Problem(notes[:size], shipped_lexicon())
            start, work = time.perf_counter(), time.process_time()
            state = solve(problem, rng=np.random.default_rng(seed))
            walls.append(time.perf_counter() - start)
            works.append(time.process_time() - work)
            for note in notes[size:]:
                start = time.process_time()
                state = add(state, note)
                adds.append(time.process_time() - start)
            assert check(state.problem, state.result) == []
            drags.append(drag_ms(state))
        print(
            f"{size:14} {statistics.median(walls):8.2f} {statistics.median(works):12.2f}"
            f" {1000 * statistics.median(adds):13.2f} {statistics.median(drags):11.0f}"
            + met(statistics.median(works), SECONDS.get(size), below=True)
            + met(1000 * statistics.median(adds), ONE_MORE_MS, below=True)
        )


def drag_ms(state: State) -> float:
    start = time.perf_counter()
    move(state, state.result.placements[0].note_id, state.result.themes[0].id)
    return 1000 * (time.perf_counter() - start)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true", help="small, one seed")
    parser.add_argument("--embeddings", type=Path, metavar="FOLDER", help="a sentence model, for labelled notes only")
    arguments = parser.parse_args()
    embed = sentence_model(arguments.embeddings) if arguments.embeddings else None
    seeds = SEEDS[:1] if arguments.smoke else SEEDS
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}")
    given = os.environ.get("SAMSPEL_DATA")
    folder = Path(given) / "themes" if given else None
    if folder is None or not folder.is_dir():
        print("SAMSPEL_DATA does not name the folder of labelled texts: only times are measured")
    else:
        sib = parse_lexicon(Path(__file__).with_name("sib200-lexicon.txt").read_text(encoding="utf-8"))
        accuracy(folder, sib, embed)
        repeats(folder)
        staying(folder, sib)
        if not arguments.smoke:
            discovery(folder, seeds, embed)
    times((300, 1000) if arguments.smoke else (1000, 10_000), seeds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
