from django.apps import AppConfig


class DialoguesConfig(AppConfig):
    name = "samspel.dialogues"
    label = "dialogues"

    def ready(self) -> None:
        from samspel.dialogues import knots

        knots.register()
