"""Where and when a unit asks, for the systems of those who work there; nobody's answers are here."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Field, Header, Router, Schema

from samspel.api.problems import Problem, problems
from samspel.api.signing_in import SIGN_IN, actor_of
from samspel.core.idempotency import KEY
from samspel.encounters.actions.invitations import MOST_AT_ONCE, make_links_for
from samspel.encounters.points import PointRow, points_of
from samspel.encounters.queries import is_round_open, rounds_of
from samspel.people.access import get_unit

router = Router()


class PointOut(Schema):
    """A point of asking, and what is known of everybody who answers there. ``address`` is a poster's; the addresses of
    tablets and of links in messages are secret. Of its tablets, so many are silent."""

    id: int
    kind: Literal["wall", "kiosk", "link", "staff"]
    title: str
    address: str | None
    service: str | None
    provider: str | None
    channel: str | None
    language: str | None
    area: str | None
    age_band: str | None
    window_min: int
    opened_at: datetime
    closed_at: datetime | None
    tablets: int
    silent_tablets: int


Recipient = Annotated[str, Field(pattern=f"^{KEY}$")]


class LinksIn(Schema):
    """Whom to ask: for each the sender's own keyed hash of whatever it knows her by, never a name or a number."""

    recipients: Annotated[list[Recipient], Field(min_length=1, max_length=MOST_AT_ONCE)]


class LinkOut(Schema):
    recipient: str
    address: str


class LinksOut(Schema):
    """``resting`` have had a link lately, from whichever unit: send them nothing."""

    links: list[LinkOut]
    resting: list[str]
    expires_at: datetime


class RoundOut(Schema):
    """A time in which the unit asks. What was heard and done is null until the unit has told it to everybody."""

    number: int
    is_open: bool
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    published_at: datetime | None
    heard: str | None
    done: str | None
    not_done: str | None


PROBLEMS: Final = problems(401)
LinksKey = Annotated[
    str,
    Header(alias="Idempotency-Key", pattern=f"^{KEY}$", description="Of this request, made by chance."),
]


@router.get(
    "/v1/units/{unit_id}/points",
    response={200: list[PointOut], **PROBLEMS},
    auth=SIGN_IN,
    operation_id="unit_points",
    url_name="unit_points",
)
def unit_points(request: HttpRequest, unit_id: int) -> Any:
    """The unit's points of asking, open ones first, for those who work there."""
    unit = get_unit(actor_of(request), unit_id, "point.read")
    return [_point_out(row) for row in points_of(unit.pk, timezone.now())]


@router.get(
    "/v1/units/{unit_id}/rounds",
    response={200: list[RoundOut], **PROBLEMS},
    auth=SIGN_IN,
    operation_id="unit_rounds",
    url_name="unit_rounds",
)
def unit_rounds(request: HttpRequest, unit_id: int) -> Any:
    """The unit's rounds, the newest first, for those who work there."""
    unit = get_unit(actor_of(request), unit_id, "point.read")
    at = timezone.now()
    return [
        RoundOut(
            number=one.number,
            is_open=is_round_open(one, at),
            opened_at=one.opened_at,
            closes_at=one.closes_at,
            closed_at=one.closed_at,
            published_at=one.published_at,
            heard=one.heard if one.published_at else None,
            done=one.done if one.published_at else None,
            not_done=one.not_done if one.published_at else None,
        )
        for one in rounds_of(unit.pk)
    ]


@router.post(
    "/v1/units/{unit_id}/points/{point_id}/links",
    response={200: LinksOut, **PROBLEMS, 400: Problem},
    auth=SIGN_IN,
    operation_id="make_links",
    url_name="make_links",
)
def make_links(request: HttpRequest, unit_id: int, point_id: int, body: LinksIn, idempotency_key: LinksKey) -> Any:
    """A link for one answer to each recipient who may be asked now, for those who lead the unit.

    Sent again under the same key it is the same links.
    """
    made = make_links_for(
        actor=actor_of(request),
        unit_id=unit_id,
        point_id=point_id,
        recipients=list(dict.fromkeys(body.recipients)),
        key=idempotency_key,
        at=timezone.now(),
    )
    return LinksOut(
        links=[
            LinkOut(recipient=one, address=f"{settings.SITE_URL}{reverse('invitation', args=[secret])}")
            for one, secret in made.secrets.items()
        ],
        resting=list(made.resting),
        expires_at=made.expires_at,
    )


def _point_out(row: PointRow) -> PointOut:
    point = row.point
    return PointOut(
        id=point.pk,
        kind=point.kind,  # type: ignore[arg-type]
        title=point.title,
        address=row.url,
        service=point.service.key if point.service else None,
        provider=point.provider.name if point.provider else None,
        channel=point.channel or None,
        language=point.language or None,
        area=point.area.key if point.area else None,
        age_band=point.age_band or None,
        window_min=point.window_min,
        opened_at=point.opened_at,
        closed_at=point.closed_at,
        tablets=len(row.tablets),
        silent_tablets=row.silent,
    )
