"""
Answers leave sealed where the reader's organisation holds a key: the one place, for all endpoints.

Every answer to a member of such an organisation is a box (``hospital.boxes``) around all of it, not
around some fields: so no endpoint has to know what is personal, and none can forget. It is made
before the answer is remembered under its Idempotency-Key, so that the server keeps no copy either.
Of a refusal its code stays readable. What an endpoint may say in clear it declares,
``answers_in_clear``: what one needs to log in and to get another key, and what is public.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hospital import access, authentication, boxes, errors, readingkeylaw
from hospital.readingkeys.models import ReadingKey

OF_A_REFUSAL = ("type", "status", "code", "title", "retry_after_s")
"""What is read of a refusal before it is opened; none of it is about a person."""


class NoReadingKey(errors.Forbidden):
    """Your organisation's reading key is revoked; two of you register another, or lift it."""

    code = "readingkey.revoked"


class NotSealable(TypeError):
    """An endpoint answers something else than JSON and has not said that it may do so in clear."""


class SealedAnswers(APIView):
    """``seals_items``: each item of an answer is sealed by itself, and the list of them is not."""

    answers_in_clear: ClassVar[bool] = False
    seals_items: ClassVar[bool] = False
    looks: list[bytes]
    _reading_key: ReadingKey | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with access.noted() as self.looks:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.answers_in_clear or not request.user:
            return
        self._reading_key = authentication.reading_key_of(request)
        if self._reading_key and self._reading_key.state == readingkeylaw.REVOKED:
            raise NoReadingKey

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        if self._public_key is not None:
            self._seal(final)
        return final

    def sealed(self, body: bytes) -> bytes:
        """
        The JSON text ``body`` in a box, if the reader has a key; what is a box already stays one.

        So an answer that was remembered is given again byte for byte, to a key that has been
        replaced meanwhile, too; one that was remembered before there was a key leaves in a box.
        """
        if self._public_key is None or body.startswith(boxes.HEAD):
            return body
        return bytes(JSONRenderer().render(self._box(body)))

    def _seal(self, final: HttpResponseBase) -> None:
        if isinstance(final, Response):
            final.data = self._sealed_data(final.data, refused=final.status_code >= 400)
        elif not isinstance(final, HttpResponse) or "json" not in final.headers["Content-Type"]:
            raise NotSealable
        elif not self.seals_items:
            final.content = self.sealed(final.content)

    @property
    def _public_key(self) -> bytes | None:
        known = self._reading_key
        return bytes(known.public_key) if known and known.public_key else None

    def _sealed_data(self, data: Any, *, refused: bool) -> Any:
        if data is None:
            return None
        if not refused:
            return self._box(bytes(JSONRenderer().render(data)))
        said = {name: value for name, value in data.items() if name in OF_A_REFUSAL}
        facts = {name: value for name, value in data.items() if name not in OF_A_REFUSAL}
        return {**said, **self._box(bytes(JSONRenderer().render(facts)))} if facts else said

    def _box(self, answer: bytes) -> dict[str, str]:
        key = self._public_key
        assert key is not None
        looks = json.dumps([leaf.hex() for leaf in self.looks]).encode()
        name = f"{readingkeylaw.FAMILY}/{authentication.actor_of(self.request).organisation}"
        return boxes.seal(b'{"looks":' + looks + b',"answer":' + answer + b"}", key, name)
