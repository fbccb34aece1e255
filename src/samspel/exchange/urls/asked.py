"""Addresses of those who are asked."""

from samspel.core.routes import route
from samspel.exchange.views import asked

urlpatterns = [
    route(
        "exchange/mine/asked/<int:match_id>",
        asked.asked,
        name="exchange_asked",
        owner="exchange",
        act="part.answer",
        look="part.read",
        limit="write",
    ),
]
