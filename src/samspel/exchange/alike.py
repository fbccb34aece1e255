"""How alike what two posts write of is: their words and kind of help alone.

Place, time and language say whether two can meet, not whether one has what the other needs; and weights that a
municipality has set or learned do not change what is told here.
"""

from collections.abc import Mapping
from typing import Final

from django.db.models import FloatField, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

_WEIGHTS: Final = {"words": 4.0, "kind": 3.0}  # as the engine's are to begin with
_ALL: Final = sum(_WEIGHTS.values())


def alike(parts: Mapping[str, float]) -> float:
    """From 0 to 100; a part that is not there speaks against nothing.

    >>> alike({"words": 0.5, "kind": 1.0, "place": 0.0})
    71.42857142857143
    """
    return 100 * sum(weight * parts.get(name, 1.0) for name, weight in _WEIGHTS.items()) / _ALL


def alike_of(path: str) -> Combinable:
    """The same of the parts that are stored at ``path``."""
    told: Combinable = Value(0.0)
    for name, weight in _WEIGHTS.items():
        told += Coalesce(Cast(KeyTextTransform(name, path), FloatField()), 1.0) * Value(weight)
    return told * Value(100.0) / Value(_ALL)
