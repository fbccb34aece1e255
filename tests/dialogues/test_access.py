"""The permission table, row by row: role × act × phase."""

import pytest

from samspel.core.errors import ConflictError, NotFoundError
from samspel.core.permissions import ROLES, TABLES, may
from samspel.dialogues.access import PERMISSIONS, PHASES, get_dialogue
from samspel.dialogues.models import PHASE_OF, StepKind
from tests.people import Town, actor_of, go_to, make_dialogue


@pytest.mark.parametrize("act", sorted(PERMISSIONS))
def test_a_role_may_do_exactly_what_its_row_says(act: str) -> None:
    row = PERMISSIONS[act]

    for role in ROLES:
        for phase in PHASES:
            expected = role in row.roles and (row.phases is None or phase in row.phases)
            assert may({role}, act, phase) is expected, f"{role} {act} {phase}"


def test_every_kind_of_step_has_a_phase_of_the_table() -> None:
    assert set(PHASE_OF) == set(StepKind.values)
    assert set(PHASE_OF.values()) <= set(PHASES)


def test_every_row_says_why() -> None:
    assert all(len(row.why) > 10 for table in TABLES.values() for row in table.values())


def test_an_outsider_and_a_missing_dialogue_look_the_same(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)

    for dialogue_id in (dialogue.pk, dialogue.pk + 10_000):
        with pytest.raises(NotFoundError):
            get_dialogue(actor_of(town.outsider), dialogue_id, "dialogue.plan")


def test_a_leader_is_told_when_the_time_for_an_act_is_over(town: Town) -> None:
    dialogue = make_dialogue(town.guidance)
    assert get_dialogue(actor_of(town.manager), dialogue.pk, "dialogue.plan") == dialogue

    go_to(dialogue, "solo")

    with pytest.raises(ConflictError):
        get_dialogue(actor_of(town.manager), dialogue.pk, "dialogue.plan")
