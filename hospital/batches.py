"""
Many writes in one call, each in a transaction of its own: one that is refused stops no other.

The Idempotency-Key of the call is that of its first item; the others have keys derived from it.
So what was done of a call that died midway is remembered item by item, and the same call again
answers that and does the rest.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from hospital import errors, http, idempotency

MOST = 100
"""Items of one call, at most; how long all of them may be, the limit of the body says."""
OF_THE_CALL = (idempotency.KeyReused, idempotency.InProgress, errors.Unavailable)
"""What refuses the whole call: it is not one item that is wrong."""


class Batch(http.Command):
    """``items`` names the list of the input; ``act_on`` does one of it."""

    items: ClassVar[str]
    seals_items = True

    def post(self, request: Request, **where: Any) -> HttpResponse:
        key = idempotency.check_key(request.headers.get("Idempotency-Key"))
        call = http.Call(self.actor, timezone.now(), where, self.read())
        done = [
            self._once(call, _key_of(key, number), number, item)
            for number, item in enumerate(call.values[self.items], 1)
        ]
        body = b'{"results":[' + b",".join(answer for answer, _ in done) + b"]}"
        answer = HttpResponse(body, status=self.success, content_type="application/json")
        if all(replayed for _, replayed in done):
            answer.headers["Idempotency-Replayed"] = "true"
        return answer

    def act_on(self, call: http.Call, number: int, item: Any) -> dict[str, Any]:
        """Do item ``number`` (from 1), within one transaction; what it answers."""
        raise NotImplementedError

    def _once(self, call: http.Call, key: str, number: int, item: Any) -> tuple[bytes, bool]:
        def act() -> tuple[int, bytes]:
            http.check_lag()
            done = _json({"number": number, **self.act_on(call, number, item)})
            return 200, self.sealed(done)

        request = self.request._request
        asked = (request.method or "", request.path, request.body)
        try:
            _, body, replayed = idempotency.once(call.by.account, key, asked, act, at=call.at)
        except OF_THE_CALL:
            raise
        except errors.Refusal as refusal:
            told = {"code": refusal.code, "title": refusal.sentence(), **refusal.facts}
            return self.sealed(_json({"number": number, "refused": told})), False
        return self.sealed(body), replayed


def _key_of(key: str, number: int) -> str:
    """A derived key is as long as any key may be, however long the call's."""
    return key if number == 1 else hashlib.sha256(f"{key} {number}".encode()).hexdigest()


def _json(value: dict[str, Any]) -> bytes:
    return bytes(JSONRenderer().render(value))
