"""Traceability codes as inputs carry them, and what is done about one that comes a second time."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from hospital import http
from pharmacy.actions import boxes
from pharmacy.boxes import CODE_SIZE, is_code

CODES_MAX = 200
"""How many boxes one call scans."""


class Code(http.Text):
    """Twenty digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=CODE_SIZE, validators=[is_code], trim_whitespace=False, **options
        )


class Codes(serializers.ListField):
    """A batch of them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=Code(), max_length=CODES_MAX, **options)


class NotesCollisions(http.Endpoint):
    """What scans boxes in; a code that another pharmacy has, or that was used, is written down."""

    def handle_exception(self, exc: Exception) -> Response:
        try:
            if isinstance(exc, boxes.KnownCode):
                codes = exc.facts["codes"]
                boxes.note_collisions(codes, by=self.actor, at=timezone.now())
        except Exception as fault:  # what cannot be written down is not answered either
            return super().handle_exception(fault)
        return super().handle_exception(exc)
