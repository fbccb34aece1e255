"""Pages with words, codes or contacts that are somebody's own: no cache keeps them."""

from django.http import HttpResponse


def kept_by_nobody(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "private, no-store"
    return response
