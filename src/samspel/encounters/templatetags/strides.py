"""Every how many, in words."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def stride(every: int) -> str:
    """«alla», «varannan», «var tredje», «var 7:e»."""
    words = {
        1: _("alla"),
        2: _("varannan"),
        3: _("var tredje"),
        4: _("var fjärde"),
        5: _("var femte"),
        10: _("var tionde"),
    }
    return words.get(every) or _("var %(number)s:e") % {"number": every}
