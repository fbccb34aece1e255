"""Addresses of the administrator's pages of encounters."""

from functools import partial

from samspel.core.routes import route
from samspel.encounters.views import setup

here = partial(route, owner="encounters", act="encounters.setup", limit="write")

urlpatterns = [
    here("administration/encounters", setup.setup, name="encounters_setup"),
    here("administration/encounters/language", setup.setup_language, name="encounters_language"),
    here("administration/encounters/texts/<slug:language>", setup.setup_texts, name="encounters_texts"),
]
