from django.urls import path

from hospital.guardians import api

ONE = "guardianships/<uuid:guardianship_id>"

urlpatterns = [
    path("guardianships", api.Guardianships.as_view()),
    path("guardianships/statement", api.AppointmentStatement.as_view()),
    path(f"{ONE}/key", api.EnterKey.as_view()),
    path(f"{ONE}/key/statement", api.KeyStatement.as_view()),
    path(f"{ONE}/end", api.End.as_view()),
    path(f"{ONE}/end/statement", api.EndStatement.as_view()),
]
