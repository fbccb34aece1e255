"""A service's open tables: taken every fourth week, all lines together, kept as they were."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest

from samspel.encounters.compute_looks import take_due_looks
from samspel.encounters.disclosing import Entry
from samspel.encounters.figures import Counts
from samspel.encounters.looks import Last, Look, effects_of, look_days, take_look
from samspel.encounters.models import Service
from samspel.encounters.open_figures import OpenFigures, open_figures
from samspel.engine.inference import ClusterSums, design_effects
from tests.encounters.answers import given, refreshed
from tests.encounters.asking import make_service
from tests.people import Town, make_unit

START = date(2026, 1, 1)


def counts(n: int, good: int | None = None) -> Counts:
    good = n * 3 // 4 if good is None else good
    return Counts(n, (0, n - good, good))


def looked(*steps: dict[str, Counts], **options: object) -> list[Look]:
    """Looks of these languages' counts, in order; the weeks' line is left out."""
    past: list[Look] = []
    for number, step in enumerate(steps):
        total = counts(sum(one.n for one in step.values()), sum(one.good for one in step.values()))
        cells = {f"language:{group}": one for group, one in step.items()}
        past.append(take_look(past, START + timedelta(weeks=number), total, cells, threshold=10, **options))  # type: ignore[arg-type]
    return past


def days(*both: tuple[int, int]) -> ClusterSums:
    """Days, each (good, answers), as sums."""
    n, good = sum(of for _, of in both), sum(one for one, _ in both)
    return ClusterSums(
        n, good, sum(of**2 for _, of in both), sum(one * of for one, of in both), sum(one**2 for one, _ in both)
    )


def shown(looks: list[Look]) -> dict[str, str]:
    return {group: str(one) for group, one in sorted(Last(looks).figures("language", 10).items())}


def test_a_year_has_thirteen_looks_and_the_last_is_when_it_is_over():
    assert look_days(2026)[:2] == [date(2026, 1, 26), date(2026, 2, 23)]
    assert (len(look_days(2026)), look_days(2026)[-1]) == (13, date(2027, 1, 4))
    assert len(look_days(2025)) == 13


def test_a_small_group_is_hidden_and_the_next_smallest_with_it():
    looks = looked({"sv": counts(80), "ar": counts(30), "so": counts(3)})

    assert shown(looks) == {"sv": "80"}


def test_a_group_in_which_too_little_is_new_keeps_its_figure():
    looks = looked(
        {"sv": counts(80), "ar": counts(30), "fa": counts(20)},
        {"sv": counts(160), "ar": counts(60), "fa": counts(23)},
    )

    assert shown(looks) == {"ar": "30", "fa": "20", "sv": "160"}


def test_an_effect_is_as_old_as_its_figure_and_told_in_twentieths_upwards():
    cells = {"language:sv": Entry(300, 200), "language:ar": Entry(40, 20)}
    past = [
        Look(START, Entry(340, 220), cells, {"language:sv": 1.4, "language:ar": 2.0}),
        Look(
            START + timedelta(weeks=4),
            Entry(400, 260),
            {"language:sv": Entry(350, 230), "language:ar": Entry(50, 30, True)},
        ),
    ]

    assert Last(past[:1]).effects("language") == {"sv": 1.4, "ar": 2.0}
    assert Last(past).effects("language") == {"sv": 1.0, "ar": 2.0}
    assert effects_of({"language:sv": days((8, 10), (4, 10), (6, 10))}, threshold=10) == {}


def test_effects_are_of_cells_that_may_be_told_in_lines_with_enough():
    alike = days(*[(10, 10), (2, 10)] * 12)
    few = days((5, 5), (0, 4))

    found = effects_of({"language:sv": alike, "language:so": few, "area:1": few}, threshold=10)

    assert found == {"language:sv": math.ceil(20 * design_effects([alike])[0]) / 20}
    assert effects_of({"language:sv": days(*[(10, 10), (2, 10)] * 9)}, threshold=10) == {}  # 180 answers


def test_nothing_moves_when_too_little_is_new_in_all():
    looks = looked({"sv": counts(80), "ar": counts(30)}, {"sv": counts(84), "ar": counts(35)})

    assert Last(looks).total.n == 110
    assert looks[1].total.is_hidden


def test_a_few_that_were_taken_back_wait_and_another_group_with_them():
    looks = looked(
        {"sv": counts(80), "ar": counts(30), "fa": counts(40)},
        {"sv": counts(160), "ar": counts(29, 21), "fa": counts(60)},
    )

    assert shown(looks) == {"ar": "30", "fa": "40", "sv": "160"}
    assert Last(looks).total.n == 249


def test_one_taken_back_and_one_come_are_not_told_by_how_many_were_good():
    looks = looked(
        {"sv": counts(80), "ar": counts(30, 20), "fa": counts(40)},
        {"sv": counts(160), "ar": counts(30, 21), "fa": counts(60)},
    )

    assert Last(looks).entry("language:ar").good == 20
    assert shown(looks) == {"ar": "30", "fa": "40", "sv": "160"}


def test_many_that_were_taken_back_are_told_and_not_when_all_were_good():
    before = {"sv": counts(80), "ar": counts(60, 40), "fa": counts(40)}

    assert shown(looked(before, {"sv": counts(160), "ar": counts(30, 20), "fa": counts(60)}))["ar"] == "30"
    assert shown(looked(before, {"sv": counts(160), "ar": counts(30, 10), "fa": counts(60)}))["ar"] == "60"


def test_a_group_of_which_all_was_taken_back_is_shown_no_more():
    looks = looked({"sv": counts(80), "ar": counts(30, 20)}, {"sv": counts(120)})

    assert shown(looks) == {"ar": "..", "sv": "120"}


def test_news_of_which_all_are_good_wait():
    looks = looked(
        {"sv": counts(80), "ar": counts(30, 20), "fa": counts(40)},
        {"sv": counts(160), "ar": counts(45, 35), "fa": counts(80)},
    )

    assert shown(looks)["ar"] == "30"


def test_the_only_group_that_all_praised_is_not_told_by_the_sum():
    looks = looked({"sv": counts(80), "ar": counts(30), "fa": counts(12, 12)})

    told = Last(looks).figures("language", 10)
    assert len(told) < 3


def test_a_week_of_which_one_unit_has_nearly_all_is_not_told_as_its_people_know_the_rest():
    cells = {f"week:2026-01-{day:02}": counts(n) for day, n in ((5, 40), (12, 41), (19, 60), (26, 70))}
    own = [{"week:2026-01-05": 37, "week:2026-01-12": 20}, {"week:2026-01-05": 3, "week:2026-01-12": 21}]

    careless = take_look([], START, counts(211), cells, threshold=10)
    careful = take_look([], START, counts(211), cells, threshold=10, own=own)

    assert not any(entry.is_hidden for entry in careless.cells.values())
    assert [day for day, entry in careful.cells.items() if entry.is_hidden] == ["week:2026-01-05", "week:2026-01-12"]


def test_one_who_knows_her_own_unit_does_not_learn_of_the_few_beside_it():
    cells = {f"unit:{unit}": counts(n) for unit, n in ((1, 30), (2, 3), (3, 60), (4, 70))}

    hidden = {
        key for key, entry in take_look([], START, counts(163), cells, threshold=10).cells.items() if entry.is_hidden
    }

    assert hidden == {"unit:1", "unit:2", "unit:3"}


def test_of_one_unit_alone_nothing_is_told_while_its_weeks_are_in_doubt():
    cells = {"unit:1": counts(60), "week:2026-01-05": counts(60)}

    assert take_look([], START, counts(60), cells, threshold=10, in_doubt=["unit:1"]).total.is_hidden
    assert not take_look([], START, counts(60), cells, threshold=10).total.is_hidden


# ---------------------------------------------------------------- from answers to rows

MONDAYS = [date(2025, 12, 29) + timedelta(weeks=week) for week in range(8)]
AFTER_ONE = datetime(2026, 1, 27, 8, tzinfo=UTC)
AFTER_TWO = datetime(2026, 2, 24, 8, tzinfo=UTC)


@pytest.fixture
def asked(town: Town) -> Service:
    service = make_service()
    for monday in MONDAYS:
        given(town.guidance, good=30, bad=10, day=monday, service=service, language="sv", refresh=False)
        given(town.library, good=14, bad=6, day=monday, service=service, language="ar", refresh=False)
    refreshed(AFTER_TWO)
    return service


def told_of(service: Service, day: date) -> OpenFigures:
    """As the service's page has it on a day."""
    return open_figures([service], day)[service.pk]


def test_looks_are_taken_once_and_stay(town: Town, asked: Service) -> None:
    assert take_due_looks(AFTER_ONE) >= 1
    assert take_due_looks(AFTER_ONE) == 0

    told = told_of(asked, AFTER_ONE.date())

    assert (told.until, told.total.n, told.total.good) == (date(2026, 1, 26), 240, 176)
    assert {group: one.n for group, one in told.groups["language"].items()} == {"sv": 160, "ar": 80}
    assert {unit: one.n for unit, one in told.units.items()} == {town.guidance.pk: 160, town.library.pk: 80}


def test_the_next_look_follows_the_kept_one(town: Town, asked: Service) -> None:
    take_due_looks(AFTER_ONE)
    given(town.library, good=3, day=MONDAYS[1], service=asked, language="so")

    take_due_looks(AFTER_TWO)

    told = told_of(asked, AFTER_TWO.date())
    assert told.until == date(2026, 2, 23)
    assert not told.groups["language"]["so"].is_shown


def test_a_few_answers_elsewhere_are_not_told_by_what_is_left_of_a_unit(town: Town, asked: Service) -> None:
    """Everybody in the library sees its weeks; three answers about something else are what its services leave."""
    other = make_service("other", "Annat")
    make_unit("Tredje")
    given(town.library, good=3, day=MONDAYS[1], service=other, language="sv")

    take_due_looks(AFTER_ONE)

    assert town.library.pk not in told_of(asked, AFTER_ONE.date()).units
