from django.apps import AppConfig


class ReadingKeys(AppConfig):
    name = "hospital.readingkeys"
    label = "readingkeys"
