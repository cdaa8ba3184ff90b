from django.urls import path

from hospital.notices import api

urlpatterns = [
    path("me/notices", api.Inbox.as_view()),
    path("me/notices/read", api.Read.as_view()),
    path("me/notices/subscriptions", api.Subscriptions.as_view()),
]
