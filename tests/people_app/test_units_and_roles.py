"""Units as a tree, roles, and who may change them."""

from collections.abc import Callable

import pytest
from django.test import Client

from samspel.core import defaults
from samspel.core.errors import InvalidError, NotFoundError
from samspel.people import actions
from samspel.people.access import roles_in
from samspel.people.models import Person, Role, Unit
from samspel.people.queries import name_key, unit_tree, units_to_lead
from tests.people import WHEN, Town, actor_of, make_unit


def test_a_unit_moves_with_everything_below_it(town: Town) -> None:
    below = make_unit("Receptionen", town.guidance)

    actions.change_unit(
        actor=actor_of(town.administrator),
        unit_id=town.guidance.pk,
        name="Vägledningen",
        parent_id=town.library.pk,
        is_closed=False,
        at=WHEN,
    )

    below.refresh_from_db()
    assert below.path == f"/{town.root.pk}/{town.library.pk}/{town.guidance.pk}/{below.pk}/"


def test_a_unit_cannot_lie_below_itself_nor_close_over_open_ones(town: Town) -> None:
    below = make_unit("Receptionen", town.guidance)
    administrator = actor_of(town.administrator)

    with pytest.raises(InvalidError) as error:
        actions.change_unit(
            actor=administrator,
            unit_id=town.guidance.pk,
            name="Vägledningscentrum",
            parent_id=below.pk,
            is_closed=False,
            at=WHEN,
        )
    assert "parent" in error.value.fields
    with pytest.raises(InvalidError) as error:
        actions.change_unit(
            actor=administrator,
            unit_id=town.guidance.pk,
            name="Vägledningscentrum",
            parent_id=town.root.pk,
            is_closed=True,
            at=WHEN,
        )
    assert "closed" in error.value.fields


def test_a_name_is_taken_once_below_the_same_parent(town: Town) -> None:
    with pytest.raises(InvalidError):
        actions.add_unit(actor=actor_of(town.administrator), name="stadsbiblioteket", parent_id=town.root.pk)

    assert actions.add_unit(
        actor=actor_of(town.administrator), name="Stadsbiblioteket", parent_id=town.guidance.pk
    ).path.startswith(town.guidance.path)


def test_facilitator_reaches_down_and_member_does_not(town: Town) -> None:
    below = make_unit("Receptionen", town.guidance)

    assert "facilitator" in roles_in(actor_of(town.facilitator), below)
    assert "member" not in roles_in(actor_of(town.member), below)
    assert units_to_lead(actor_of(town.manager)) == [below, town.guidance]


def test_names_are_in_swedish_order() -> None:
    names = ["Öbo", "Zetterberg", "Åby", "Ängen", "Ek", "Aho", "Ørsted", "Éva"]

    assert sorted(names, key=name_key) == ["Aho", "Ek", "Éva", "Zetterberg", "Åby", "Ängen", "Öbo", "Ørsted"]


def test_the_tree_has_parents_before_children_in_one_query(town: Town, django_assert_num_queries: Callable) -> None:  # type: ignore[type-arg]
    with django_assert_num_queries(1):
        tree = unit_tree()

    assert [(branch.unit.name, branch.depth) for branch in tree] == [
        ("Lindviks kommun", 0),
        ("Stadsbiblioteket", 1),
        ("Vägledningscentrum", 1),
    ]


def test_roles_become_exactly_what_was_chosen(town: Town) -> None:
    for kinds in ({"member", "ombud"}, {"facilitator"}):
        actions.set_roles(
            actor=actor_of(town.administrator), person_id=town.member.pk, unit_id=town.guidance.pk, kinds=kinds
        )
        have = set(Role.objects.filter(person=town.member, unit=town.guidance).values_list("kind", flat=True))
        assert have == kinds


def test_the_last_administrator_stays_one(town: Town) -> None:
    with pytest.raises(InvalidError):
        actions.change_person(
            actor=actor_of(town.administrator),
            person_id=town.administrator.pk,
            name="Alva",
            profession="",
            is_active=True,
            is_administrator=False,
        )

    assert Person.objects.get(pk=town.administrator.pk).is_administrator


def test_nobody_else_changes_units_people_or_defaults(town: Town, signed_in: Callable[..., Client]) -> None:
    addresses = [
        "/administration",
        "/administration/units",
        f"/administration/units/{town.guidance.pk}",
        "/administration/people",
        f"/administration/people/{town.member.pk}",
        "/administration/providers",
        "/administration/defaults",
    ]

    for address in addresses:
        for person in (town.manager, town.facilitator, town.member, town.outsider):
            assert signed_in(person).get(address).status_code == 404, address
        assert Client().get(address).status_code == 302, address
        assert signed_in(town.administrator).get(address).status_code == 200, address
    with pytest.raises(NotFoundError):
        actions.add_unit(actor=actor_of(town.manager), name="Min egen", parent_id=None)
    assert not Unit.objects.filter(name="Min egen").exists()


def test_a_default_is_changed_with_its_reason_and_inside_its_limits(
    town: Town, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(town.administrator)

    for number, reason, status in ((4, "", 422), (99, "fler", 422), (4, "Vi sitter fyra och fyra.", 302)):
        page = client.post(
            "/administration/defaults", {"key": "dialogue.group_size", "number": number, "reason": reason}
        )
        assert page.status_code == status

    assert defaults.value("dialogue.group_size") == 4
    assert "Vi sitter fyra och fyra." in client.get("/administration/defaults").content.decode()
