from django.apps import AppConfig


class Notices(AppConfig):
    name = "hospital.notices"
    label = "notices"
