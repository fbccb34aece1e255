"""Addresses of the bridge-builder's desk."""

from functools import partial

from samspel.core.routes import route
from samspel.exchange.views import choosing, desk

read = partial(route, owner="exchange", act="desk.read")
change = partial(route, owner="exchange", act="desk.change", limit="write")

urlpatterns = [
    read("exchange/desk", desk.show, name="exchange_desk"),
    read("exchange/desk/waiting", desk.waiting, name="exchange_waiting"),
    route(
        "exchange/desk/select",
        desk.choose_anew,
        name="exchange_select",
        owner="exchange",
        act="desk.change",
        limit="heavy",
    ),
    change("exchange/desk/<int:match_id>/adjust", desk.adjust, name="exchange_adjust"),
    change("exchange/desk/again", desk.let_meet, name="exchange_let_meet"),
    change("exchange/desk/<int:match_id>/words", desk.write_up, name="exchange_words", look="desk.read"),
    change("exchange/desk/<int:match_id>/remark", desk.remark, name="exchange_remark"),
    change("exchange/desk/posts/<int:post_id>/together", desk.put_together, name="exchange_together"),
    change("exchange/desk/waiting/<int:need_id>", desk.ask_town, name="exchange_ask_town"),
    route(
        "exchange/setup/choosing",
        choosing.choosing,
        name="exchange_choosing",
        owner="exchange",
        act="exchange.setup",
        limit="write",
    ),
    change("exchange/desk/questions/<int:question_id>", desk.judge_question, name="exchange_question"),
]
