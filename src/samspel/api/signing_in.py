"""Who asks: somebody who is signed in on the pages, or a system with a key that ``samspel key`` made."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from ninja.security import HttpBearer, django_auth

from samspel.core.actor import Actor
from samspel.core.errors import SignInError
from samspel.people.keys import actor_of_key


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


class SystemKey(HttpBearer):
    """``Authorization: Bearer …``, which ``signed_in_by_key`` has looked at."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return actor_of(request)


SIGN_IN: Final = [SystemKey(), django_auth]


def signed_in_by_key(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Before anything else is asked: who brings a key is whom it is for."""

    @wraps(view)
    def by_key(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        kind, _blank, key = request.headers.get("Authorization", "").partition(" ")
        if kind.casefold() == "bearer":
            actor = actor_of_key(key)
            if actor is None:
                raise SignInError
            request.actor = actor  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return by_key
