"""The open tables of services: the same rows that the pages and their files have, hidden numbers as null."""

from typing import Any, Final, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from samspel.api.problems import problems
from samspel.api.signing_in import actor_of
from samspel.encounters.access import get_service, services_by_name
from samspel.encounters.open_figures import FIRST_TO_UNITS, open_figures
from samspel.encounters.open_tables import table_of

router = Router()
PROBLEMS: Final = problems()


class ServiceOut(Schema):
    """A service, and how many answered how so far this year; ``answers`` is null before its first look."""

    key: str
    name: str
    answers: int | None
    good_of_100: int | None


@router.get("/v1/services", response={200: list[ServiceOut], **PROBLEMS}, operation_id="services")
def services(request: HttpRequest) -> Any:
    """All services by name."""
    found = services_by_name()
    figures = open_figures(found, timezone.localdate() - FIRST_TO_UNITS)
    return [
        ServiceOut(
            key=one.key,
            name=one.name,
            answers=figures[one.pk].total.n if one.pk in figures else None,
            good_of_100=figures[one.pk].total.per_100 if one.pk in figures else None,
        )
        for one in found
    ]


@router.get(
    "/v1/services/{key}/{table}", response={200: list[dict[str, Any]], **PROBLEMS}, operation_id="service_table"
)
def service_table(request: HttpRequest, key: str, table: Literal["weeks", "units", "groups"]) -> Any:
    """One of a service's tables. Units come without names, by how many answered."""
    service = get_service(actor_of(request), key, "figures.open")
    figures = open_figures([service], timezone.localdate() - FIRST_TO_UNITS).get(service.pk)
    return table_of(figures, table).records()
