from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "samspel.ui"
    label = "ui"
