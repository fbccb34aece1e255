"""The question in the dialogue's second language, for the big screen."""

from django import template

from samspel.core.languages import direction
from samspel.dialogues.models import Dialogue, Question

register = template.Library()


@register.inclusion_tag("dialogues/screen_also.html")
def also_asked(dialogue: Dialogue) -> dict[str, str]:
    """What stands below the question where the dialogue has two languages; no query where it has one."""
    if not dialogue.second_language:
        return {"text": ""}
    number = dialogue.step.question if dialogue.step else 1
    rows = Question.objects.filter(dialogue=dialogue, number=number).values_list("second_text", flat=True)
    return {
        "text": rows.first() or "",
        "language": dialogue.second_language,
        "direction": direction(dialogue.second_language),
    }
