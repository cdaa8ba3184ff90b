from django.urls import path

from insurance.board import api

urlpatterns = [
    path("board/figures", api.Figures.as_view()),
    path("board/organisations", api.Organisations.as_view()),
    path("board/alarms", api.Alarms.as_view()),
    path("board/alarms/<uuid:alarm_id>/acknowledge", api.Acknowledge.as_view()),
    path("board/health", api.Health.as_view()),
]
