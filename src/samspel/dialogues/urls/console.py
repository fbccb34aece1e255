"""Addresses of the leader's console."""

from functools import partial

from samspel.core.routes import route
from samspel.dialogues.views import console, seats, themes

lead = partial(route, owner="dialogues", act="dialogue.lead")
run = partial(route, owner="dialogues", act="dialogue.run", limit="write")
sort = partial(route, owner="dialogues", act="theme.sort", limit="write")
move = partial(route, owner="dialogues", act="seat.move", limit="write")
review = partial(route, owner="dialogues", act="dialogue.review", limit="write")

urlpatterns = [
    lead("dialogues/<int:dialogue_id>/lead", console.console, name="dialogue_lead"),
    lead("dialogues/<int:dialogue_id>/lead/now", console.console_now, name="dialogue_lead_now"),
    lead("dialogues/<int:dialogue_id>/lead/ticket", console.ticket, name="dialogue_lead_ticket", limit="stream"),
    lead("dialogues/<int:dialogue_id>/lead/begin", console.begin, name="dialogue_begin"),
    run("dialogues/<int:dialogue_id>/lead/<slug:what>", console.press, name="dialogue_press"),
    run("dialogues/<int:dialogue_id>/lead/help/<int:sitting_id>", console.take_help, name="dialogue_help"),
    run("dialogues/<int:dialogue_id>/lead/counts/<int:sitting_id>", console.open_counts, name="dialogue_open_counts"),
    run("dialogues/<int:dialogue_id>/tables/merge", console.merge_tables, name="dialogue_merge_tables"),
    lead("dialogues/<int:dialogue_id>/seats", seats.seats, name="dialogue_seats"),
    lead("dialogues/<int:dialogue_id>/seats/tablet/<int:number>", seats.tablet, name="dialogue_tablet"),
    move("dialogues/<int:dialogue_id>/seats/move", seats.move, name="dialogue_seats_move"),
    lead("dialogues/<int:dialogue_id>/themes", themes.themes, name="dialogue_themes"),
    lead("dialogues/<int:dialogue_id>/themes/now", themes.themes_now, name="dialogue_themes_now"),
    run("dialogues/<int:dialogue_id>/themes/undo", themes.undo, name="dialogue_themes_undo"),
    sort("dialogues/<int:dialogue_id>/themes/move", themes.move, name="dialogue_themes_move"),
    sort("dialogues/<int:dialogue_id>/themes/<slug:what>", themes.press, name="dialogue_themes_press"),
    lead("dialogues/<int:dialogue_id>/review", console.review, name="dialogue_review"),
    review("dialogues/<int:dialogue_id>/review/judge", console.judge, name="dialogue_judge"),
    review("dialogues/<int:dialogue_id>/review/word", console.word, name="dialogue_word"),
    run("dialogues/<int:dialogue_id>/review/same", console.same, name="dialogue_same"),
    lead("dialogues/<int:dialogue_id>/close", console.close, name="dialogue_close", limit="write"),
]
