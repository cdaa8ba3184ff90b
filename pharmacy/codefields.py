"""Traceability codes as inputs carry them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http
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
