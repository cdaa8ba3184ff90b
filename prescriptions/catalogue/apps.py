from django.apps import AppConfig


class Catalogue(AppConfig):
    name = "prescriptions.catalogue"
    label = "catalogue"
