from django.apps import AppConfig


class EncountersConfig(AppConfig):
    name = "samspel.encounters"
    label = "encounters"

    def ready(self) -> None:
        from samspel.encounters import queries

        queries.register_knots()
