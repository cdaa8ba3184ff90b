from django.urls import path

from hospital.faces import api

ONE = "me/face-checks/<uuid:check_id>"

urlpatterns = [
    path("me/identity", api.Identity.as_view()),
    path("me/face-checks", api.Checks.as_view()),
    path(ONE, api.Check.as_view()),
    path(f"{ONE}/parameters", api.Parameters.as_view()),
]
