"""How our endpoints describe themselves in the OpenAPI document (drf-spectacular)."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from hospital import acting, http

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 255 visible ASCII characters; the same key and body give the same answer.",
)
WARD = OpenApiParameter(
    acting.HEADER,
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    description="the guardianship by which a guardian does this for the ward",
)
REFUSALS = {
    400: "Idempotency-Key missing or malformed",
    401: "not logged in",
    403: "not allowed; the code says why",
    404: "no such thing",
    409: "the state does not allow it, or somebody was first",
    410: "too late",
    422: "a value is wrong; field or fields say which",
    503: "a system that is needed does not answer; try again",
}


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="stable; listed in docs/errors.md")
    title = serializers.CharField()


class Drawn(serializers.Serializer[Any]):
    """A statement to sign, and what it means."""

    statement = serializers.CharField(help_text="sign exactly these UTF-8 bytes")
    key = serializers.CharField()
    shows = serializers.DictField()


class Bearer(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "hospital.authentication.Bearer"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class Schema(AutoSchema):
    """Reads ``Input``, ``query`` and ``success`` of ``hospital.http.Endpoint``."""

    view: Any

    def get_operation_id(self) -> str:
        words = re.findall("[a-z_]+", self.path.replace("prescription_id", "one"))
        return "_".join([self.method.lower(), *words[1:]])

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.partition(".")[0]]

    def get_request_serializer(self) -> Any:
        return self.view.Input if self.method == "POST" else None

    def get_override_parameters(self) -> list[Any]:
        ward = [WARD] if getattr(self.view, "for_wards", False) else []
        if isinstance(self.view, http.Command) and self.method == "POST":
            return [KEY, *ward]
        named = self.view.query.items() if self.method == "GET" else ()
        return [*(OpenApiParameter(name, str, description=text) for name, text in named), *ward]

    def get_response_serializers(self) -> Any:
        refusals = {
            (status, "application/problem+json"): OpenApiResponse(Problem, text)
            for status, text in REFUSALS.items()
        }
        return {self._success(): self._answer(), **refusals}

    def _get_serializer_name(
        self, serializer: Any, direction: str, bypass_extensions: bool = False
    ) -> str:
        """``Dispense.Input`` is called DispenseInput; all others as the library would."""
        if type(serializer).__name__ == "Input":
            return type(serializer).__qualname__.replace(".", "")
        return str(super()._get_serializer_name(serializer, direction, bypass_extensions))

    def _success(self) -> Any:
        if isinstance(self.view, http.Command) and self.method == "POST":
            return self.view.success
        return self.view.answers

    def _answer(self) -> Any:
        if isinstance(self.view, http.Draw):
            return Drawn
        if self.view.answers == 204:
            return OpenApiResponse(description="done")
        return OpenApiResponse(OpenApiTypes.OBJECT, type(self.view).__doc__ or "")
