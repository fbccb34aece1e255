"""A unit's weeks and the drawing of them."""

from datetime import date, timedelta

from samspel.encounters.disclosing import HIDDEN, Figure
from samspel.encounters.models import Side
from samspel.encounters.weeks import WEEKS, Drawing, Drawn, Week, draw, mondays, week_number

FIRST = date(2025, 11, 24)


def weeks(*figures: Figure) -> list[Week]:
    return [Week(FIRST + timedelta(weeks=number), figure) for number, figure in enumerate(figures)]


def both(them: list[Week], *, changed_on: date | None = None) -> Drawing:
    us = [Week(week.monday, Figure(20, 16)) for week in them]
    drawn = Drawn(Side.RESIDENT, them, 0.8, changed_on, 0.68 if changed_on else None)
    return draw([drawn, Drawn(Side.STAFF, us, 0.81)])


def test_the_weeks_of_a_day_are_those_that_are_over() -> None:
    sunday, monday = mondays(date(2026, 3, 22)), mondays(date(2026, 3, 23))

    assert len(sunday) == WEEKS
    assert week_number(monday[-1]) == 12
    assert week_number(sunday[-1]) == 11
    assert week_number(monday[0]) == 48


def test_a_hidden_week_has_no_point_and_cuts_the_band() -> None:
    shown = Figure(40, 32)

    them, us = both(weeks(shown, shown, HIDDEN, HIDDEN, shown)).panels

    assert [x for x, _y in them.points] == ["0%", "25%", "100%"]
    assert them.hidden == ("62.5%",)
    assert them.band.count("M") == 2
    assert us.hidden == ()


def test_both_sides_are_drawn_to_the_same_scale() -> None:
    them, us = both(weeks(*[Figure(40, 32)] * 5)).panels

    assert them.points[0][1] == us.points[0][1]


def test_a_change_is_marked_before_its_week_and_the_level_breaks_there() -> None:
    drawing = both(weeks(*[Figure(40, 32)] * 5), changed_on=FIRST + timedelta(weeks=3, days=2))

    before, after = drawing.panels[0].levels
    assert drawing.since == week_number(FIRST + timedelta(weeks=3))
    assert drawing.since_x == before.to_x == after.from_x == "62.5%"
    assert (before.percent, after.percent) == (80, 68)
    assert [level.percent for level in drawing.panels[1].levels] == [81]


def test_nothing_to_show_is_drawn_as_nothing() -> None:
    them, _us = both(weeks(*[HIDDEN] * 5)).panels

    assert them.points == ()
    assert them.band == ""
    assert them.hidden == ("50%",)
