"""Acts that belong to no part: reading the start page, choosing a language, signing in."""

from samspel.core.permissions import allow, permission_table

PERMISSIONS = permission_table(
    "core",
    [
        allow("site.read", "visitor person participant", why="Open unless there is a reason"),
        allow("site.language", "visitor person participant", why="A language is chosen without signing in"),
        allow("site.sign_in", "visitor person participant", why="Anyone may try; limits protect accounts"),
        allow("site.health", "visitor person participant", why="A watcher asks whether the server lives"),
        allow("defaults.change", "administrator", why="A municipality's decision, recorded with name and reason"),
        allow("thread.read_public", "visitor person participant", why="Told from the resident's side, open"),
    ],
)
