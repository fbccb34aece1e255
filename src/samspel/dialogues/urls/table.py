"""Addresses of the table: a participant's presses and small pages, and the leader's paper sheets."""

from functools import partial

from django.urls import URLPattern

from samspel.core.routes import route
from samspel.dialogues.views import paper, table

_route = partial(route, owner="dialogues")

urlpatterns: list[URLPattern] = [
    _route("m/<str:code>/table/mark", table.mark, name="table_mark", act="table.mark", limit="write"),
    _route("m/<str:code>/table/ready", table.ready, name="table_ready", act="table.mark", limit="write"),
    _route("m/<str:code>/table/part", table.part, name="table_part", act="table.part", limit="write"),
    _route("m/<str:code>/table/merge", table.merge, name="table_merge", act="table.merge", limit="write"),
    _route("m/<str:code>/table/move", table.move, name="table_move", act="table.order", limit="write"),
    _route("m/<str:code>/table/pen", table.pen, name="table_pen", act="table.pen", limit="write"),
    _route("m/<str:code>/table/pen/to", table.pen_to, name="table_pen_to", act="table.order"),
    _route("m/<str:code>/table/note", table.note, name="table_note", act="note.share", limit="write"),
    _route("m/<str:code>/table/voice", table.voice, name="table_voice", act="counter_voice.say", limit="write"),
    _route("m/<str:code>/table/hand-in", table.hand_in, name="table_hand_in", act="table.hand_in", limit="write"),
    _route("m/<str:code>/table/take-back", table.take_back, name="table_take_back", act="table.hand_in", limit="write"),
    _route("m/<str:code>/table/lone", table.lone, name="table_lone", act="table.hand_in", limit="write"),
    _route("m/<str:code>/table/help", table.ask_for_help, name="table_help", act="table.help", limit="write"),
    _route("m/<str:code>/table/help/off", table.help_off, name="table_help_off", act="table.help", limit="write"),
    _route(
        "dialogues/<int:dialogue_id>/paper.pdf",
        paper.sheets,
        name="dialogue_sheets",
        act="dialogue.lead",
        limit="heavy",
    ),
    _route(
        "dialogues/<int:dialogue_id>/paper/ballots",
        paper.ballots,
        name="dialogue_ballots",
        act="ballot.enter",
        look="dialogue.lead",
        limit="write",
    ),
    _route("dialogues/<int:dialogue_id>/paper", paper.enter, name="dialogue_paper", act="note.enter", limit="write"),
]
