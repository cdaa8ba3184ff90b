from django.urls import path

from prescriptions.appraisal import api, api_reviews

ONE = "appraisals/<uuid:prescription_id>"

urlpatterns = [
    path("appraisals", api.Samples.as_view()),
    path("appraisals/statistics", api.Statistics.as_view()),
    path("reviews/statistics", api_reviews.Statistics.as_view()),
    path(ONE, api.CaseDetail.as_view()),
    path(f"{ONE}/judge/statement", api.JudgeStatement.as_view()),
    path(f"{ONE}/judge", api.Judge.as_view()),
]
