from django.apps import AppConfig


class Feeds(AppConfig):
    name = "hospital.feeds"
    label = "feeds"
