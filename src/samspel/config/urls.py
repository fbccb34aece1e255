"""All addresses. Each goes through ``core.routes.route``: owner, permission row, rate limit."""

from django.urls import include, path

from samspel.core.routes import route
from samspel.ui import views as ui

# An address is looked for from the top: what other systems and a hall's phones ask for stands first.
urlpatterns = [
    path("api/", include("samspel.api.urls")),
    path("", include("samspel.dialogues.urls")),
    path("", include("samspel.encounters.urls")),
    path("", include("samspel.exchange.urls")),
    path("", include("samspel.people.urls")),
    route("language", ui.language, name="language", owner="ui", act="site.language", limit="write"),
    route("accessibility", ui.accessibility, name="accessibility", owner="ui", act="site.read"),
    route("what-is-kept", ui.what_is_kept, name="what_is_kept", owner="ui", act="site.read"),
    route("health", ui.health, name="health", owner="ui", act="site.health"),
]

handler400 = "samspel.ui.views.bad_request"
handler404 = "samspel.ui.views.not_found"
handler500 = "samspel.ui.views.server_error"
