from django.urls import path

from hospital.feeds import api

ENDPOINT = "feed/endpoints/<uuid:endpoint_id>"

urlpatterns = [
    path("feed", api.FeedPage.as_view()),
    path("feed/endpoints", api.Endpoints.as_view()),
    path(ENDPOINT, api.OneEndpoint.as_view()),
    path(f"{ENDPOINT}/failures", api.Failures.as_view()),
    path(f"{ENDPOINT}/key", api.RenewedKey.as_view()),
    path(f"{ENDPOINT}/replay", api.Replay.as_view()),
    path(f"{ENDPOINT}/test", api.Trial.as_view()),
    path(f"{ENDPOINT}/remove", api.Removal.as_view()),
]
