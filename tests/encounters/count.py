"""Prints every figure of a store as JSON, by the engine that the settings name: for test_cluster, in two environments.

SAMSPEL_VAR=… SAMSPEL_FIGURES_ENGINE=… python count.py
"""

import dataclasses
import json
from datetime import date
from functools import partial
from inspect import isfunction

from samspel.encounters import engines, expressions, figures, store

SINCE, UNTIL = date(2026, 2, 27), date(2026, 4, 2)
UNIT, SERVICE = 3, 2
ASKED = {
    "days": [(UNIT,), (99,)],
    "weeks": [(UNIT,)],
    "all_days": [()],
    "agreement": [(UNIT,), (99,)],
    "factors": [(UNIT,)],
    "open_weeks": [()],
    "open_groups": [()],
    "open_group_days": [()],
    "texts": [(UNIT,)],
    "points": [(UNIT,)],
}
EVER = (date(2000, 1, 1), date(2100, 1, 1))


def figures_there_are() -> set[str]:
    return {
        name
        for name, it in vars(figures).items()
        if isfunction(it) and it.__module__ == figures.__name__ and not name.startswith("_")
    }


def main() -> None:
    found: dict[str, object] = {}
    for name, calls in ASKED.items():
        for given in calls:
            for since, until in ((SINCE, UNTIL), EVER, (date(2030, 1, 1), date(2030, 1, 2))):
                found[f"{name}{given} {since}"] = getattr(figures, name)(*given, since, until)
    # The sums themselves, counted anew from the answers, and a year's weeks from the answers without them.
    for name in store.SUMS:
        found[f"sums {name}"] = engines.rows(
            "answers", lambda *_limits, name=name: expressions.sums(name, expressions.answers), *EVER
        )
    marks = expressions.unit_marks(expressions.answers)
    found["weeks of answers"] = engines.rows("answers", partial(expressions.periods, marks, unit=None, by="W"), *EVER)
    print(json.dumps({name: _plain(rows) for name, rows in found.items()}, ensure_ascii=False, indent=0))


def _plain(it: object) -> object:
    if dataclasses.is_dataclass(it) and not isinstance(it, type):
        return _plain(dataclasses.astuple(it))
    if isinstance(it, dict):
        return [[_plain(key), _plain(value)] for key, value in it.items()]
    if isinstance(it, list | tuple):
        return [_plain(value) for value in it]
    return it if isinstance(it, int | str) else str(it)


if __name__ == "__main__":
    main()
