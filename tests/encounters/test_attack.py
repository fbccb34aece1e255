"""An attacker with every page and file of a year, against what the house shows. Written apart from what decides it.

A city of units and services is made answer by answer. At every look the units have read their own pages and all read
the open tables; some answers come late, and some are taken back. The attacker keeps everything and asks two linear
programmes about each number that was hidden: what is the least and the most that it can be? Once as anybody, once as
one who works in a unit and has its own weeks too. Then the protections are taken off one at a time, and she must win.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from samspel.encounters import disclosing
from samspel.encounters import looks as looks_module
from samspel.encounters.disclosing import Entry, Run, figure, hold_back
from samspel.encounters.figures import Counts
from samspel.encounters.looks import Last, Look, line_of, take_look
from samspel.engine.disclosure import Share
from tests.encounters.attacker import Attacker

INSIDE, PUBLIC, RANGE = 5, 10, 5
START = date(2025, 12, 29)
LOOKS, WEEKS = 6, 4
LANGUAGES = ("sv", "ar", "so", "fa")
AGES = ("16-24", "25-44", "65-", "")


@dataclass
class City:
    """Answers by (week, unit, service, language, age), and what was shown of them when."""

    seed: int
    services: int = 2
    units: int = 4
    rate: float = 3.0
    late: float = 0.02
    gone: float = 0.0
    looks: dict[int, list[Look]] = field(default_factory=dict)
    # By unit: what its own page showed of each week, at each reading.
    inside: dict[int, list[dict[str, Entry]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        shape = (LOOKS * WEEKS, self.units, self.services, len(LANGUAGES), len(AGES))
        by_unit = rng.lognormal(0, 0.7, self.units)
        gives = rng.random((self.units, self.services)) < 0.8
        gives[:, 0] = True
        share = np.einsum("u,us,l,a->usla", by_unit, gives, [0.7, 0.2, 0.06, 0.04], [0.2, 0.4, 0.2, 0.2])
        answers = rng.poisson(self.rate * 4 * share, shape)
        # Some come in one look late.
        self.late_answers = rng.binomial(answers, self.late)
        self.answers = answers
        self.good = rng.binomial(answers, 0.75)
        # Some are taken back when they have been told of.
        self.gone_good = rng.binomial(self.good, self.gone)
        self.gone_answers = self.gone_good + rng.binomial(answers - self.good, self.gone)

    def counted(self, look: int) -> tuple[np.ndarray, np.ndarray]:
        """What had come when a look was taken: all weeks so far, less what is still late of the last four."""
        weeks = (look + 1) * WEEKS
        n, good = self.answers[:weeks].copy(), self.good[:weeks].copy()
        late = self.late_answers[weeks - WEEKS : weeks]
        n[weeks - WEEKS :] -= late
        good[weeks - WEEKS :] = np.minimum(good[weeks - WEEKS :], n[weeks - WEEKS :])
        n[: weeks - WEEKS] -= self.gone_answers[: weeks - WEEKS]
        good[: weeks - WEEKS] -= self.gone_good[: weeks - WEEKS]
        return n, good


def counts(n: int, good: int) -> Counts:
    return Counts(int(n), (0, int(n - good), int(good)))


def lines(n: np.ndarray, good: np.ndarray, service: int) -> dict[str, Counts]:
    """A service's cells, of [week, unit, service, language, age]."""
    found = {}
    for line, names, axis in (
        ("week", [f"{START + timedelta(weeks=week)}" for week in range(len(n))], 0),
        ("unit", [str(unit) for unit in range(n.shape[1])], 1),
        ("language", list(LANGUAGES), 2),
        ("age_band", list(AGES), 3),
    ):
        other = tuple(each for each in range(4) if each != axis)
        ns, goods = n[:, :, service].sum(other), good[:, :, service].sum(other)
        found |= {f"{line}:{name}": counts(*pair) for name, *pair in zip(names, ns, goods, strict=True) if pair[0]}
    return found


def play(city: City) -> City:
    """The year, as the house plays it (``compute_looks`` on rows; here on arrays)."""
    for look in range(LOOKS):
        n, good = city.counted(look)
        ends = START + timedelta(weeks=(look + 1) * WEEKS)
        doubted = {f"unit:{unit}" for unit in range(city.units) if read_inside(city, unit, n, good)}
        for service in range(city.services):
            cells = lines(n, good, service)
            total = counts(n[:, :, service].sum(), good[:, :, service].sum())
            past = city.looks.setdefault(service, [])
            past.append(take_look(past, ends, total, cells, threshold=PUBLIC, in_doubt=doubted))
    return city


def read_inside(city: City, unit: int, n: np.ndarray, good: np.ndarray) -> bool:
    """The unit's people read their page; whether its last weeks are in doubt."""
    pages = city.inside.setdefault(unit, [{}])
    weeks = {
        f"{START + timedelta(weeks=week)}": counts(n[week, unit].sum(), good[week, unit].sum())
        for week in range(len(n))
        if n[week, unit].sum()
    }
    pages.append(hold_back(weeks, INSIDE, pages[-1]))
    run = Run()
    for key in sorted(pages[-1]):
        run = run.after(pages[-1][key], INSIDE)
    return run.is_in_doubt(INSIDE)


# ---------------------------------------------------------------- the attacker


def outside(city: City, service: int) -> tuple[Attacker, list[tuple[object, int, int]]]:
    """What anybody knows of a service, and which hidden numbers she asks about: name, truth, what was shown before."""
    she, wanted = Attacker(), []
    read = [(number, look) for number, look in enumerate(city.looks[service]) if not look.total.is_hidden]
    for place, (number, look) in enumerate(read):
        she.knows(("total", number), look.total.n)
        for line in sorted({line_of(key) for key in look.cells}):
            keys = [key for key in look.cells if line_of(key) == line]
            she.adds_up(("total", number), [(key, number) for key in keys])
            for key in keys:
                earlier = [before for before, one in read[:place] if key in one.cells]
                if earlier and look.cells[key].n >= city.looks[service][earlier[-1]].cells[key].n:
                    # Of what shrank she knows that it may; of all else she thinks that it cannot.
                    she.adds_up((key, number), [(key, earlier[-1]), ("new", key, number)])
                if not look.cells[key].is_hidden:
                    she.knows((key, number), look.cells[key].n)
                    continue
                shown = [
                    one.cells[key].n for _, one in read[:place] if key in one.cells and not one.cells[key].is_hidden
                ]
                wanted.append(((key, number), look.cells[key].n, shown[-1] if shown else 0))
    return she, wanted


def found_out(city: City) -> Iterator[str]:
    """Hidden numbers with fewer than RANGE between the least and the most; from 1 to 9 new answers are wanted."""
    for service in range(city.services):
        she, wanted = outside(city, service)
        for name, truth, shown in wanted:
            if 0 < abs(truth - shown) < PUBLIC:
                least, most = she.reach(name)
                if most - least < RANGE - 1e-6:
                    yield f"service {service}, {name}: {truth} lies from {least:g} to {most:g}"


def found_out_inside(city: City, unit: int) -> Iterator[str]:
    """The same for one who works in a unit that all its services' tables show: hidden weeks of her own unit."""
    pages = city.inside[unit][1:]
    for number, page in enumerate(pages):
        told = [Last(city.looks[service][: number + 1]).entry(f"unit:{unit}") for service in range(city.services)]
        n, _ = city.counted(number)
        all_shown = all(told[service].n == int(n[:, unit, service].sum()) for service in range(city.services))
        if not all_shown:
            continue
        she = Attacker()
        she.knows("all", sum(one.n for one in told))
        she.adds_up("all", [*page])
        for key, entry in page.items():
            if not entry.is_hidden:
                # A week that has late answers shows its old number: only that it is no more than it was is known.
                she.knows(key, entry.n)
        if sum(int(n[week, unit].sum()) for week in range(len(n))) != sum(entry.n for entry in page.values()):
            continue  # late answers: the equation does not hold, and she cannot know by how much
        for key, entry in page.items():
            if entry.is_hidden and 0 < entry.n < INSIDE:
                least, most = she.reach(key)
                if most - least < RANGE - 1e-6:
                    yield f"unit {unit}, {key}: {entry.n} lies from {least:g} to {most:g}"


def small_steps(city: City) -> Iterator[str]:
    """Numbers of one cell that were shown at two times and differ by 1 to 4."""
    for service in range(city.services):
        seen: dict[str, set[int]] = {}
        for look in city.looks[service]:
            for key, entry in look.cells.items():
                if not entry.is_hidden and not look.total.is_hidden:
                    seen.setdefault(key, set()).add(entry.n)
        yield from (f"service {service} {key} {numbers}" for key, numbers in _close(seen))
    for unit, pages in city.inside.items():
        seen = {}
        for page in pages:
            for key, entry in page.items():
                if not entry.is_hidden:
                    seen.setdefault(key, set()).add(entry.n)
        yield from (f"unit {unit} {key} {numbers}" for key, numbers in _close(seen))


def small_falls(city: City) -> Iterator[str]:
    """Numbers of everybody's tables that fell by so few that it tells what those few had answered."""
    for looks in city.looks.values():
        for number, look in enumerate(looks):
            before = Last(looks[:number])
            for key, entry in look.cells.items():
                if not entry.is_hidden and 0 < before.entry(key).n - entry.n < PUBLIC:
                    yield f"{key}, look {number}: {before.entry(key).n} and then {entry.n}"


def _close(seen: dict[str, set[int]]) -> Iterator[tuple[str, set[int]]]:
    for key, numbers in seen.items():
        if any(0 < b - a < RANGE for a in numbers for b in numbers):
            yield key, numbers


def unanimous(city: City) -> Iterator[str]:
    """Groups of whom it is told how everyone answered."""
    for service in range(city.services):
        for number in range(len(city.looks[service])):
            last = Last(city.looks[service][: number + 1])
            for line in ("unit", "language", "age_band", "week"):
                for group, told in last.figures(line, PUBLIC).items():
                    if told.is_shown and told.good in {0, told.n}:
                        yield f"{line}:{group}"


CITIES = [City(seed, rate=rate) for seed, rate in enumerate([0.6, 1.2, 2.0, 3.0, 5.0, 1.0, 0.8, 2.5])]


@pytest.fixture(scope="module")
def played() -> list[City]:
    return [play(City(city.seed, rate=city.rate)) for city in CITIES]


def test_nobody_works_out_a_hidden_number_from_all_tables_of_all_times(played: list[City]) -> None:
    assert [one for city in played for one in found_out(city)] == []


@pytest.fixture(scope="module")
def shrunk() -> list[City]:
    return [play(City(city.seed, rate=city.rate, gone=0.08)) for city in CITIES]


def test_nobody_works_out_the_few_that_were_taken_back(shrunk: list[City]) -> None:
    assert [one for city in shrunk for one in found_out(city)] == []
    assert [one for city in shrunk for one in small_steps(city)] == []
    assert [one for city in shrunk for one in small_falls(city)] == []
    assert [one for city in shrunk for one in unanimous(city)] == []


def test_where_some_were_taken_back_there_is_still_something_to_read(shrunk: list[City]) -> None:
    """In most weeks that have been looked at, at the last look."""
    shown = [len(Last(looks).figures("week", PUBLIC)) for city in shrunk for looks in city.looks.values()]
    fell = [
        now.cells[key].n < before.cells[key].n
        for city in shrunk
        for looks in city.looks.values()
        for before, now in pairwise(looks)
        for key in before.cells
    ]

    assert sum(fell) > 100
    assert sum(shown) > len(shown) * LOOKS * WEEKS / 2


def test_something_was_hidden_and_something_shown(played: list[City]) -> None:
    """So that the attack above had something to attack."""
    waits = [
        entry.is_hidden
        for city in played
        for looks in city.looks.values()
        for look in looks
        for entry in look.cells.values()
    ]

    assert sum(waits) > 200
    assert len(waits) - sum(waits) > 200


def test_nobody_works_out_a_hidden_week_of_her_own_unit(played: list[City]) -> None:
    assert [one for city in played for unit in range(city.units) for one in found_out_inside(city, unit)] == []


def test_no_number_that_was_shown_twice_differs_by_one_to_four(played: list[City]) -> None:
    assert [one for city in played for one in small_steps(city)] == []


def test_of_nobody_it_is_told_how_all_answered(played: list[City]) -> None:
    assert [one for city in played for one in unanimous(city)] == []


# ---------------------------------------------------------------- with the protections off, one at a time


def test_without_the_cells_beside_she_finds_small_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_small(keys, cells, news, last, threshold, *_more):  # type: ignore[no-untyped-def]
        return {key for key in keys if 0 < news[key] < threshold}

    monkeypatch.setattr(looks_module, "_waiting", only_small)
    monkeypatch.setattr(looks_module, "_told", lambda *_: iter(()))

    assert any(found_out(play(City(city.seed, rate=city.rate))) for city in CITIES[:4])


def test_without_waiting_for_new_answers_she_subtracts_yesterday(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(past, ends, total, cells, *, threshold, in_doubt=()):  # type: ignore[no-untyped-def]
        entries = {key: Entry(one.n, one.good, one.n < threshold) for key, one in cells.items()}
        return Look(ends, Entry(total.n, total.good), entries)

    monkeypatch.setitem(globals(), "take_look", at_once)

    assert any(any(small_steps(play(City(city.seed, rate=city.rate)))) for city in CITIES[:4])


def test_without_the_threshold_small_numbers_stand_there() -> None:
    assert figure(3, 2, threshold=1).n == 3
    assert figure(3, 2, threshold=INSIDE).n is None


def test_without_the_next_week_a_units_own_sum_tells_the_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def small_only(weeks, threshold, last):  # type: ignore[no-untyped-def]
        return {**last, **{key: Entry(one.n, one.good, one.n < threshold) for key, one in weeks.items()}}

    monkeypatch.setitem(globals(), "hold_back", small_only)
    monkeypatch.setattr(Run, "is_in_doubt", lambda self, threshold: False)

    cities = [play(City(seed, rate=2.5, services=1, late=0.0)) for seed in range(6)]
    assert any(found_out_inside(city, unit) for city in cities for unit in range(city.units))


def test_without_at_least_it_is_told_how_all_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosing, "told_share", lambda good, n, threshold: Share(good / n, good / n))

    assert figure(12, 12, threshold=PUBLIC).good == 12
