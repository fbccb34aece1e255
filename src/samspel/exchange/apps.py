from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "samspel.exchange"
    label = "exchange"

    def ready(self) -> None:
        from samspel.exchange import access, knots  # noqa: F401  (its permission rows are wanted everywhere)

        knots.register()
