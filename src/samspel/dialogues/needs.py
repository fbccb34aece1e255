"""Agreements that are to become needs, and the need that has grown from each."""

from collections.abc import Iterator
from dataclasses import dataclass

from samspel.core.models import Knot
from samspel.core.thread import grown_from, looks_of
from samspel.dialogues.models import Agreement, Dialogue


@dataclass(frozen=True)
class AgreedNeed:
    """What was agreed, its place on the red thread, and how far its need has come; empty while there is none."""

    text: str
    knot_id: int
    state: str


def agreed_needs(dialogue: Dialogue) -> list[AgreedNeed]:
    """Those of a dialogue, in its order. One query where there are none."""
    agreements = Agreement.objects.filter(dialogue=dialogue, becomes=Agreement.Becomes.NEED, withdrawn_at=None)
    texts = dict(agreements.values_list("pk", "text"))
    return list(_needs(texts)) if texts else []


def _needs(texts: dict[int, str]) -> Iterator[AgreedNeed]:
    kind = Agreement._meta.label_lower
    knots = Knot.objects.filter(object_type=kind, object_id__in=texts).order_by("-pk")
    at = dict(knots.values_list("object_id", "pk"))
    grown = grown_from(kind, texts, into="exchange.post")
    looks = looks_of(knot for _agreement, knot in grown)
    states = {agreement: looks[knot.pk].detail for agreement, knot in grown if knot.pk in looks}
    for agreement, text in texts.items():
        if agreement in at:
            yield AgreedNeed(text, at[agreement], states.get(agreement, ""))
