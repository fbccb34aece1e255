"""How matches, and needs that grew from agreements, look on a red thread."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from django.utils.translation import gettext as _

from samspel.core import thread
from samspel.core.models import Stage
from samspel.exchange.models import Match, Post, Trace
from samspel.exchange.own_posts import State, states_of

_GOING_ON = frozenset({Match.State.AGREED, Match.State.RUNNING, Match.State.PAUSED})


def _matches(ids: Collection[int]) -> Mapping[int, thread.KnotView]:
    """Seen from inside: whose they are is nobody's to see, and that they are is their own."""
    return {
        match.pk: thread.KnotView(
            match.pk,
            Stage.RESULT if match.state == Match.State.ENDED else Stage.TRIAL,
            match.title or match.get_kind_display(),
            match.ended_at or match.started_at or match.made_at,
            detail=" ".join(filter(None, (match.get_state_display() + ".", _becomes(match.becomes)))),
            is_going_on=match.state in _GOING_ON,
            is_public=False,
            is_quote=False,
        )
        for match in Match.objects.filter(pk__in=ids).exclude(state=Match.State.PROPOSED)
    }


def _traces(ids: Collection[int]) -> Mapping[int, thread.KnotView]:
    return {
        trace.pk: thread.KnotView(
            trace.pk,
            Stage.RESULT,
            _("Några hjälpte varandra"),
            trace.at,
            detail=_becomes(trace.becomes),
            is_public=False,
            is_quote=False,
        )
        for trace in Trace.objects.filter(pk__in=ids)
    }


def _becomes(becomes: str) -> str:
    said: Mapping[str, str] = {
        Match.Becomes.TRIAL: _("Blir ett försök."),
        Match.Becomes.SERVICE: _("Blir något vi alltid gör."),
    }
    return said.get(becomes, "")


def _posts(ids: Collection[int]) -> Mapping[int, thread.KnotView]:
    """Needs that grew from agreements, seen from inside: the town is asked in other words, if at all."""
    posts = list(Post.objects.filter(pk__in=ids))
    states = states_of(posts)
    return {
        post.pk: thread.KnotView(
            post.pk,
            Stage.AGREEMENT,
            post.words,
            post.posted_at,
            detail=_STATES[states[post.pk]](),
            is_going_on=post.met_at is None,
            is_public=False,
            is_quote=False,
            label=post.get_kind_display(),
        )
        for post in posts
    }


_STATES: Final[Mapping[State, Callable[[], str]]] = {
    "waits": lambda: _("Väntar på att brobyggaren läser"),
    "read": lambda: _("Läst. Vi letar efter någon som passar"),
    "asked": lambda: _("Det passar någon. Ni är frågade"),
    "agreed": lambda: _("Alla har sagt ja"),
    "running": lambda: _("Det pågår"),
    "met": lambda: _("Det blev av"),
}


def register() -> None:
    thread.register("exchange.post", _posts)
    thread.register("exchange.match", _matches)
    thread.register("exchange.trace", _traces)
