"""What a hall of phones measured, and how it is told."""

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

LABELS = {
    "frame_lobby": "lobby",
    "frame": "welcome",
    "solo": "alone",
    "table": "at the table",
    "break": "change of tables",
    "whole": "together",
    "whole_ballot": "ballot",
    "agree": "agreements",
    "checkout": "check-out",
    "frame_closed": "closed",
}
# In the order in which people do them.
DEEDS = ("mistyped", "join", "note", "ready", "share", "mark", "ready at the table", "merge", "order", "hand in")
DEEDS_TOGETHER = ("ballot", "agreement", "check-out")


@dataclass
class Arrival:
    """When the first and the last phone heard an event, in seconds of the monotonic clock, and how many did."""

    first_s: float
    last_s: float
    phones: int = 1


@dataclass
class Step:
    """A step that the leader took: when each phone had its page, and what the server used from it to the next."""

    label: str = ""
    pages: list[float] = field(default_factory=list)  # from hearing of it to having its page
    last_s: float = 0.0
    cpu_s: float = 0.0  # the server's, when the step began


@dataclass
class Figures:
    """What was measured: times in seconds. ``failed`` counts sentences; ``lost`` and ``doubled`` name texts."""

    acknowledged: dict[str, list[float]] = field(default_factory=dict)  # by kind of write
    events: dict[int, Arrival] = field(default_factory=dict)  # by number in the room
    steps: dict[int, Step] = field(default_factory=dict)  # by the event's number
    joined: int = 0
    lines_lost: int = 0
    again: int = 0  # requests that got no answer and were sent again
    limited: int = 0  # answers «too many»
    failed: Counter[str] = field(default_factory=Counter)
    checked: int = 0  # acknowledged notes that were looked for on their authors' own pages
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reseated: list[str] = field(default_factory=list)
    cpu_s: float = 0.0
    kb_a_phone: float | None = None

    def spread_of(self, number: int) -> float | None:
        """From the first phone to the last, of an event that all heard."""
        arrival = self.events.get(number)
        if arrival is None or not self.joined or arrival.phones < self.joined:
            return None
        return arrival.last_s - arrival.first_s

    def wait_of(self, number: int) -> float:
        """From the first phone that heard of a step to the last that had its page."""
        return self.steps[number].last_s - self.events[number].first_s

    @property
    def is_whole(self) -> bool:
        """Whether nothing failed, was lost, doubled or moved."""
        return not (self.failed or self.lost or self.doubled or self.reseated)


def shares(seconds: Sequence[float], *percent: int) -> list[float]:
    """Percentiles in milliseconds, by nearest rank; none when there is nothing.

    >>> shares([0.010, 0.020, 0.030, 0.040], 50, 99)
    [20.0, 40.0]
    """
    ordered = sorted(seconds)
    return [round(ordered[max(0, -(-len(ordered) * one // 100) - 1)] * 1000, 1) for one in percent] if ordered else []


# ---------------------------------------------------------------- the server, where it is on this machine


@dataclass(frozen=True)
class Usage:
    """Processor seconds and kilobytes (shared pages counted once) of some processes."""

    cpu_s: float
    kb: float


def usage_of(pids: Sequence[int]) -> Usage:
    """Of processes of this machine that still live (Linux)."""
    cpu_s, kb = 0.0, 0.0
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        cpu_s += (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        kb += next((float(line.split()[1]) for line in rollup if line.startswith("Pss:")), 0.0)
    return Usage(cpu_s, kb)


def step_now(figures: Figures, number: int, pids: Sequence[int]) -> Step:
    """The step of an event, made when the first phone hears of it."""
    step = figures.steps.get(number)
    if step is None:
        step = figures.steps[number] = Step(last_s=time.monotonic(), cpu_s=usage_of(pids).cpu_s if pids else 0.0)
    return step


# ---------------------------------------------------------------- for people and for programs


def report(figures: Figures, people: int) -> str:
    """The figures as tables for people, in milliseconds."""
    lines = [f"{'acknowledged, ms':24}{'count':>8}{'p50':>9}{'p95':>9}{'p99':>9}{'most':>9}"]
    for kind in (*DEEDS, *DEEDS_TOGETHER):
        if values := figures.acknowledged.get(kind):
            told = "".join(f"{one:9.0f}" for one in shares(values, 50, 95, 99, 100))
            lines.append(f"{kind:24}{len(values):8}{told}")
    lines += ["", f"{'a new step, ms':24}{'event':>8}{'page p50':>9}{'p95':>9}{'p99':>9}{'last':>9}{'CPU s':>9}"]
    numbers = sorted(figures.steps)
    for place, number in enumerate(numbers):
        step = figures.steps[number]
        spread = figures.spread_of(number)
        until_s = figures.steps[numbers[place + 1]].cpu_s if place + 1 < len(numbers) else figures.cpu_s
        told = "".join(f"{one:9.0f}" for one in shares(step.pages, 50, 95, 99)) or f"{'–':>27}"
        used = f"{until_s - step.cpu_s:9.1f}" if until_s else f"{'–':>9}"
        waited = f"{figures.wait_of(number) * 1000:9.0f}" if step.pages and number in figures.events else f"{'–':>9}"
        lines.append(
            f"{place + 1:3} {step.label:20}{'–' if spread is None else f'{spread * 1000:.0f}':>8}{told}{waited}{used}"
        )
    lines += ["", told_in_words(figures, people)]
    lines += [f"{count} × {words}" for words, count in figures.failed.most_common(10)]
    for name, found in (("LOST", figures.lost), ("DOUBLED", figures.doubled), ("MOVED", figures.reseated)):
        lines += [f"{name}: {one}" for one in found[:10]]
    return "\n".join(lines)


def told_in_words(figures: Figures, people: int) -> str:
    """The rest in a few lines."""
    heard = sum(one.phones for one in figures.events.values())
    lines = [
        f"{figures.joined} of {people} joined; {len(figures.events)} events heard {heard} times; "
        f"lines lost {figures.lines_lost}; sent again {figures.again}; told to wait {figures.limited}",
        f"{figures.checked} acknowledged notes looked for: {len(figures.lost)} lost, {len(figures.doubled)} doubled",
    ]
    if figures.kb_a_phone is not None:
        lines.append(f"server: {figures.cpu_s:.1f} s of processor time, {figures.kb_a_phone:.1f} kB a phone")
    return "\n".join(lines)


def as_record(figures: Figures) -> dict[str, object]:
    """The figures for programs: percentiles in milliseconds."""
    names = ("p50", "p95", "p99", "most")

    def row(values: Sequence[float]) -> dict[str, object]:
        return {"count": len(values), **dict(zip(names, shares(values, 50, 95, 99, 100), strict=False))}

    steps = []
    for number in sorted(figures.steps):
        step, spread = figures.steps[number], figures.spread_of(number)
        steps.append(
            {
                "step": step.label,
                "event_last_ms": None if spread is None else round(spread * 1000, 1),
                "page": row(step.pages),
                "page_last_ms": round(figures.wait_of(number) * 1000, 1) if number in figures.events else None,
                "cpu_s": round(step.cpu_s, 2),
            }
        )
    return {
        "joined": figures.joined,
        "acknowledged": {kind: row(values) for kind, values in figures.acknowledged.items()},
        "steps": steps,
        "lines_lost": figures.lines_lost,
        "again": figures.again,
        "limited": figures.limited,
        "checked": figures.checked,
        "lost": figures.lost,
        "doubled": figures.doubled,
        "reseated": figures.reseated,
        "failed": dict(figures.failed),
        "cpu_s": round(figures.cpu_s, 2),
        "kb_a_phone": figures.kb_a_phone,
    }
