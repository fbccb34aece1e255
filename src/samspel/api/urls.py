"""The HTTP API: OpenAPI at /api/openapi.json, errors as problem+json, the same actions and queries as the pages."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema, Status
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import django_auth

from samspel.api import answers, asking, exchange, services
from samspel.api.problems import BrokenJsonError, OtherSiteError, problems
from samspel.api.signing_in import actor_of, signed_in_by_key
from samspel.core.errors import InvalidError, SamspelError, SignInError
from samspel.core.middleware import answer
from samspel.core.models import Stage
from samspel.core.routes import guarded
from samspel.dialogues import public as dialogues
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.downloads import as_download
from samspel.dialogues.protocol_files import make_file
from samspel.dialogues.theme_queries import ThemeCount, themes_in_protocols
from samspel.encounters.actions.signals import note_signal


class Api(NinjaAPI):
    """Its errors are problem+json, and its description says so."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(*args, **kwargs)
        for path in schema["paths"].values():
            for operation in path.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        response["content"] = {"application/problem+json": response["content"]["application/json"]}
        return schema


api = Api(
    title="Samspel",
    version="1",
    description="Open dialogues and red threads for all; the unit's own protocols for those who are signed in.",
    docs_url=None,
    urls_namespace="api",
)


class OpenDialogue(Schema):
    slug: str
    title: str
    unit: str
    question: str
    closed_at: datetime


class OpenThread(Schema):
    """A thread's first words, and the furthest stage that it has come to."""

    id: int
    words: str
    unit: str
    stage: Stage
    moved_at: datetime


class ThemeOut(Schema):
    """A theme with how many notes it has, how many of those are guesses, and the words that most of them have."""

    key: str
    name: str
    notes: int
    guesses: int
    words: list[str]


class QuestionThemes(Schema):
    question: str
    themes: list[ThemeOut]


class SignalIn(Schema):
    unit: int
    words: str
    source: str = ""
    key: str
    is_reviewed: bool = False


class SignalOut(Schema):
    id: int


PROBLEMS: Final = problems(400, 401, 409)
Kind = Literal["csv", "xlsx", "json", "pdf"]


@api.get("/open/dialogues", response={200: list[OpenDialogue], **PROBLEMS}, operation_id="open_dialogues")
def open_dialogues(request: HttpRequest) -> Any:
    """Finished dialogues that are open, the newest first."""
    return [OpenDialogue(**vars(row)) for row in dialogues.open_dialogues()]


@api.get("/open/dialogues/{slug}", response={200: dict[str, Any], **PROBLEMS}, operation_id="open_dialogue")
def open_dialogue(request: HttpRequest, slug: str) -> Any:
    """The open protocol of one dialogue."""
    return as_download(make_file(dialogues.get_open(slug), "json", inside=False), inline=True)


@api.get("/open/dialogues/{slug}/export/{kind}", response={200: Any, **PROBLEMS}, operation_id="open_dialogue_file")
def open_dialogue_file(request: HttpRequest, slug: str, kind: Kind) -> Any:
    """The open protocol as a file: CSV and Excel have one row for each statement."""
    return as_download(make_file(dialogues.get_open(slug), kind, inside=False))


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
    dialogue = get_dialogue(actor_of(request), dialogue_id, "dialogue.read_protocol")
    return as_download(make_file(dialogue, "json", inside=True), inline=True)


@api.get(
    "/dialogues/{dialogue_id}/export/{kind}",
    response={200: Any, **PROBLEMS},
    auth=django_auth,
    operation_id="export",
)
def export(request: HttpRequest, dialogue_id: int, kind: Kind) -> Any:
    """What has been said so far as a file, for those who lead; also while the meeting goes on."""
    return as_download(make_file(get_dialogue(actor_of(request), dialogue_id, "dialogue.export"), kind, inside=True))


@api.get(
    "/open/dialogues/{slug}/themes",
    response={200: list[QuestionThemes], **PROBLEMS},
    operation_id="open_dialogue_themes",
)
def open_dialogue_themes(request: HttpRequest, slug: str) -> Any:
    """The themes of an open dialogue's questions, most notes first."""
    return _as_themes(themes_in_protocols(dialogues.get_open(slug), inside=False))


@api.get(
    "/dialogues/{dialogue_id}/themes",
    response={200: list[QuestionThemes], **PROBLEMS},
    auth=django_auth,
    operation_id="themes",
)
def themes(request: HttpRequest, dialogue_id: int) -> Any:
    """The same of the unit's own dialogue, for those who may read its protocol."""
    dialogue = get_dialogue(actor_of(request), dialogue_id, "dialogue.read_protocol")
    return _as_themes(themes_in_protocols(dialogue, inside=True))


def _as_themes(questions: Iterable[tuple[str, Sequence[ThemeCount]]]) -> list[QuestionThemes]:
    return [
        QuestionThemes(
            question=question,
            themes=[
                ThemeOut(key=one.key, name=one.name, notes=one.count, guesses=one.guesses, words=list(one.words))
                for one in found
            ],
        )
        for question, found in questions
    ]


@api.post("/signals", response={201: SignalOut, **PROBLEMS}, auth=django_auth, operation_id="note_signal")
def signal(request: HttpRequest, body: SignalIn) -> Any:
    """Note what was heard: all can read it. Words that look like somebody are refused unless a person has reviewed
    them. The key makes a retry change nothing."""
    noted = note_signal(
        actor=actor_of(request),
        unit_id=body.unit,
        words=body.words,
        source=body.source,
        key=body.key,
        at=timezone.now(),
        is_reviewed=body.is_reviewed,
    )
    return Status(201, SignalOut(id=noted.pk))


@api.exception_handler(SamspelError)
def problem(request: HttpRequest, error: SamspelError) -> HttpResponse:
    return answer(request, error)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = {".".join(str(part) for part in each["loc"]): str(each["msg"]) for each in error.errors}
    return answer(request, InvalidError(fields=fields))


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja itself refuses: a body that is no JSON, who is not signed in, a page of another site."""
    known: dict[int, SamspelError] = {400: BrokenJsonError(), 401: SignInError(), 403: OtherSiteError()}
    return answer(request, known[error.status_code])


api.add_router("", answers.router)
api.add_router("", services.router)
api.add_router("", asking.router)
api.add_router("", exchange.router)

app_name = "api"
# What is not the site's own reading: its act and its limit.
CLOSED = {
    "services": ("figures.open", "page"),
    "service_table": ("figures.open", "page"),
    "protocol": ("dialogue.read_protocol", "heavy"),
    "export": ("dialogue.export", "heavy"),
    "open_dialogue_file": ("site.read", "heavy"),
    "themes": ("dialogue.read_protocol", "page"),
    "signal": ("signal.note", "write"),
    "unit_points": ("point.read", "page"),
    "unit_rounds": ("point.read", "page"),
    "make_links": ("point.manage", "write"),
    "exchange_posts": ("post.enter", "write"),
    "take_in_answer": ("encounter.take_in", "take-in"),
    "take_in_answers": ("encounter.take_in", "take-in"),
    "withdraw_answers": ("encounter.take_in", "take-in"),
}

# Where more may read than write.
LOOKS = {"exchange_posts": "desk.read"}
# What another system may ask with a key.
BY_KEY = {
    *("take_in_answer", "take_in_answers", "withdraw_answers"),
    *("unit_points", "unit_rounds", "make_links", "exchange_posts"),
}

urlpatterns = api.urls[0]
for pattern in urlpatterns:
    assert pattern.callback is not None
    act, limit = CLOSED.get(str(pattern.name), ("site.read", "page"))
    look = LOOKS.get(str(pattern.name))
    pattern.callback = guarded(pattern.callback, owner="api", act=act, limit=limit, look=look)
    if pattern.name in BY_KEY:
        pattern.callback = signed_in_by_key(pattern.callback)
