"""Every address of the site goes through ``route``: it has an owner, a permission row and a rate limit.

A test walks all addresses and fails for one without.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path

from samspel.core.errors import SignInError
from samspel.core.limits import LIMITS, check_limit
from samspel.core.permissions import permission
from samspel.core.rooms import check_room, count_post, room_of

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class RouteInfo:
    """Who answers for an address, what act it is (to look there may be another), and how often it may be asked."""

    owner: str
    act: str
    look: str
    limit: str


def guarded(view: View, *, owner: str, act: str, limit: str, look: str | None = None) -> View:
    """The view behind its limit; one who must sign in first is asked to before anything is looked up.

    Nothing else of the row is decided here: roles and phases hang on the thing asked for, which the view or its action
    fetches through its app's ``access`` for that act. In the tests every answer is held against its row
    (tests/acts.py), so that an address cannot say one act and ask for another.
    """
    if limit not in LIMITS:
        raise ValueError(f"{limit!r} is no limit of core.limits")
    look = look or act
    roles = permission(act).roles | permission(look).roles
    needs_sign_in = roles.isdisjoint({"visitor", "participant", "pen", "advocate"})

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Looking is not writing: only what changes something is counted as a write or a try.
        is_look = request.method in {"GET", "HEAD"} and limit in {"write", "login"}
        check_limit(request, "page" if is_look else limit)
        room = "" if is_look or limit != "write" else room_of(kwargs)
        if room:
            check_room(room)
        if needs_sign_in and not request.actor.is_signed_in:  # type: ignore[attr-defined]
            raise SignInError
        if request.method != "HEAD":
            response = view(request, *args, **kwargs)
            if room and response.status_code < 400:
                count_post(room)
            return response
        # Answered as if it were read, so that no view need think of it; the server leaves the body out.
        request.method = "GET"
        try:
            return view(request, *args, **kwargs)
        finally:
            request.method = "HEAD"

    guard.route_info = RouteInfo(owner, act, look, limit)  # type: ignore[attr-defined]
    return guard


def route(
    pattern: str, view: View, *, name: str, owner: str, act: str, limit: str = "page", look: str | None = None
) -> URLPattern:
    """A Django path with its owner, act and limit. ``look`` is the act of a GET, where more may read than change."""
    return path(pattern, guarded(view, owner=owner, act=act, limit=limit, look=look), name=name)
