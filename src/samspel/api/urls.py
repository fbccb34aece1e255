"""The HTTP API: OpenAPI at /api/openapi.json, errors as problem+json, the same actions and queries as the pages."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema
from ninja.errors import ValidationError
from ninja.security import django_auth

from samspel.core.actor import Actor
from samspel.core.errors import InvalidError, SamspelError
from samspel.core.middleware import answer
from samspel.core.routes import guarded
from samspel.dialogues import public as dialogues
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.protocol import as_json, protocol_of
from samspel.encounters.actions import note_signal

api = NinjaAPI(
    title="Samspel",
    version="1",
    description="Open dialogues and red threads for all; the unit's own protocols for those who are signed in.",
    docs_url=None,
    urls_namespace="api",
)


class Missing(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    fields: dict[str, str] | None = None


class OpenDialogue(Schema):
    slug: str
    title: str
    unit: str
    question: str
    closed_at: datetime


class OpenThread(Schema):
    id: int
    words: str
    unit: str
    stage: str
    moved_at: datetime


class SignalIn(Schema):
    unit: int
    words: str
    source: str = ""
    key: str


class SignalOut(Schema):
    id: int


PROBLEMS: dict[Any, Any] = {400: Missing, 401: Missing, 404: Missing, 409: Missing, 422: Missing, 429: Missing}


@api.get("/open/dialogues", response={200: list[OpenDialogue], **PROBLEMS}, operation_id="open_dialogues")
def open_dialogues(request: HttpRequest) -> Any:
    """Finished dialogues that are open, the newest first."""
    return [OpenDialogue(**vars(row)) for row in dialogues.open_dialogues()]


@api.get("/open/dialogues/{slug}", response={200: dict[str, Any], **PROBLEMS}, operation_id="open_dialogue")
def open_dialogue(request: HttpRequest, slug: str) -> Any:
    """The open protocol of one dialogue."""
    return as_json(protocol_of(dialogues.get_open(slug), inside=False))


@api.get("/open/threads", response={200: list[OpenThread], **PROBLEMS}, operation_id="open_threads")
def open_threads(request: HttpRequest) -> Any:
    """Open red threads and how far each has come."""
    return [OpenThread(**vars(row)) for row in dialogues.open_threads()]


@api.get(
    "/dialogues/{dialogue_id}/protocol",
    response={200: dict[str, Any], **PROBLEMS},
    auth=django_auth,
    operation_id="protocol",
)
def protocol(request: HttpRequest, dialogue_id: int) -> Any:
    """The unit's own protocol, for those who may read it."""
    return as_json(protocol_of(get_dialogue(_actor(request), dialogue_id, "dialogue.read_protocol"), inside=True))


@api.post("/signals", response={201: SignalOut, **PROBLEMS}, auth=django_auth, operation_id="note_signal")
def signal(request: HttpRequest, body: SignalIn) -> Any:
    """Note what was heard. The key makes a retry change nothing."""
    noted = note_signal(
        actor=_actor(request),
        unit_id=body.unit,
        words=body.words,
        source=body.source,
        key=body.key,
        at=timezone.now(),
    )
    return 201, SignalOut(id=noted.pk)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@api.exception_handler(SamspelError)
def problem(request: HttpRequest, error: SamspelError) -> HttpResponse:
    return answer(request, error)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = {".".join(str(part) for part in each["loc"]): str(each["msg"]) for each in error.errors}
    return answer(request, InvalidError(fields=fields))


app_name = "api"
# What is not open to all: its act and its limit.
CLOSED = {"protocol": ("dialogue.read_protocol", "heavy"), "signal": ("signal.note", "write")}

urlpatterns = api.urls[0]
for pattern in urlpatterns:
    assert pattern.callback is not None
    act, limit = CLOSED.get(str(pattern.name), ("site.read", "page"))
    pattern.callback = guarded(pattern.callback, owner="api", act=act, limit=limit)
