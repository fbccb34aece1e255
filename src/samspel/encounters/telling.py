"""What is told beside the level: read from a form, screened, saved in the place of what was told before."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import translation

from samspel.core.languages import SPOKEN
from samspel.encounters.actions.taking_in import TOLD_WITHIN, tell_more
from samspel.encounters.models import AgeBand, Answer, Area, Factor, Point
from samspel.encounters.screening import Found, screen
from samspel.encounters.texts import Language


@dataclass(frozen=True)
class Told:
    """All that is told beside the level. ``service_id`` decides which factors are offered."""

    service_id: int | None
    helped: tuple[str, ...] = ()
    hindered: tuple[str, ...] = ()
    text: str = ""
    is_no_meeting: bool = False
    language: str = ""
    age_band: str = ""
    area_id: int | None = None


@dataclass(frozen=True)
class FactorShown:
    key: str
    name: str


@dataclass(frozen=True)
class FoundShown:
    """What the writer is warned of: a word for its kind, and her own words."""

    kind: str
    words: str


def told_before(key: str, at: datetime) -> Told | None:
    """What an answer says so far; None when it is not there, or nothing more can be told. One query."""
    answer = Answer.objects.filter(key=key, received_at__gte=at - TOLD_WITHIN).first()
    if answer is None:
        return None
    return Told(
        answer.service_id,
        tuple(answer.helped),
        tuple(answer.hindered),
        answer.text,
        answer.is_no_meeting,
        answer.language,
        answer.age_band,
        answer.area_id,
    )


def save_told(
    sent: QueryDict, before: Told, key: str, point: Point | None, *, at: datetime
) -> tuple[Told, str, list[Found]]:
    """Save a form: what then is told, the line as its field should show it, and what the writer must be asked about.

    A line that looks like somebody is not saved until she has seen what it looks like and said ``without``; then what
    was found is masked. All else is saved at once. A group that she does not tell is what the point knows; staff
    have no groups, and no point here.
    """
    screened = screen(sent.get("text", ""))
    asks = bool(screened.found) and "without" not in sent
    told = Told(
        before.service_id,
        _marked(sent.getlist("helped"), before.service_id),
        _marked(sent.getlist("hindered"), before.service_id),
        before.text if asks else screened.text,
        "no_meeting" in sent,
        _one_of(sent.get("language", ""), SPOKEN) or (point.language if point else ""),
        _one_of(sent.get("age", ""), AgeBand.values) or (point.age_band if point else ""),
        _area(sent.get("area", "")) or (point.area_id if point else None),
    )
    tell_more(
        key,
        at=at,
        helped=told.helped,
        hindered=told.hindered,
        text=told.text,
        is_no_meeting=told.is_no_meeting,
        language=told.language,
        age_band=told.age_band,
        area_id=told.area_id,
    )
    return told, sent.get("text", "") if asks else told.text, list(screened.found) if asks else []


def factors_offered(service_id: int | None, language: str) -> list[FactorShown]:
    """A service's factors and those of all services, in the reader's language, Swedish where it is missing."""
    rows = _factors(service_id).order_by("position", "key")
    own = settings.LANGUAGE_CODE
    return [FactorShown(row.key, row.name.get(language) or row.name.get(own, row.key)) for row in rows]


def ages_in(language: str) -> list[tuple[str, str]]:
    """The age bands: in words in our own languages, in figures in others."""
    if language not in dict(settings.LANGUAGES):
        return [(value, value.replace("-", "–")) for value in AgeBand.values]
    with translation.override(language):
        return [(value, str(label)) for value, label in AgeBand.choices]


def found_in(language: Language, found: list[Found]) -> list[FoundShown]:
    """What was found, said to the writer in her language."""
    return [FoundShown(language.texts[each.kind], each.words) for each in found]


def _factors(service_id: int | None) -> QuerySet[Factor]:
    return Factor.objects.filter(Q(service=None) | Q(service_id=service_id), closed_at=None)


def _marked(keys: list[str], service_id: int | None) -> tuple[str, ...]:
    """Of the factors marked, those that are offered."""
    if not keys:
        return ()
    rows = _factors(service_id).filter(key__in=keys).order_by("position", "key")
    return tuple(rows.values_list("key", flat=True))


def _one_of(value: str, known: Container[str]) -> str:
    return value if value in known else ""


def _area(value: str) -> int | None:
    return Area.objects.filter(key=value).values_list("pk", flat=True).first() if value else None
