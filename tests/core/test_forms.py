"""Reading the fields of a form."""

from datetime import date

import pytest
from django.test import RequestFactory

from samspel.core.forms import date_in, number_in, sent


def test_a_field_of_the_form_goes_before_one_of_the_address() -> None:
    request = RequestFactory().post("/?page=2&week=7", {"page": "3", "week": ""})

    assert (sent(request, "page"), sent(request, "week"), sent(request, "year")) == ("3", "7", "")


@pytest.mark.parametrize(
    ("typed", "number"),
    [("1 000", 1000), (" 7 ", 7), ("٧", 7), ("0", 0), ("", None), ("-1", None), ("1.5", None), ("9" * 10, None)],
)
def test_a_number_is_read_as_people_write_it_and_no_longer_than_its_column(typed: str, number: int | None) -> None:
    assert number_in(RequestFactory().post("/", {"count": typed}), "count") == number


@pytest.mark.parametrize(("typed", "day"), [("2026-03-02", date(2026, 3, 2)), ("2 mars", None), ("", None)])
def test_a_day_that_is_none_is_not_read(typed: str, day: date | None) -> None:
    assert date_in(RequestFactory().post("/", {"from": typed}), "from") == day
