"""A result's receipt, for templates."""

from django import template
from django.utils.safestring import SafeString

from samspel.dialogues import result_document
from samspel.dialogues.protocol import ProtocolQuestion
from samspel.dialogues.queries import Result

register = template.Library()


@register.filter
def why(result: Result) -> list[str]:
    """Why just these were chosen, in plain words."""
    return result_document.why(result)


@register.filter
def cover(result: Result | ProtocolQuestion) -> SafeString:
    """How many have something of theirs among what was chosen."""
    return result_document.cover(result)
