from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "samspel.people"
    label = "people"
