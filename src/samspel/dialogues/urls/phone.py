"""Addresses of a participant: short, because some are typed from a screen."""

from functools import partial

from django.urls import URLPattern

from samspel.core.routes import route
from samspel.dialogues.views import join, phone, solo, where

_route = partial(route, owner="dialogues")

urlpatterns: list[URLPattern] = [
    _route("m/", join.start, name="join", act="dialogue.join", limit="join"),
    _route("m/<str:code>/", phone.page, name="join", act="dialogue.join"),
    _route("m/<str:code>/seat", join.take_seat, name="join_seat", act="dialogue.join", limit="join"),
    _route("m/<str:code>/where", where.where, name="where", act="dialogue.join", limit="join"),
    _route("m/<str:code>/swap", join.take_over, name="seat_take_over", act="dialogue.join", limit="join"),
    _route("m/<str:code>/ticket", phone.ticket, name="phone_ticket", act="seat.read"),
    # one's place
    _route("m/<str:code>/place", join.seat, name="seat", act="seat.read", limit="write"),
    _route("m/<str:code>/place/table", join.place, name="seat_place", act="seat.change", limit="write"),
    _route("m/<str:code>/place/phone", join.hand_over, name="seat_hand_over", act="seat.change", limit="write"),
    _route("m/<str:code>/place/forget", join.forget, name="seat_forget", act="seat.read", limit="write"),
    _route("m/<str:code>/help", join.help_someone, name="seat_help", act="seat.help", limit="write"),
    # one's own thoughts
    _route("m/<str:code>/notes", solo.write, name="note_write", act="note.write", limit="write"),
    _route("m/<str:code>/notes/mine.txt", solo.take_home, name="notes_take_home", act="note.read_own"),
    _route("m/<str:code>/notes/share", solo.share, name="notes_share", act="note.share", limit="write"),
    _route("m/<str:code>/notes/<int:note_id>", solo.change, name="note_change", act="note.read_own", limit="write"),
    _route("m/<str:code>/notes/<int:note_id>/remove", solo.remove, name="note_remove", act="note.write", limit="write"),
    _route("m/<str:code>/ready", solo.ready, name="ready", act="seat.change", limit="write"),
]
