"""Addresses of the big screen."""

from functools import partial

from samspel.core.routes import route
from samspel.dialogues.views import screen

show = partial(route, owner="dialogues", act="dialogue.show")

urlpatterns = [
    show("dialogues/<int:dialogue_id>/screen", screen.screen, name="dialogue_screen"),
    show("dialogues/<int:dialogue_id>/screen/now", screen.screen_now, name="dialogue_screen_now"),
    show("dialogues/<int:dialogue_id>/screen/ticket", screen.ticket, name="dialogue_screen_ticket", limit="stream"),
]
