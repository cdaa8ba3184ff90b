from django.apps import AppConfig


class Sharing(AppConfig):
    name = "prescriptions.sharing"
    label = "sharing"
