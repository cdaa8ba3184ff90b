from django.apps import AppConfig


class Consultations(AppConfig):
    name = "hospital.consultations"
    label = "consultations"
