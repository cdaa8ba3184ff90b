from django.urls import path

from insurance.reconciliation import api

DIFFERENCES = "reconciliation/differences"

urlpatterns = [
    path("reconciliation/statements", api.Statements.as_view()),
    path(DIFFERENCES, api.Differences.as_view()),
    path(f"{DIFFERENCES}/<uuid:difference_id>/close", api.Close.as_view()),
]
