from django.apps import AppConfig


class Guardians(AppConfig):
    name = "hospital.guardians"
    label = "guardians"
