"""Addresses of the tablet that lies on a table."""

from functools import partial

from samspel.core.routes import route
from samspel.dialogues.views import tablet

_route = partial(route, owner="dialogues", act="seat.help")

urlpatterns = [
    _route("b/<str:code>/", tablet.page, name="tablet", look="seat.read"),
    _route("b/<str:code>/join/<int:number>/<str:key>", tablet.join, name="tablet_join", limit="join"),
    _route("b/<str:code>/ticket", tablet.ticket, name="tablet_ticket", look="seat.read"),
    _route("b/<str:code>/press", tablet.press, name="tablet_press", limit="write"),
    _route("b/<str:code>/note", tablet.note, name="tablet_note", limit="write"),
    _route("b/<str:code>/ballot", tablet.ballot, name="tablet_ballot", limit="write"),
    _route("b/<str:code>/help", tablet.help_someone, name="tablet_help", limit="write"),
]
