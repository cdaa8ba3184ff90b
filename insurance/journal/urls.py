from django.urls import path

from insurance.journal import api

urlpatterns = [
    path("journal/accounts", api.Accounts.as_view()),
    path("journal/postings", api.Postings.as_view()),
    path("journal/trial-balance", api.TrialBalance.as_view()),
]
