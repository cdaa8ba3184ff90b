from django.apps import AppConfig


class Board(AppConfig):
    name = "insurance.board"
    label = "board"
