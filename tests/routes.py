"""Every address, read from the URL configuration, and inputs of the right shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework import serializers

from config.demo import form
from hospital import http
from pharmacy.codefields import Code
from tests.boxed import a_code

EXAMPLES = {
    "<uuid:prescription_id>": lambda: str(uuid4()),
    "<uuid:lot_id>": lambda: str(uuid4()),
    "<uuid:settlement_id>": lambda: str(uuid4()),
    "<uuid:destruction_id>": lambda: str(uuid4()),
    "<uuid:recall_id>": lambda: str(uuid4()),
    "<uuid:difference_id>": lambda: str(uuid4()),
    "<uuid:alarm_id>": lambda: str(uuid4()),
    "<uuid:count_id>": lambda: str(uuid4()),
    "<uuid:consignment_id>": lambda: str(uuid4()),
    "<uuid:consultation_id>": lambda: str(uuid4()),
    "<uuid:correction_id>": lambda: str(uuid4()),
    "<uuid:endpoint_id>": lambda: str(uuid4()),
    "<uuid:check_id>": lambda: str(uuid4()),
    "<uuid:series_id>": lambda: str(uuid4()),
    "(?P<hospital>[-a-zA-Z0-9_]{1,40})": lambda: "no-hospital",
    "<int:number>": lambda: "1",
    "<uuid:scan_id>": lambda: str(uuid4()),
    "<uuid:printed_id>": lambda: str(uuid4()),
    "<uuid:grant_id>": lambda: str(uuid4()),
    "<uuid:offer_id>": lambda: str(uuid4()),
    "<uuid:opt_in_id>": lambda: str(uuid4()),
    "<uuid:guardianship_id>": lambda: str(uuid4()),
    "<uuid:emergency_id>": lambda: str(uuid4()),
    "<uuid:record_id>": lambda: str(uuid4()),
    "(?P<family>[a-z]{1,20})/(?P<subject_id>[0-9a-f-]{36})": lambda: f"rx/{uuid4()}",
    "(?P<code>[A-Za-z0-9][A-Za-z0-9._-]*)": lambda: "no-product",
    "<str:out_trade_no>": lambda: "P" + uuid4().hex[:30],
    "(?P<out_trade_no>P[0-9a-f]{30})": lambda: "P" + uuid4().hex[:30],
    "(?P<leaf>[0-9a-f]{64})": lambda: uuid4().hex * 2,
}


@dataclass(frozen=True)
class Route:
    """One address: its template as the URL configuration spells it, and the view behind it."""

    template: str
    view: Any

    @property
    def methods(self) -> list[str]:
        return [name.upper() for name in ("get", "post") if hasattr(self.view, name)]

    def path(self) -> str:
        """The template with ids that nothing has."""
        path = self.template
        for pattern, example in EXAMPLES.items():
            path = path.replace(pattern, example())
        return path

    def __str__(self) -> str:
        return self.template


def every_route() -> list[Route]:
    """Routes of our own endpoints (subclasses of ``http.Endpoint``)."""
    return [
        Route(template, view)
        for template, view in _walk(get_resolver().url_patterns, "/")
        if isinstance(view, type) and issubclass(view, http.Endpoint)
    ]


def other_routes() -> set[str]:
    """Routes that are not ``http.Endpoint``."""
    known = {route.template for route in every_route()}
    return {template for template, _ in _walk(get_resolver().url_patterns, "/")} - known


def posts() -> list[Route]:
    return [route for route in every_route() if "POST" in route.methods]


def writes() -> list[Route]:
    return [route for route in every_route() if issubclass(route.view, http.Command)]


def _walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern).strip("^$")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, getattr(pattern.callback, "view_class", pattern.callback)


def fields_of(shape: Any) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    return dict((shape() if isinstance(shape, type) else shape).fields)


PLAIN: dict[type, Callable[[], Any]] = {
    Code: a_code,
    serializers.BooleanField: lambda: True,
    serializers.DateTimeField: lambda: (timezone.now() + timedelta(hours=1)).isoformat(),
    serializers.DateField: lambda: f"{timezone.now():%Y-%m-%d}",
    serializers.DecimalField: lambda: "1",
    serializers.UUIDField: lambda: str(uuid4()),
}


def example(field: Any) -> Any:
    """A value that the field itself takes; whether it means anything is not asked."""
    if isinstance(field, serializers.ListField):
        return [example(field.child)]
    if isinstance(field, serializers.DictField):
        return {"1": example(field.child)}
    if isinstance(field, serializers.BaseSerializer):
        return {name: example(one) for name, one in field.fields.items()}  # type: ignore[attr-defined]
    if isinstance(field, serializers.ChoiceField):
        return next(iter(field.choices))
    if isinstance(field, serializers.IntegerField):
        return field.min_value or 0
    return next((make() for kind, make in PLAIN.items() if isinstance(field, kind)), "x")


MEANT: dict[str, dict[str, Any]] = {
    "/api/settlements/terms": {"time": "02:00"},
    "/api/remittances": {"reference": "TEST-0001"},
    "/api/remittances/statement": {"reference": "TEST-0001"},
    "/api/coverages": {"rates_bp": {}, "valid_from": "2026-01-01T00:00:00Z"},
    "/api/products": {"terms": {"rates_bp": {}}, "valid_from": "2026-01-01T00:00:00Z"},
    "/api/policies": {"valid_from": "2026-01-01T00:00:00Z"},
    "/api/prescriptions/<uuid:prescription_id>/pharmacies": {"cursor": ""},
    "/api/consultations": {
        "earlier": {
            "hospital": "x",
            "on": "2026-01-01",
            "diagnoses": [{"code": "I10", "name": "x"}],
            "picture": form.PICTURE,
        }
    },
    "/api/consultations/<uuid:consultation_id>/pictures": {"picture": form.PICTURE},
}


def lawful(route: Route) -> dict[str, Any]:
    """A body that the route's ``Input`` takes as a whole."""
    body = {name: example(field) for name, field in fields_of(route.view.Input).items()}
    return {**body, **MEANT.get(route.template, {})}
