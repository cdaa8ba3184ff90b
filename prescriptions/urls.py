from django.urls import path

from prescriptions import api

ONE = "prescriptions/<uuid:prescription_id>"

urlpatterns = [
    path("medicines", api.Medicines.as_view()),
    path("prescriptions", api.Prescriptions.as_view()),
    path(ONE, api.PrescriptionDetail.as_view()),
    path(f"{ONE}/fields", api.PrescriptionFields.as_view()),
    path(f"{ONE}/issue/statement", api.IssueStatement.as_view()),
    path(f"{ONE}/issue", api.Issue.as_view()),
    path(f"{ONE}/review/statement", api.ReviewStatement.as_view()),
    path(f"{ONE}/review", api.Review.as_view()),
    path(f"{ONE}/cancel/statement", api.CancelStatement.as_view()),
    path(f"{ONE}/cancel", api.Cancel.as_view()),
]
