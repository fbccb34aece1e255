from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "samspel.demo"
    label = "demo"
