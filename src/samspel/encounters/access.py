"""Who may note and read signals."""

from samspel.core.permissions import allow, permission_table

PERMISSIONS = permission_table(
    "encounters",
    [
        allow(
            "signal.note",
            "member manager facilitator administrator",
            why="Whoever meets people may note what she heard",
        ),
    ],
)
