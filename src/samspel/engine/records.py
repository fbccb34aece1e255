"""What every engine's results have in common: a sentence with its numbers, and a form that can be stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction

__all__ = ["Description", "Number", "as_json"]

Number = int | float | str


@dataclass(frozen=True, slots=True)
class Description:
    """One thing a resident can judge: what kind of thing, its numbers, and the sentence in English.

    The page translates by `kind` and fills in `numbers`; `text` is for terminals, logs and tests.
    """

    kind: str
    numbers: Mapping[str, Number]
    text: str


def as_json(value: object) -> object:
    """The same value out of what JSON has: records become objects, fractions text such as "3/7".

    >>> as_json((Fraction(1, 3), Description("places", {"empty": 1}, "One place is empty.")))
    ['1/3', {'kind': 'places', 'numbers': {'empty': 1}, 'text': 'One place is empty.'}]
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [as_json(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(inner) for key, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(str(inner) for inner in value)
    if isinstance(value, Fraction):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"value must be a record, a collection, a fraction or plain, got {type(value).__name__}")
