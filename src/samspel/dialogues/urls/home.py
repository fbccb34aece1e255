"""Addresses of the start page, a unit's home and the red threads."""

from samspel.core.routes import route
from samspel.dialogues.views import home

urlpatterns = [
    route("", home.start, name="start", owner="dialogues", act="site.read"),
    route("home", home.home, name="home", owner="dialogues", act="home.read"),
    route("units/<int:unit_id>", home.unit, name="unit", owner="dialogues", act="unit.read_public"),
    route("threads", home.thread_list, name="thread_list", owner="dialogues", act="thread.read_public"),
    route("threads/<int:thread_id>", home.thread_page, name="thread", owner="dialogues", act="thread.read_public"),
    route("search", home.search, name="search", owner="dialogues", act="site.read"),
]
