"""Addresses of what comes afterwards."""

from functools import partial

from samspel.core.routes import route
from samspel.dialogues.views import after, play

inside = partial(route, owner="dialogues", act="dialogue.read_protocol")
export = partial(route, owner="dialogues", act="dialogue.export")
everyone = partial(route, owner="dialogues", act="dialogue.read_public")

urlpatterns = [
    inside("dialogues/<int:dialogue_id>/protocol", after.protocol, name="dialogue_protocol"),
    inside(
        "dialogues/<int:dialogue_id>/protocol.<slug:kind>",
        after.protocol_file,
        name="dialogue_protocol_file",
        limit="heavy",
    ),
    export("dialogues/<int:dialogue_id>/export", after.export, name="dialogue_export"),
    export(
        "dialogues/<int:dialogue_id>/export.<slug:kind>",
        after.export_file,
        name="dialogue_export_file",
        limit="heavy",
    ),
    export(
        "dialogues/<int:dialogue_id>/pictures/<slug:name>.png",
        after.picture,
        name="dialogue_picture",
        limit="heavy",
    ),
    route(
        "dialogues/<int:dialogue_id>/play",
        play.play,
        name="dialogue_play",
        owner="dialogues",
        act="dialogue.run",
        limit="write",
    ),
    route(
        "dialogues/<int:dialogue_id>/open",
        after.set_open,
        name="dialogue_set_open",
        owner="dialogues",
        act="dialogue.lead",
        limit="write",
    ),
    everyone("open", after.open_dialogues, name="open_dialogues"),
    everyone("open/<slug:slug>", after.public, name="dialogue_public"),
    everyone("open/<slug:slug>.<slug:kind>", after.public_file, name="dialogue_public_file", limit="heavy"),
]
