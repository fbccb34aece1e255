"""Addresses of those who answer: short, for a poster and a phone."""

from functools import partial

from samspel.core.routes import route
from samspel.encounters.views import answering, stories

answer = partial(route, owner="encounters", act="encounter.answer", limit="write")

urlpatterns = [
    answer("s/<str:code>", answering.tap, name="tap"),
    answer("s/<str:code>/", answering.typed, name="tap_typed"),
    answer("s/<str:code>/more", answering.more, name="tap_more"),
    route("s/<str:code>/story", stories.story, name="tap_story", owner="encounters", act="story.tell", limit="write"),
    route(
        "stories/withdraw",
        stories.withdraw,
        name="story_withdraw",
        owner="encounters",
        act="story.withdraw",
        limit="write",
    ),
]
