from django.apps import AppConfig


class Corrections(AppConfig):
    name = "hospital.corrections"
    label = "corrections"
