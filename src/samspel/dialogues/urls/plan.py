"""Addresses of planning and of the list of dialogues."""

from functools import partial

from samspel.core.routes import route
from samspel.dialogues.views import dialogue_list, plan, taking_up

_route = partial(route, owner="dialogues")
# Leaders go on reading the plan when the meeting has begun and it can no longer be changed.
_plan = partial(_route, act="dialogue.plan", look="dialogue.lead", limit="write")

urlpatterns = [
    _route("dialogues", dialogue_list.page, name="dialogue_list", act="dialogue.list"),
    _route("dialogues/new", plan.new, name="dialogue_new", act="dialogue.create", look="dialogue.list", limit="write"),
    _route("dialogues/participants.xlsx", plan.people_file, name="people_file", act="dialogue.list", limit="heavy"),
    _route(
        "units/<int:unit_id>/signals/<int:signal_id>/take-up",
        taking_up.signal,
        name="signal_take_up",
        act="dialogue.create",
        limit="write",
    ),
    _plan("dialogues/<int:dialogue_id>/plan", plan.plan, name="dialogue_plan"),
    _plan("dialogues/<int:dialogue_id>/people", plan.people, name="dialogue_people"),
    _route(
        "dialogues/<int:dialogue_id>/invite", plan.invite, name="dialogue_invite", act="dialogue.plan", limit="write"
    ),
    _route(
        "dialogues/<int:dialogue_id>/codes.pdf", plan.codes, name="dialogue_codes", act="dialogue.lead", limit="heavy"
    ),
    _route(
        "dialogues/<int:dialogue_id>/seats.pdf", plan.where, name="dialogue_where", act="dialogue.lead", limit="heavy"
    ),
    _route(
        "dialogues/<int:dialogue_id>/cards.pdf", plan.cards, name="dialogue_cards", act="dialogue.lead", limit="heavy"
    ),
]
