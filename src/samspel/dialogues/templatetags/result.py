"""A result's receipt, for templates."""

from django import template

from samspel.dialogues import result_document
from samspel.dialogues.queries import Result

register = template.Library()


@register.filter
def why(result: Result) -> list[str]:
    """Why just these were chosen, in plain words."""
    return result_document.why(result)
