from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "samspel.api"
    label = "api"
