"""How the example town asks, beside its posters."""

from datetime import datetime

from samspel.demo.encounters import AREAS, PLANS, set_up_asking
from samspel.encounters.models import Area, Invitation, Plan, Tablet
from samspel.encounters.points import silent_tablets
from tests.encounters.asking import make_service
from tests.people import Town, actor_of, make_unit


def test_the_town_has_areas_plans_links_and_one_tablet_that_is_silent(town: Town, now: datetime) -> None:
    for name in ("Socialkontoret", "Hjälp hemma i Norrvik"):
        make_unit(name, town.root)
    for key in ("guidance", "help-at-home"):
        make_service(key, key)

    set_up_asking(actor_of(town.administrator), at=now)

    assert set(Area.objects.values_list("name", flat=True)) == set(AREAS)
    assert Plan.objects.count() == len(PLANS)
    assert Invitation.objects.count() == 200
    assert Tablet.objects.count() == 2
    assert [row.tablet.name for row in silent_tablets(now)] == ["Vid soffan"]
