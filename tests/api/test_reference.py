"""docs/reference/api.md says what there is."""

import re
from pathlib import Path

from samspel.api.problems import BrokenJsonError, NotJsonError, TooLargeError
from samspel.api.urls import CLOSED, api
from samspel.core import errors
from samspel.core.limits import LIMITS

PAGE = (Path(__file__).parents[2] / "docs/reference/api.md").read_text(encoding="utf-8")


def test_every_address_is_there_and_no_other() -> None:
    told = set(re.findall(r"(/api/(?:v1/|open/|dialogues/|signals)[\w/{}]*)", PAGE.partition("**Two")[0]))

    assert told == set(api.get_openapi_schema()["paths"])


def test_every_error_is_told_with_its_status() -> None:
    told = re.findall(r"^\| (\d{3}) \| (.*?) \|", PAGE, re.M)
    family = [BrokenJsonError, NotJsonError, TooLargeError, errors.SignInError, errors.NotFoundError]
    family += [errors.ConflictError, errors.InvalidError, errors.TooManyError, errors.UnavailableError]

    for error in family:
        assert any(status == str(error.status) and f"`urn:samspel:{error.code}`" in types for status, types in told), (
            error
        )


def test_the_limits_are_those_that_hold() -> None:
    told = {
        first: (int(burst.replace(",", "")), int(second.replace(",", "")))
        for first, burst, second in re.findall(r"^\| ([^|]+) \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.M)
    }
    names = {"answers, one or a batch": "take-in", "what is read": "page", "links, signals": "write"}
    names["files, the unit's own protocol"] = "heavy"

    assert told == {line: (LIMITS[name].address_burst, LIMITS[name].address_per_s) for line, name in names.items()}
    assert {limit for _act, limit in CLOSED.values()} == set(names.values())
