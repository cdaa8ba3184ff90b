from django.apps import AppConfig


class Appraisal(AppConfig):
    name = "prescriptions.appraisal"
    label = "appraisal"
