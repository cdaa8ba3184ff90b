"""Addresses of the published logs: the first below ``log/``, others below ``logs/<name>/``."""

from django.urls import include, path, re_path

from ledger import api

of_one_log = [
    path("checkpoint", api.checkpoint),
    path("signed", api.signed),
    path("policy", api.policy),
    re_path("^law/(?P<digest>[0-9a-f]{64})[.]json$", api.law),
    path("log.vkey", api.vkey),
    path("tile/<path:path>", api.tile),
]
urlpatterns = [
    path("log/metrics", api.metrics),
    path("log/", include(of_one_log)),
    re_path("^logs/(?P<name>[a-z0-9]+(?:[.-][a-z0-9]+)*)/", include(of_one_log)),
]
