from django.urls import path

from hospital.corrections import api

ONE = "corrections/<uuid:correction_id>"

urlpatterns = [
    path("corrections/awaiting", api.Awaiting.as_view()),
    path(ONE, api.CorrectionDetail.as_view()),
    path(f"{ONE}/refuse/statement", api.RefuseStatement.as_view()),
    path(f"{ONE}/refuse", api.Refuse.as_view()),
    path(f"{ONE}/take-back/statement", api.TakeBackStatement.as_view()),
    path(f"{ONE}/take-back", api.TakeBack.as_view()),
    path(f"{ONE}/appeal/statement", api.AppealStatement.as_view()),
    path(f"{ONE}/appeal", api.Appeal.as_view()),
    path(f"{ONE}/decide/statement", api.DecideAppealStatement.as_view()),
    path(f"{ONE}/decide", api.DecideAppeal.as_view()),
]
