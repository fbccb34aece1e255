"""A question's themes, for the protocol's page."""

from django import template

from samspel.dialogues.models import Dialogue
from samspel.dialogues.theme_queries import ThemeCount, themes_in_protocol

register = template.Library()


@register.simple_tag
def question_themes(dialogue: Dialogue, question: int, is_inside: bool) -> tuple[ThemeCount, ...]:
    """The themes that this reader may see."""
    return themes_in_protocol(dialogue, question, inside=is_inside)
