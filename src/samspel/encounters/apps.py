from django.apps import AppConfig


class EncountersConfig(AppConfig):
    name = "samspel.encounters"
    label = "encounters"

    def ready(self) -> None:
        from samspel.encounters import access, queries  # noqa: F401  (its permission rows are wanted everywhere)

        queries.register_knots()
