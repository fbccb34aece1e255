"""Addresses of the bridge-builder's matches, and of what they spared."""

from functools import partial

from samspel.core.routes import route
from samspel.exchange.views import matches, spared

own = partial(route, owner="exchange")
change = partial(own, act="desk.change", limit="write")
HERE = "exchange/desk/matches"

urlpatterns = [
    own(HERE, matches.matches, name="exchange_matches", act="desk.read"),
    change(f"{HERE}/<int:match_id>", matches.match, name="exchange_match", look="desk.read"),
    change(f"{HERE}/<int:match_id>/ask", matches.ask, name="exchange_ask", look="desk.read"),
    own("exchange/spared", spared.spared, name="exchange_spared", act="spared.read"),
    own(
        "exchange/setup/assumptions",
        spared.assumptions,
        name="exchange_assumptions",
        act="exchange.setup",
        limit="write",
    ),
]
