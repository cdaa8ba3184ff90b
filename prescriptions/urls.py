from django.urls import path

from prescriptions import (
    api,
    api_changes,
    api_consulted,
    api_queue,
    api_register,
    api_reviews,
    api_series,
    api_uploads,
)

ONE = "prescriptions/<uuid:prescription_id>"
SERIES = "series/<uuid:series_id>"

urlpatterns = [
    path("prescriptions", api.Prescriptions.as_view()),
    path(ONE, api.PrescriptionDetail.as_view()),
    path(f"{ONE}/fields", api.PrescriptionFields.as_view()),
    path(f"{ONE}/issue/statement", api.IssueStatement.as_view()),
    path(f"{ONE}/issue", api.Issue.as_view()),
    path("countersignatures", api_reviews.Awaiting.as_view()),
    path(f"{ONE}/countersign/statement", api_reviews.CountersignStatement.as_view()),
    path(f"{ONE}/countersign", api_reviews.Countersign.as_view()),
    path(f"{ONE}/review/statement", api_reviews.ReviewStatement.as_view()),
    path(f"{ONE}/review", api_reviews.Review.as_view()),
    path(f"{ONE}/review/release", api_queue.Release.as_view()),
    path(f"{ONE}/consultation", api_consulted.Question.as_view()),
    path(f"{ONE}/consultation/messages", api_consulted.Messages.as_view()),
    path(f"{ONE}/consultation/messages/<int:number>", api_consulted.MessageDetail.as_view()),
    path("reviews", api_queue.Queue.as_view()),
    path("reviews/next", api_queue.Next.as_view()),
    path(f"{ONE}/versions", api_changes.Versions.as_view()),
    path(f"{ONE}/change/statement", api_changes.ChangeStatement.as_view()),
    path(f"{ONE}/change", api_changes.Change.as_view()),
    path(f"{ONE}/keep/statement", api_changes.KeepStatement.as_view()),
    path(f"{ONE}/keep", api_changes.Keep.as_view()),
    path(f"{ONE}/extend/statement", api_changes.ExtendStatement.as_view()),
    path(f"{ONE}/extend", api_changes.Extend.as_view()),
    path(f"{ONE}/cancel/statement", api_changes.CancelStatement.as_view()),
    path(f"{ONE}/cancel", api_changes.Cancel.as_view()),
    path("register", api_register.RegisterOfNarcotics.as_view()),
    path("change-requests", api_changes.ChangeRequests.as_view()),
    path("uploads", api_uploads.Uploads.as_view()),
    path("uploads/sign", api_uploads.SignedUploads.as_view()),
    path(SERIES, api_series.Series.as_view()),
    path(f"{SERIES}/issue/statement", api_series.IssueStatements.as_view()),
    path(f"{SERIES}/issue", api_series.IssueAll.as_view()),
    path(f"{SERIES}/review/statement", api_series.ReviewStatements.as_view()),
    path(f"{SERIES}/review", api_series.ReviewAll.as_view()),
    path(f"{SERIES}/stop/statement", api_series.StopStatements.as_view()),
    path(f"{SERIES}/stop", api_series.Stop.as_view()),
]
