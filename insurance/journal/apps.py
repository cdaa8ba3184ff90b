from django.apps import AppConfig


class Journal(AppConfig):
    name = "insurance.journal"
    label = "journal"
