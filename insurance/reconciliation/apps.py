from django.apps import AppConfig


class Reconciliation(AppConfig):
    name = "insurance.reconciliation"
    label = "reconciliation"
