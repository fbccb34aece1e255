from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "samspel.core"
    label = "core"

    def ready(self) -> None:
        from samspel.core import access, checks  # noqa: F401  (registers permissions and start-up checks)
