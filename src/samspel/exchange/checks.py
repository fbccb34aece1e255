"""What is asked before help begins: which checks a match needs, whom the label names, and when all is clear.

A label says whom to ask and never why (domain 4.3): no benefit, no diagnosis and no relative is written anywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from samspel.exchange.models import Check, CheckKind, Mark, Post

# The order in which they are shown, and asked.
_ORDER: Final = [
    CheckKind.VISIT,
    CheckKind.EXTRACT,
    CheckKind.CONSENT,
    CheckKind.BENEFIT,
    CheckKind.UNION,
    CheckKind.INSURANCE,
    CheckKind.OTHER,
]
CLEAR: Final = frozenset({Check.State.DONE, Check.State.NOT_NEEDED})


@dataclass(frozen=True)
class Needed:
    """A check that a match needs; a required one cannot be left out."""

    kind: CheckKind
    about: str = ""
    is_required: bool = False


def checks_needed(gifts: Iterable[tuple[Post, Post]]) -> list[Needed]:
    """What must be asked of these gifts, each an offer and the need that it meets.

    Kinds of help bring their own. A child brings a visit, and an extract for whoever gives; a home brings a visit.
    """
    found: dict[tuple[str, str], Needed] = {}
    for offer, need in gifts:
        marks = {*offer.marks, *need.marks}
        wanted = [Needed(CheckKind(kind)) for kind in (*offer.category.checks, *need.category.checks)]
        if not marks.isdisjoint({Mark.CHILD, Mark.HOME}):
            wanted.append(Needed(CheckKind.VISIT, is_required=True))
        if Mark.CHILD in marks:
            wanted.append(Needed(CheckKind.EXTRACT, offer.party.called, is_required=True))
        for each in wanted:
            earlier = found.get((each.kind, each.about))
            if earlier is None or not earlier.is_required:
                found[each.kind, each.about] = each
    return sorted(found.values(), key=lambda each: (_ORDER.index(each.kind), each.about))


def label_of(check: Check, country: str) -> str:
    """Whom to ask, as it is called in the municipality's country."""
    if check.kind == CheckKind.BENEFIT:
        name = _("Jobcenteret") if country == "da" else _("Försäkringskassan eller Arbetsförmedlingen")
    elif check.kind == CheckKind.EXTRACT and country == "da":
        name = "Børneattest"
    elif check.kind == CheckKind.OTHER and check.about:
        return check.about
    else:
        name = str(CheckKind(check.kind).label)
    return f"{name}, {check.about}" if check.about else name


def is_clear(checks: Iterable[Check]) -> bool:
    """Whether nothing is left to ask."""
    return all(check.state in CLEAR for check in checks)


def are_required_done(checks: Iterable[Check]) -> bool:
    """Whether what a child or a home needs has been seen; before that nobody learns how to reach another."""
    return all(check.state == Check.State.DONE for check in checks if check.is_required)
