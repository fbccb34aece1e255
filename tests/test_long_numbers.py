"""Numbers longer than Python reads, sent to pages that take one."""

import pytest

from samspel.dialogues.models import Template
from tests.dialogues.test_permission_matrix import sign_in
from tests.people import Town, make_dialogue, make_person

LONG = "9" * 5000


@pytest.mark.parametrize(
    ("page", "sent"),
    [
        ("/dialogues/{dialogue}/lead/next", {"seen": LONG}),
        ("/dialogues/{dialogue}/seats/move", {"absent": f"i{LONG}"}),
        ("/dialogues/{dialogue}/seats/move", {"unpin": f"i{LONG}"}),
        ("/dialogues/{dialogue}/seats/move", {"host": f"i{LONG}"}),
        ("/dialogues/{dialogue}/seats/move", {"host": f"s{LONG}"}),
        ("/dialogues/{dialogue}/seats/move", {"host": "ix"}),
        ("/dialogues/{dialogue}/paper", {"table": "{table}", "text-1": "Ro", "place-1": LONG}),
        ("/dialogues/{dialogue}/plan", {"grows_from": f"thread:{LONG}"}),
        ("/dialogues/{dialogue}/plan", {"grows_from": f"signal:{LONG}"}),
        ("/units/{unit}/encounters/stories", {"story": LONG}),
        ("/administration/defaults", {"key": "keep.audit_days", "number": LONG}),
        ("/exchange/setup/assumptions", {"category": "1", "low": LONG, "high": LONG, "reason": "x"}),
    ],
)
def test_no_page_falls_over_a_number_that_is_none_or_too_long(page: str, sent: dict[str, str], town: Town) -> None:
    dialogue = make_dialogue(town.guidance, now_at=None if page.endswith("plan") else "solo")
    Template.objects.filter(pk=dialogue.template_id).update(hosts_stay=True)
    anybody = make_person("Alla Roller", town.guidance, "manager", "facilitator", "broker", administrator=True)
    address = page.format(dialogue=dialogue.pk, unit=town.guidance.pk)
    table = str(dialogue.tables.get().pk)

    answer = sign_in(anybody).post(address, {name: said.format(table=table) for name, said in sent.items()})

    assert answer.status_code < 500
