from django.apps import AppConfig


class Faces(AppConfig):
    name = "hospital.faces"
    label = "faces"
