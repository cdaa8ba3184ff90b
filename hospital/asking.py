"""Questions that name a person: they do not belong in an address, which servers write down."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http


class Question(http.Endpoint):
    """
    A read with a body: a POST that changes nothing, so it takes no Idempotency-Key.

    ``show`` gives the answer as JSON values; a repetition is another look, with an entry of its
    own.
    """

    def post(self, request: Request, **where: Any) -> Response:
        return Response(self.show(http.Call(self.actor, timezone.now(), where, self.read())))

    def show(self, call: http.Call) -> dict[str, Any]:
        raise NotImplementedError
