"""Answers from other systems, one by one and many at once, and taken back: JSON with the columns that a file has."""

import json
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from ninja import Header, Router, Schema, Status

from samspel.api.problems import BrokenJsonError, NotJsonError, Problem, TooLargeError, problems
from samspel.api.signing_in import SIGN_IN, actor_of
from samspel.core.errors import ConflictError, InvalidError
from samspel.core.idempotency import KEY
from samspel.encounters.actions import from_systems
from samspel.encounters.actions.from_systems import MOST_ROWS, take_in_told
from samspel.encounters.actions.withdrawing import withdraw_told
from samspel.encounters.rows import AGE_BANDS, CHANNELS, COLUMNS, LEVELS, REQUIRED, SIDES, Fault
from samspel.encounters.rows import KEY as ROW_KEY
from samspel.encounters.screening import LONGEST

MOST_BYTES: Final = 8_000_000

router = Router()


# ---------------------------------------------------------------- what goes in and out


class Rejected(Schema):
    """Why a row was not taken in: its place among the rows that were sent, from 1, and the column."""

    line: int
    column: str
    reason: str


class RowsRejected(Problem):
    """Some rows were not taken in, each with its reasons. **The others are taken in and durable**, and ``taken`` and
    ``known`` count them; nothing but the rejected rows need be sent again."""

    taken: int
    known: int
    rejected: list[Rejected]


class WithdrawalsRejected(Problem):
    """Some rows could not be used, each with its reasons. **The others are done**, and ``withdrawn`` counts them."""

    withdrawn: int
    rejected: list[Rejected]


class AnswersWithdrawn(Schema):
    """So many rows are done. Whether their answers were here is not told."""

    withdrawn: int


class AnswerTaken(Schema):
    key: str


class AnswersTaken(Schema):
    """So many rows were new, and so many were there already, with the same key and the same content."""

    taken: int
    known: int


def _text(about: str, **more: object) -> dict[str, object]:
    return {"type": "string", "description": about, **more}


ROW: Final[dict[str, Any]] = {
    "type": "object",
    "description": "One side's answer about one meeting. Names as they stand in the administration.",
    "required": list(REQUIRED),
    "additionalProperties": False,
    "properties": {
        "at": _text(
            "When they met: ISO 8601. Without an offset in the municipality's own time; of a day alone its noon.",
            examples=["2026-04-02T13:05:00+02:00"],
        ),
        "unit": _text('The unit by its name ("Norrskolan / Köket" where several have it) or number.', maxLength=300),
        "service": _text("What the resident came for, by its key or name.", maxLength=120),
        "channel": {"type": "string", "enum": ["", *CHANNELS], "description": "How they met."},
        "provider": _text("Who performed it, by name.", maxLength=120),
        "language": _text("The resident's language as a code of two or three letters.", pattern="^([a-z]{2,3})?$"),
        "age_band": {"type": "string", "enum": ["", *AGE_BANDS]},
        "area": _text("A part of the municipality, by its key or name; never an address.", maxLength=80),
        "side": {"type": "string", "enum": [*SIDES], "description": "Whose answer it is."},
        "level": {"type": "integer", "enum": [*LEVELS], "description": "1 not good, 2 so-so, 3 good."},
        "factors": _text(
            "Factors by key or name with | between: + before what helped, - before what got in the way; without a sign"
            " it helped when the level is 3 and got in the way otherwise.",
            examples=["+time|-rules"],
        ),
        "text": _text("A line of text. Names, numbers and health are masked before it is kept.", maxLength=LONGEST),
        "token": _text("The meeting's own, if both sides answer: the two are sealed until both are in.", maxLength=200),
        "key": _text("The row's own: sent again with the same key it is the same answer.", pattern=f"^{ROW_KEY}$"),
    },
}
EXAMPLE: Final = {"at": "2026-04-02T13:05", "unit": "Stadsbiblioteket", "side": "resident", "level": 3, "key": "a-1"}
BATCH: Final = {
    "type": "object",
    "required": ["answers"],
    "additionalProperties": False,
    "properties": {"answers": {"type": "array", "maxItems": MOST_ROWS, "items": ROW}},
}


WITHDRAWAL: Final[dict[str, Any]] = ROW | {
    "description": "The row as it was sent: `at`, `unit` and `key` say which answer it is, and nothing else is read.",
    "required": ["at", "unit"],
}
WITHDRAWALS: Final = BATCH | {
    "properties": {"answers": {"type": "array", "maxItems": MOST_ROWS, "items": WITHDRAWAL}},
}
NAMED: Final = {"at": "2026-04-02", "unit": "Stadsbiblioteket", "key": "a-1"}


def _body(schema: dict[str, Any], example: object) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


BatchKey = Annotated[
    str,
    Header(
        "",
        alias="Idempotency-Key",
        pattern=f"^({KEY})?$",
        description="For rows without a key: what is sent again under it is the same.",
    ),
]
PROBLEMS: Final = problems(400, 401, 403, 413, 415)


# ---------------------------------------------------------------- addresses


@router.post(
    "/v1/answers",
    response={200: AnswerTaken, 201: AnswerTaken, **PROBLEMS, 409: Problem},
    auth=SIGN_IN,
    operation_id="take_in_answer",
    url_name="take_in_answer",
    openapi_extra=_body(ROW, EXAMPLE),
)
def take_in_answer(request: HttpRequest, idempotency_key: BatchKey) -> Any:
    """Take in one answer. 201 when it is new and 200 when it was there already; either way it is durable."""
    row = _cells(_json(request), idempotency_key)
    told = take_in_told(actor=actor_of(request), rows=[(1, row)], at=timezone.now())
    faults = {one.column: one.reason for one in told.rejected}
    if any(one.is_conflict for one in told.rejected):
        raise ConflictError(faults["key"], fields=faults)
    if faults:
        raise InvalidError(fields=faults)
    assert not isinstance(row, list)
    return Status(201 if told.taken else 200, AnswerTaken(key=row["key"]))


@router.post(
    "/v1/answers/batch",
    response={200: AnswersTaken, **PROBLEMS, 422: RowsRejected | Problem},
    auth=SIGN_IN,
    operation_id="take_in_answers",
    url_name="take_in_answers",
    openapi_extra=_body(BATCH, {"answers": [EXAMPLE]}),
)
def take_in_answers(request: HttpRequest, idempotency_key: BatchKey) -> Any:
    """Take in up to 10,000 answers in one transaction. Good rows are taken in **also when others are rejected** (422).

    A row without a key is known by the Idempotency-Key and its place: send the same rows in the same order again.
    """
    rows = _rows(request, idempotency_key)
    told = take_in_told(actor=actor_of(request), rows=rows, at=timezone.now())
    if not told.rejected:
        return AnswersTaken(taken=told.taken, known=told.known)
    title = ngettext(
        "%(count)s rad togs inte in. Alla andra är intagna.",
        "%(count)s rader togs inte in. Alla andra är intagna.",
        _rows_in(told.rejected),
    )
    return _not_all(RowsRejected, title, told.rejected, taken=told.taken, known=told.known)


@router.post(
    "/v1/answers/withdraw",
    response={200: AnswersWithdrawn, **PROBLEMS, 422: WithdrawalsRejected | Problem},
    auth=SIGN_IN,
    operation_id="withdraw_answers",
    url_name="withdraw_answers",
    openapi_extra=_body(WITHDRAWALS, {"answers": [NAMED]}),
)
def withdraw_answers(request: HttpRequest, idempotency_key: BatchKey) -> Any:
    """Take back up to 10,000 answers, whether they have come or not, in one transaction: for good, and twice is once.

    Send the rows as they were sent; those without a key in the same order under the same Idempotency-Key. Good rows are
    done **also when others are rejected** (422).
    """
    rows = _rows(request, idempotency_key)
    done = withdraw_told(actor=actor_of(request), rows=rows, at=timezone.now())
    if not done.rejected:
        return AnswersWithdrawn(withdrawn=done.rows)
    title = ngettext(
        "%(count)s rad kunde inte användas. Alla andra är tillbakatagna.",
        "%(count)s rader kunde inte användas. Alla andra är tillbakatagna.",
        _rows_in(done.rejected),
    )
    return _not_all(WithdrawalsRejected, title, done.rejected, withdrawn=done.rows)


def _rows_in(rejected: Iterable[from_systems.Rejected]) -> int:
    return len({one.line for one in rejected})


def _not_all(
    kind: type[Problem],
    title: str,
    rejected: Sequence[from_systems.Rejected],
    **done: int,
) -> HttpResponse:
    """422: the rows that could not be used, with what was done with the others."""
    problem = kind.model_validate(
        {
            "type": "urn:samspel:rows-rejected",
            "title": title % {"count": _rows_in(rejected)},
            "status": 422,
            "rejected": [Rejected(line=one.line, column=one.column, reason=one.reason) for one in rejected],
            **done,
        }
    )
    body = problem.model_dump_json(exclude_none=True)
    return HttpResponse(body, status=422, content_type="application/problem+json")


def _rows(request: HttpRequest, key: str) -> list[tuple[int, from_systems.Row]]:
    """The rows that were sent, each with its place; ``key`` is for those that have none of their own."""
    sent = _json(request)
    answers = sent["answers"] if isinstance(sent, dict) and sent.keys() == {"answers"} else None
    if not isinstance(answers, list):
        raise InvalidError(fields={"answers": _("Skicka en lista av svar under namnet answers.")})
    if len(answers) > MOST_ROWS:
        raise InvalidError(fields={"answers": _("Högst %(most)s rader på en gång.") % {"most": MOST_ROWS}})
    return [(line, _cells(row, key and f"{key}-{line}")) for line, row in enumerate(answers, start=1)]


def _json(request: HttpRequest) -> Any:
    if request.content_type != "application/json":
        raise NotJsonError
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise TooLargeError
    try:
        # Not request.body, which stops at what a page's form may hold.
        return json.loads(request.read(MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise BrokenJsonError from error


def _cells(row: Any, key: str) -> Mapping[str, str] | list[Fault]:
    """A row as a file would have it; ``key`` for one that has none of its own."""
    if not isinstance(row, dict):
        return [Fault("", _("Raden är inget objekt."))]
    faults = [Fault(_as_told(name), _("Kolumnen finns inte.")) for name in row.keys() - set(COLUMNS)]
    cells = {"key": key}
    for name, value in row.items():
        if name == "level" and _is_whole(value):
            cells[name] = str(int(value))
        elif isinstance(value, str) and name != "level":
            cells[name] = value
        else:
            faults.append(Fault(name, _("Skriv ett heltal.") if name == "level" else _("Skriv en text.")))
    return faults or cells


def _is_whole(value: Any) -> bool:
    """Whether it is a whole number: JSON as Python reads it has NaN and infinity too."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value == int(value)


def _as_told(name: str) -> str:
    """A caller's own name of a column, which may hold half a letter that no answer can."""
    return name[:80].encode("utf-8", "replace").decode()
