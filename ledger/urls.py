"""Addresses of the published log, below ``log/``."""

from django.urls import path

from ledger import api

urlpatterns = [
    path("checkpoint", api.checkpoint),
    path("log.vkey", api.vkey),
    path("tile/<path:path>", api.tile),
]
