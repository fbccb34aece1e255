"""The tables' proposals as lists.

A proposal is rendered once: four hundred phones ask for the same two hundred and fifty in the same seconds. What is
kept is found by all that it says, so it is never out of date.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from samspel.dialogues.queries import HallProposal, Threes

MOST_KEPT = 4096

register = template.Library()


@register.simple_tag
def said_list(threes: Threes, mine: Collection[int] | None) -> SafeString:
    """The tables' threes, with those marked that one stands behind."""
    behind, language = mine or (), get_language() or ""
    return _joined(_said(one, threes.of_tables, one.proposal_id in behind, language) for one in threes.shown)


@register.simple_tag
def ballot_cards(proposals: Sequence[HallProposal], mine: Collection[int], *, has_error: bool) -> SafeString:
    """The cards of a ballot, in the order of the seat."""
    language = get_language() or ""
    return _joined(_card(one, one.proposal_id in mine, has_error, language) for one in proposals)


def _joined(parts: Iterable[str]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


@lru_cache(MOST_KEPT)
def _said(proposal: HallProposal, of_tables: int, is_mine: bool, _language: str) -> str:
    return render_to_string("dialogues/_said.html", {"proposal": proposal, "of_tables": of_tables, "is_mine": is_mine})


@lru_cache(MOST_KEPT)
def _card(proposal: HallProposal, is_chosen: bool, has_error: bool, _language: str) -> str:
    return render_to_string(
        "dialogues/_card.html", {"proposal": proposal, "is_chosen": is_chosen, "has_error": has_error}
    )
