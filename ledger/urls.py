"""Addresses of one published log, below ``log/`` or ``logs/<name>/`` (``ledger.places``)."""

from django.urls import path, re_path

from ledger import api

urlpatterns = [
    path("checkpoint", api.checkpoint),
    path("metrics", api.metrics),
    path("patients", api.patients),
    path("signed", api.signed),
    path("policy", api.policy),
    re_path("^law/(?P<digest>[0-9a-f]{64})[.]json$", api.law),
    path("log.vkey", api.vkey),
    path("tile/<path:path>", api.tile),
]
