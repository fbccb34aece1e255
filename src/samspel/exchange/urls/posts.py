"""Addresses of all needs and offers, and of the kinds of help, for bridge-builders."""

from functools import partial

from samspel.core.routes import route
from samspel.exchange.views import posts, setup

_desk = partial(route, owner="exchange", act="desk.read")
_enter = partial(route, owner="exchange", act="post.enter")

urlpatterns = [
    _desk("exchange/desk/posts", posts.posts, name="exchange_posts"),
    _desk("exchange/desk/posts.csv", posts.export, name="exchange_posts_file", limit="heavy"),
    _enter("exchange/desk/posts/new", posts.enter, name="exchange_enter", limit="write"),
    _enter("exchange/desk/posts/import", posts.take_in, name="exchange_import", limit="heavy"),
    _enter("exchange/desk/posts/template.csv", posts.template, name="exchange_template"),
    route(
        "exchange/desk/posts/<int:post_id>",
        posts.post,
        name="exchange_post",
        owner="exchange",
        act="desk.change",
        look="desk.read",
        limit="write",
    ),
    route("exchange/setup", setup.setup, name="exchange_setup", owner="exchange", act="exchange.setup", limit="write"),
]
