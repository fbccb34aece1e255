"""Needs and offers, for bridge-builders' other systems: read a page at a time, entered with the person's consent."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Header, Query, Router, Schema, Status

from samspel.api.problems import Problem, problems
from samspel.api.signing_in import SIGN_IN, actor_of
from samspel.core.errors import InvalidError
from samspel.core.idempotency import KEY
from samspel.encounters.queries import areas
from samspel.exchange.access import require_broker
from samspel.exchange.actions.posting import PostDraft, enter_post
from samspel.exchange.finding_posts import Found, Wanted, find_posts
from samspel.exchange.queries import categories

router = Router()
PROBLEMS: Final = problems(401)
PostKey = Annotated[
    str, Header(alias="Idempotency-Key", pattern=f"^{KEY}$", description="Of this request, made by chance.")
]
Time = Literal["weekdays", "evenings", "weekends"]
MarkName = Literal["licence", "lifting", "child", "home"]
# As PostgreSQL holds it: no NUL in a text.
Words = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")]


class ExchangePost(Schema):
    """A need or an offer. ``party`` is a number, the same for all that one has left; who she is stands nowhere."""

    id: int
    kind: Literal["need", "offer"]
    party: int
    called: str
    words: str
    more: str
    category: str
    area: str | None
    times: list[Time]
    begins_on: date | None
    ends_on: date | None
    marks: list[MarkName]
    languages: list[str]
    posted_at: datetime
    expires_at: datetime
    read_at: datetime | None
    contacted_at: datetime | None
    is_held: bool


class PostPage(Schema):
    """A page of posts, the newest first."""

    total: int
    page: int
    pages: int
    posts: list[ExchangePost]


class PostIn(Schema):
    """What somebody has agreed to in writing, word by word. ``category`` and ``area`` are keys.

    ``party`` is who has left something before; then ``called`` is empty or what she is called already, which only she
    changes.
    """

    kind: Literal["need", "offer"]
    words: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
    more: Words = ""
    called: Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")] = ""
    category: Annotated[str, Field(max_length=80)] = "other"
    area: Annotated[str, Field(max_length=40)] | None = None
    times: list[Time] = []
    begins_on: date | None = None
    ends_on: date | None = None
    marks: list[MarkName] = []
    languages: list[Annotated[str, Field(max_length=5)]] = []
    consent: Literal["paper", "message"]
    is_adult: Literal[True]
    party: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class PostEntered(Schema):
    """``code`` is for the person and is shown once: null when she has one already."""

    id: int
    party: int
    code: str | None


@router.get(
    "/v1/exchange/posts",
    response={200: PostPage, **PROBLEMS},
    auth=SIGN_IN,
    operation_id="exchange_posts",
    url_name="exchange_posts",
)
def exchange_posts(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")] = "",
    kind: Literal["", "need", "offer"] = "",
    state: Literal["", "unread", "late", "soon"] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Any:
    """What people need and give now, for bridge-builders."""
    require_broker(actor_of(request), "desk.read")
    found = find_posts(Wanted(words=q, kind=kind, state=state), page, timezone.now())
    return PostPage(
        total=found.total,
        page=found.page,
        pages=found.pages,
        posts=_posts_out(found),
    )


@router.post(
    "/v1/exchange/posts",
    response={201: PostEntered, **problems(401, 409), 400: Problem},
    auth=SIGN_IN,
    operation_id="enter_exchange_post",
    url_name="exchange_posts",
)
def enter_exchange_post(request: HttpRequest, body: PostIn, idempotency_key: PostKey) -> Any:
    """Enter a need or an offer for who has agreed in writing to exactly these words, for bridge-builders.

    Sent again under the same key it is the same one, for as long as it is here; its code is told again for two minutes.
    When it has been taken back since, the answer is 409 for two weeks; after that the key is forgotten.
    """
    require_broker(actor_of(request), "post.enter")
    category = next((one.pk for one in categories() if one.key == body.category), None)
    area = next((one.pk for one in areas() if one.key == body.area), None)
    if body.area is not None and area is None:
        raise InvalidError(fields={"area": _("Välj ett område i listan, eller hela kommunen.")})
    draft = PostDraft(
        kind=body.kind,
        words=body.words,
        more=body.more,
        called=body.called,
        category_id=category,
        area_id=area,
        times=tuple(body.times),
        begins_on=body.begins_on,
        ends_on=body.ends_on,
        marks=tuple(body.marks),
        languages=tuple(body.languages),
        is_adult=body.is_adult,
        key=idempotency_key,
    )
    posted = enter_post(
        actor=actor_of(request), draft=draft, consent=body.consent, party_id=body.party, at=timezone.now()
    )
    return Status(201, PostEntered(id=posted.post.pk, party=posted.post.party_id, code=posted.code or None))


def _posts_out(found: Found) -> list[ExchangePost]:
    return [
        ExchangePost(
            id=post.pk,
            kind=post.kind,  # type: ignore[arg-type]
            party=post.party_id,
            called=post.party.called,
            words=post.words,
            more=post.more,
            category=post.category.key,
            area=post.area.key if post.area else None,
            times=post.times,  # type: ignore[arg-type]
            begins_on=post.begins_on,
            ends_on=post.ends_on,
            marks=post.marks,  # type: ignore[arg-type]
            languages=post.languages,
            posted_at=post.posted_at,
            expires_at=post.expires_at,
            read_at=post.read_at,
            contacted_at=post.contacted_at,
            is_held=post.pk in found.held,
        )
        for post in found.posts
    ]
