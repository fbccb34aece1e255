"""Addresses of giving and needing, and of one's own."""

from functools import partial

from samspel.core.routes import route
from samspel.exchange.views import growing, mine, posting

_here = partial(route, owner="exchange")
_grow = partial(route, owner="exchange", act="need.from_thread", limit="write")
_own = partial(route, owner="exchange", act="post.change", limit="write")

urlpatterns = [
    _here("exchange", posting.exchange, name="exchange", act="exchange.read"),
    _here("exchange/give", posting.give, name="exchange_give", act="post.write", limit="write"),
    _here("exchange/need", posting.need, name="exchange_need", act="post.write", limit="write"),
    _grow("exchange/need/<int:knot_id>", growing.need_from, name="exchange_grow"),
    _here("exchange/hint", posting.hint, name="exchange_hint", act="post.write", limit="write"),
    _here("exchange/code", posting.code, name="exchange_code", act="party.return", limit="write"),
    _here("exchange/forget", mine.forget, name="exchange_forget", act="party.return", limit="write"),
    _here("exchange/mine", mine.mine, name="exchange_mine", act="party.read"),
    _own("exchange/mine/mail", mine.mail, name="exchange_mail"),
    _own("exchange/mine/erase", mine.erase, name="exchange_erase"),
    _own("exchange/mine/<int:post_id>", mine.change, name="exchange_change"),
    _own("exchange/mine/<int:post_id>/renew", mine.renew, name="exchange_renew"),
    _own("exchange/mine/<int:post_id>/take-back", mine.withdraw, name="exchange_take_back"),
]
