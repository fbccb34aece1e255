"""How matches look on a red thread."""

from collections.abc import Collection, Mapping

from samspel.core import thread
from samspel.core.models import Stage
from samspel.exchange.models import Match

_GOING_ON = frozenset({Match.State.AGREED, Match.State.RUNNING, Match.State.PAUSED})


def _matches(ids: Collection[int]) -> Mapping[int, thread.KnotView]:
    """Seen from inside: whose they are is nobody's to see, and that they are is their own."""
    return {
        match.pk: thread.KnotView(
            match.pk,
            Stage.RESULT if match.state == Match.State.ENDED else Stage.TRIAL,
            match.title,
            match.ended_at or match.started_at or match.made_at,
            detail=match.get_state_display(),
            is_going_on=match.state in _GOING_ON,
            is_public=False,
            is_quote=False,
        )
        for match in Match.objects.filter(pk__in=ids).exclude(state=Match.State.PROPOSED)
    }


def register() -> None:
    thread.register("exchange.match", _matches)
