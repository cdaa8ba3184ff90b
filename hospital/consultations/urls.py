from django.urls import path, re_path

from hospital.consultations import api, api_messages

ONE = "consultations/<uuid:consultation_id>"

urlpatterns = [
    re_path(
        "^organisations/(?P<hospital>[-a-zA-Z0-9_]{1,40})/departments$", api.Departments.as_view()
    ),
    path("consultations", api.Consultations.as_view()),
    path("consultations/awaiting", api.Awaiting.as_view()),
    path(ONE, api.ConsultationDetail.as_view()),
    path(f"{ONE}/news", api.News.as_view()),
    path(f"{ONE}/ask/statement", api.AskStatement.as_view()),
    path(f"{ONE}/ask", api.Ask.as_view()),
    path(f"{ONE}/accept/statement", api.AcceptStatement.as_view()),
    path(f"{ONE}/accept", api.Accept.as_view()),
    path(f"{ONE}/decline/statement", api.DeclineStatement.as_view()),
    path(f"{ONE}/decline", api.Decline.as_view()),
    path(f"{ONE}/withdraw/statement", api.WithdrawStatement.as_view()),
    path(f"{ONE}/withdraw", api.Withdraw.as_view()),
    path(f"{ONE}/close/statement", api.CloseStatement.as_view()),
    path(f"{ONE}/close", api.Close.as_view()),
    path(f"{ONE}/messages", api_messages.Say.as_view()),
    path(f"{ONE}/messages/<int:number>", api_messages.MessageDetail.as_view()),
    path(f"{ONE}/pictures", api_messages.Show.as_view()),
]
