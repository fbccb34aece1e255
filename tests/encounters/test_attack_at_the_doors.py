"""An attacker who has only what she can fetch: pages, files and the API, at each look of a town's first twelve weeks.

As a visitor she reads every open table in every form; as one who works in a unit also that unit's own page and points,
every other week. She keeps it all, and knows how the house works: what adds up to what, that a figure which moved is
new, that counts grow. Two linear programmes tell what she can say of each number that was hidden. What was really
answered is only used to judge whether she was right. Then one protection is taken off at a time, and she must win.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module

import numpy as np
import pytest
from django.conf import settings
from django.test import Client
from django.utils.timezone import localdate

from samspel.encounters import compaction, compute_looks, disclosing
from samspel.encounters import looks as looks_module
from samspel.encounters.compute_looks import take_due_looks
from samspel.encounters.disclosing import Entry, Run
from samspel.encounters.models import Answer, Point, Service
from samspel.engine.disclosure import Share
from samspel.people.models import Unit
from tests.conftest import SignIn
from tests.encounters.answers import answer
from tests.encounters.asking import make_point, make_service
from tests.encounters.attacker import Attacker
from tests.people import Town, make_person, make_unit

INSIDE, PUBLIC, RANGE = 5, 10, 5
START = date(2025, 12, 29)
WEEKS = 12
COLLEAGUES = 2  # units that somebody reads from within: one gives a single service
LANGUAGES = {"sv": 0.7, "ar": 0.18, "so": 0.06, "fa": 0.06}
ALL_CONTENT = "fa"  # everybody who speaks it says that it was good
AGES = {"16-24": 0.2, "25-44": 0.4, "65-": 0.2, "": 0.2}
KEYS = ("guidance", "other")
FORMS = ("weeks", "groups", "units")

Row = dict[str, str]


@dataclass
class Read:
    """What was fetched at one time: rows of files as they came, by service and table; the API's sums by service."""

    at: date
    tables: dict[tuple[str, str], list[Row]]
    totals: dict[str, int | None]


@dataclass
class Notes:
    """All that somebody has fetched. ``inside``: a unit's weeks, each time; ``own``: its place in each service."""

    open: list[Read] = field(default_factory=list)
    inside: list[dict[str, Row]] = field(default_factory=list)
    own: list[dict[str, int]] = field(default_factory=list)
    points: list[dict[str, dict[str, str]]] = field(default_factory=list)


@dataclass
class City:
    units: list[Unit]
    services: list[Service]
    points: dict[int, list[Point]]
    visitor: Notes = field(default_factory=Notes)
    colleagues: dict[int, Notes] = field(default_factory=dict)


# ---------------------------------------------------------------- the town, and what is fetched of it


def make_city(town: Town, seed: int, rate: float, first: float) -> tuple[City, list[tuple[int, Answer]]]:
    """Four units, two services, and their answers with the week in which each comes; some come in late. ``first``: how
    much larger than another one the first unit is, which gives one service alone."""
    rng = np.random.default_rng(seed)
    units = [town.guidance, town.library, make_unit("Tredje", town.root), make_unit("Fjärde", town.root)]
    services = [make_service(), make_service("other", "Få något annat")]
    points = {unit.pk: [make_point(unit, service=services[0]) for _ in range(2)] for unit in units}
    answers = []
    size = rng.lognormal(0, 0.7, len(units)) * [first, 1, 1, 1]
    for number, unit in enumerate(units):
        for at, service in enumerate(services if number else services[:1]):
            for week in range(WEEKS):
                for language, many in LANGUAGES.items():
                    for age, part in AGES.items():
                        for _ in range(rng.poisson(rate * 4 * size[number] * many * part * (1 if at == 0 else 0.6))):
                            is_good = language == ALL_CONTENT or rng.random() < 0.75
                            made = answer(
                                unit,
                                3 if is_good else 1,
                                day=START + timedelta(weeks=week, days=int(rng.integers(7))),
                                service=service,
                                language=language,
                                age_band=age,
                                channel="visit",
                                point=points[unit.pk][int(rng.random() < 0.2)],
                            )
                            answers.append((week + (4 if rng.random() < 0.02 else 0), made))
    return City(units, services, points), answers


def play(
    town: Town,
    set_clock: Callable[[datetime], None],
    *,
    seed: int = 1,
    rate: float = 2.0,
    first: float = 1.0,
    weeks: int = 8,
) -> City:
    """Twelve weeks: colleagues read every other one, looks are taken every fourth, all read a week after."""
    city, answers = make_city(town, seed, rate, first)
    at_work = city.units[:COLLEAGUES]
    clients = [SignIn()(make_person(f"Kollega {unit.pk}", unit, "member")) for unit in at_work]
    for week in range(2, weeks + 1, 2):
        at = datetime.combine(START + timedelta(weeks=week), time(11), UTC)
        set_clock(at)
        Answer.objects.bulk_create([one for comes, one in answers if week - 2 <= comes < week])
        compaction.refresh(at)
        for unit, client in zip(at_work, clients, strict=True):
            read_inside(client, unit, city.points[unit.pk], city.colleagues.setdefault(unit.pk, Notes()))
        if week % 4:
            continue
        take_due_looks(at)
        for unit, client in zip(at_work, clients, strict=True):
            city.colleagues[unit.pk].own.append({key: own for key in KEYS if (own := own_place(client, key))})
        set_clock(at + timedelta(days=8))
        city.visitor.open.append(read_open(Client()))
    return city


def fetch(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return str(response.content.decode("utf-8-sig"))


def rows_of(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text)))


def read_open(client: Client) -> Read:
    """Every open table in each form it is offered in; they must say the same, so one of them is kept."""
    told: dict[str, int | None] = {one["key"]: one["answers"] for one in client.get("/api/v1/services").json()}
    tables = {}
    for key in KEYS:
        if told[key] is None:
            continue
        for name in FORMS:
            tables[key, name] = rows_of(fetch(client, f"/services/{key}/{name}.csv"))
            for other in (f"/services/{key}/{name}.json", f"/api/v1/services/{key}/{name}"):
                as_text = [
                    {k: ".." if v is None else str(v) for k, v in row.items()} for row in client.get(other).json()
                ]
                assert as_text == tables[key, name]
        for page, name in (("", "weeks"), ("", "units"), ("/equal", "groups"), ("/equal", "units")):
            shown = fetch(client, f"/services/{key}{page}?table={name}")
            cells = {re.sub(r"\D", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", shown, re.S)}
            for row in tables[key, name]:
                assert row["answers"] == ".." or row.get("group") == "" or row["answers"] in cells
        fetch(client, f"/services/{key}/equal")
    sums = rows_of(fetch(client, "/encounters/weeks.csv"))
    for key in KEYS:
        if (key, "weeks") in tables:
            tables[key, "weeks"] = from_the_first_week(tables[key, "weeks"])
    for row in sums:
        parts = [
            week["answers"]
            for key in KEYS
            for week in tables.get((key, "weeks"), [])
            if week["week_begins"] == row["week_begins"]
        ]
        assert number(row["answers"]) == sum(number(part) for part in parts)  # the city adds nothing
    return Read(START, tables, told)


def from_the_first_week(weeks: list[Row]) -> list[Row]:
    """A service's table begins with the first week that is shown; she knows that the year had weeks before, hidden."""
    begun = date.fromisoformat(weeks[0]["week_begins"]) if weeks else localdate()
    before = [START + timedelta(weeks=number) for number in range((begun - START).days // 7)]
    return [{"week_begins": week.isoformat(), "answers": ".."} for week in before] + weeks


def read_inside(client: Client, unit: Unit, points: list[Point], notes: Notes) -> None:
    """The unit's own weeks, and each point's."""
    here = f"/units/{unit.pk}/encounters"
    weeks = rows_of(fetch(client, f"{here}/weeks.csv"))
    notes.inside.append({row["week_begins"]: row for row in weeks if row["side"] == "resident"})
    page = re.findall(r'<th scope="row">\d+</th><td>(.*?)</td>', fetch(client, f"{here}?table=1"))
    assert page == [row["answers"] for row in weeks if row["side"] == "resident"]
    read = {}
    for point in points:
        page = fetch(client, f"{here}/points/{point.pk}")
        cells = re.findall(r'<th scope="row">(\d+) .*?</th><td class="sam-num">(.*?)</td>', page)
        read[str(point.pk)] = {week: re.sub(r"<.*", "", cell) for week, cell in cells}
    notes.points.append(read)


def own_place(client: Client, key: str) -> int:
    """How many answered at her own place, as the service's page tells her; 0 where it tells nothing."""
    found = re.search(r'<td class="sam-num">(\d+) <strong>Ni</strong>', fetch(client, f"/services/{key}?table=units"))
    return int(found[1]) if found else 0


def number(cell: str) -> int:
    return int(cell) if cell.isdigit() else 0


# ---------------------------------------------------------------- what she makes of it


def lines_of(read: Read, key: str) -> dict[str, dict[str, Row]]:
    """The lines of a service's sum that have names: its weeks and its dimensions."""
    lines = {"week": {row["week_begins"]: row for row in read.tables[key, "weeks"]}}
    for row in read.tables[key, "groups"]:
        lines.setdefault(row["dimension"], {})[row["group"]] = row
    return lines


def visitors_ranges(notes: Notes) -> Iterator[tuple[str, str, str, int, tuple[float, float]]]:
    """Of each number that is hidden, or stands while its sum moves: service, line, group, reading, and its range."""
    for key in KEYS:
        reads = [read for read in notes.open if read.totals[key] is not None]
        for line in sorted({name for read in reads for name in lines_of(read, key)}):
            she, stale = Attacker(), []
            for place, read in enumerate(reads):
                she.knows(("total", place), int(read.totals[key] or 0))
                groups = lines_of(read, key).get(line, {})
                before = lines_of(reads[place - 1], key).get(line, {}) if place else {}
                she.adds_up(("total", place), [(group, place) for group in groups])
                for group, row in groups.items():
                    if group in before:
                        she.adds_up((group, place), [(group, place - 1), ("new", group, place)])
                    was = before[group]["answers"] if group in before else ".."
                    if row["answers"] != ".." and row["answers"] != was:
                        she.knows((group, place), int(row["answers"]))
                        continue
                    if row["answers"] != "..":
                        she.knows(("shown", group, place), int(row["answers"]))
                        she.adds_up((group, place), [("shown", group, place), ("since", group, place)])
                    stale.append((group, place))
            for group, place in stale:
                yield key, line, group, place, she.reach((group, place))


def worked_out(city: City) -> list[str]:
    """Hidden numbers of 1 to 9 that a visitor can say to within fewer than five."""
    found = []
    for key, line, group, place, (least, most) in visitors_ranges(city.visitor):
        shown = lines_of([read for read in city.visitor.open if read.totals[key] is not None][place], key)[line][group]
        new = least - number(shown["answers"])
        if most - least < RANGE - 1e-6 and most > number(shown["answers"]) and new < PUBLIC:
            found.append(f"{key}, {line} {group}, reading {place}: from {least:g} to {most:g}")
    return found


def small_steps(city: City) -> list[str]:
    """Numbers with a name that were read twice and differ by less than the threshold."""
    found = []
    seen: dict[tuple[str, ...], list[int]] = {}
    for read in city.visitor.open:
        for (key, name), rows in read.tables.items():
            for row in rows if name != "units" else ():
                place = (key, name, row.get("dimension", ""), row.get("group", row.get("week_begins", "")))
                seen.setdefault(place, []).append(number(row["answers"]))
    found += [f"{place} {numbers}" for place, numbers in seen.items() if _is_close(numbers, PUBLIC)]
    for unit, notes in city.colleagues.items():
        weeks: dict[str, list[int]] = {}
        for page in notes.inside:
            for week, row in page.items():
                weeks.setdefault(week, []).append(number(row["answers"]))
        found += [f"unit {unit}, {week} {numbers}" for week, numbers in weeks.items() if _is_close(numbers, INSIDE)]
    return found


def _is_close(numbers: list[int], least: int) -> bool:
    return any(0 < abs(one - other) < least for one in numbers for other in numbers if one and other)


def goods_of(row: Row) -> set[int]:
    """How many can have been good, as the row tells it: shares come as whole hundredths."""
    n, share = int(row["answers"]), int(row["good_of_100"])
    if row["told"] == "at least":
        return {good for good in range(n + 1) if good >= n - 1}
    if row["told"] == "at most":
        return {0, 1}
    return {good for good in range(n + 1) if round(100 * good / n) == share}


def unanimous(city: City) -> list[str]:
    """Of whom it is told how every one answered: all of a row, or all that came to it between two readings."""
    found = []
    last: dict[tuple[str, ...], tuple[int, set[int]]] = {}
    for place, read in enumerate(city.visitor.open):
        for (key, name), rows in read.tables.items():
            for row in rows:
                if row["answers"] == "..":
                    continue
                n, goods = int(row["answers"]), goods_of(row)
                if goods <= {0} or goods <= {n}:
                    found.append(f"{key}, {name}, reading {place}: {row}")
                which = (key, name, row.get("dimension", ""), row.get("group", row.get("week_begins", "")))
                if name == "units":
                    continue
                was_n, was = last.get(which, (0, {0}))
                new = {now - then for now in goods for then in was if 0 <= now - then <= n - was_n}
                if n > was_n and (new <= {0} or new <= {n - was_n}):
                    found.append(f"{which}, reading {place}: all of {n - was_n} new ones")
                last[which] = n, goods
    return found


def own_weeks(city: City) -> list[str]:
    """A unit's own hidden weeks that one of its people can tell by what the services say of her place."""
    found = []
    for number_of_unit, unit in enumerate(city.units[:COLLEAGUES]):
        notes, keys = city.colleagues[unit.pk], KEYS if number_of_unit else KEYS[:1]
        for look, own in enumerate(notes.own):
            before = notes.own[look - 1] if look else {}
            if any(own.get(key, 0) == before.get(key, 0) for key in keys):
                continue  # a place that stands still tells nothing about now
            page = {week: row for week, row in notes.inside[2 * look + 1].items() if week >= START.isoformat()}
            she = Attacker()
            she.knows("all", sum(own[key] for key in keys))
            she.adds_up("all", [*page, "late"])
            if sum(number(row["answers"]) for row in page.values()) > sum(own.values()):
                continue
            for week, row in page.items():
                if row["answers"] != "..":
                    she.knows(week, int(row["answers"]))
            for week, row in page.items():
                if row["answers"] == "..":
                    least, most = she.reach(week)
                    if most - least < RANGE - 1e-6 and most > 0:
                        found.append(f"{unit}, {week}: from {least:g} to {most:g}")
    return found


def late_ones(city: City) -> list[str]:
    """A few that came to weeks after those were shown: a unit's own place in all its services, less its weeks, tells of
    them, or what that came to at one look less what it came to at another."""
    found = []
    for number_of_unit, unit in enumerate(city.units[:COLLEAGUES]):
        notes, keys = city.colleagues[unit.pk], KEYS if number_of_unit else KEYS[:1]
        left = {"the beginning": 0}
        for look, own in enumerate(notes.own):
            before = notes.own[look - 1] if look else {}
            if any(own.get(key, 0) == before.get(key, 0) for key in keys):
                continue
            page = [row for week, row in notes.inside[2 * look + 1].items() if week >= START.isoformat()]
            now = sum(own[key] for key in keys) - sum(number(row["answers"]) for row in page)
            found += [
                f"{unit}, look {look}: {now}, {was} at {at}" for at, was in left.items() if 0 < now - was < INSIDE
            ]
            left[f"look {look}"] = now
    return found


def beside_points(city: City) -> list[str]:
    """A point's hidden week that the other points and the unit's week give away."""
    found = []
    for unit, notes in city.colleagues.items():
        for page, points in zip(notes.inside, notes.points, strict=True):
            for row in page.values():
                cells = [told[row["week"]] for told in points.values() if row["week"] in told]
                hidden = [cell for cell in cells if cell == ".."]
                left = number(row["answers"]) - sum(map(number, cells))
                if row["answers"] != ".." and len(hidden) == 1 and 0 < left < INSIDE:
                    found.append(f"{unit}, week {row['week']}: {left}")
    return found


def others_weeks(city: City) -> list[str]:
    """A week of a service, or its sum, less one's own unit's: where one's unit gives that service alone, a few are
    left, and they are some other unit's."""
    found = []
    notes, last = city.colleagues[city.units[0].pk], (0, 0)
    for look, read in enumerate(read for read in city.visitor.open if read.totals[KEYS[0]] is not None):
        page = {week: row for week, row in notes.inside[2 * look + 1].items() if week >= START.isoformat()}
        before = lines_of(city.visitor.open[look - 1], KEYS[0])["week"] if look else {}
        for week, row in lines_of(read, KEYS[0])["week"].items():
            own = page.get(week, {}).get("answers", "..")
            is_new = week not in before or before[week]["answers"] != row["answers"]
            if row["answers"] != ".." and own != ".." and is_new and 0 < int(row["answers"]) - int(own) < INSIDE:
                found.append(f"week {week}: {row['answers']} less {own}")
        own, total = notes.own[look].get(KEYS[0], 0), read.totals[KEYS[0]] or 0
        left = (total - last[0]) - (own - last[1])
        if own > last[1] and total > last[0] and 0 < left < INSIDE:
            found.append(f"look {look}: {total} less {own}, after {last}")
        last = (total, own) if own > last[1] else last
    return found


ATTACKS = (worked_out, small_steps, unanimous, own_weeks, late_ones, beside_points, others_weeks)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    # Pages that were first loaded meanwhile would keep this clock for the tests that come after.
    import_module(settings.ROOT_URLCONF)
    return lambda moment: monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


@pytest.mark.parametrize(("seed", "rate", "first"), [(1, 0.8, 1.0), (3, 0.5, 8.0), (2, 5.0, 1.0)])
def test_at_the_doors_nobody_works_out_a_hidden_number(
    town: Town, set_clock: Callable[[datetime], None], seed: int, rate: float, first: float
) -> None:
    city = play(town, set_clock, seed=seed, rate=rate, first=first, weeks=WEEKS)

    assert {attack.__name__: attack(city) for attack in ATTACKS} == {attack.__name__: [] for attack in ATTACKS}
    told = [row["answers"] for read in city.visitor.open for rows in read.tables.values() for row in rows]
    assert told.count("..") >= 20  # there was something to attack, and something to attack it with
    assert len(told) - told.count("..") > 40
    inside = [row["answers"] for notes in city.colleagues.values() for page in notes.inside for row in page.values()]
    assert any(map(number, inside))


# ---------------------------------------------------------------- with the protections off, one at a time


def test_without_the_cells_beside_she_finds_small_numbers(
    town: Town, set_clock: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_small(keys, cells, news, last, threshold, *_more):  # type: ignore[no-untyped-def]
        return {key for key in keys if 0 < news[key] < threshold}

    monkeypatch.setattr(looks_module, "_waiting", only_small)
    monkeypatch.setattr(looks_module, "_told", lambda *_: iter(()))

    assert worked_out(play(town, set_clock))


def test_without_waiting_for_new_answers_she_subtracts_yesterday(
    town: Town, set_clock: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disclosing, "_may_move", lambda entry, now, threshold: entry.n != now.n)

    assert small_steps(play(town, set_clock, weeks=8))


def test_without_at_least_it_is_told_how_all_answered(
    town: Town, set_clock: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_it_is(good, n, threshold):  # type: ignore[no-untyped-def]
        return Share(good / n, good / n) if n >= threshold else None

    monkeypatch.setattr(disclosing, "told_share", as_it_is)

    assert unanimous(play(town, set_clock))


def test_without_the_next_week_a_units_own_sum_tells_the_small_one(
    town: Town, set_clock: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def small_only(weeks, threshold, last):  # type: ignore[no-untyped-def]
        return {**last, **{key: Entry(one.n, one.good, one.n < threshold) for key, one in weeks.items()}}

    monkeypatch.setattr(disclosing, "hold_back", small_only)
    monkeypatch.setattr(Run, "is_in_doubt", lambda self, threshold: False)
    monkeypatch.setattr(disclosing.Unsaid, "may_be_told", lambda *_given, **_more: True)

    assert own_weeks(play(town, set_clock, seed=54, rate=3.0))  # its weeks had 7, 5, 1 and 6 answers


def test_without_care_for_what_came_late_a_units_own_sum_tells_of_one(
    town: Town, set_clock: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disclosing.Unsaid, "may_be_told", lambda unsaid, *_given, **_more: not unsaid.is_in_doubt)

    assert late_ones(play(town, set_clock, seed=2, rate=5.0))


def test_without_the_points_beside_the_units_week_tells_the_small_one(
    town: Town, set_clock: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disclosing, "parts", lambda entries, threshold: dict(entries))

    assert beside_points(play(town, set_clock))


def test_without_care_for_what_a_unit_knows_of_itself_its_people_learn_the_rest(
    town: Town, set_clock: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute_looks, "take_look", lambda *given, own, **more: looks_module.take_look(*given, **more))

    assert others_weeks(play(town, set_clock, seed=3, rate=0.5, first=8.0))
