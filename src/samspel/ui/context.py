"""What every page knows: whose installation it is, who looks, which languages there are."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from samspel.core.actor import VISITOR
from samspel.core.installation import installation


def page(request: HttpRequest) -> dict[str, Any]:
    """``actor``, ``installation`` (looked up when used), ``languages`` and ``language``."""
    return {
        "actor": getattr(request, "actor", VISITOR),
        "installation": SimpleLazyObject(installation),
        "languages": settings.LANGUAGES,
        "language": get_language(),
        "is_demo": settings.IS_DEMO,
    }
