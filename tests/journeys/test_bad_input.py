"""Whatever comes in: 422 that names the field, or another 4xx; never a 500, and nothing changes."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework import serializers

from hospital.client import Client
from hospital.roles import Role
from tests.journeys.test_roles import PEOPLE, one_of_each  # noqa: F401  # a fixture
from tests.journeys.watching import everything, raw
from tests.routes import Route, example, fields_of, posts

MEGABYTE = "x" * 1_000_000
"""As long as a body may be; a longer body is refused whole (413)."""
NEVER: list[Any] = [None, {}, [], [[]], {"a": 1}, 10**30, -(2**63) - 1]
TEXTS: list[Any] = [5, True, 1.5, "\x00", "a\x00b", MEGABYTE, ""]
POISON: dict[type, list[Any]] = {
    serializers.ListField: ["x", 5, True, {"a": 1}],
    serializers.DictField: ["x", 5, True, [1]],
    serializers.ChoiceField: ["", "x", 5, True, "\x00", MEGABYTE],
    serializers.IntegerField: ["1", "x", True, 1.5, 1e308, -1, 2**63, 2**64, ""],
    serializers.BooleanField: ["true", 1, 0, "", "\x00"],
    serializers.DateTimeField: ["", "x", 5, "2026-02-30T00:00:00Z", "0000-01-01T00:00:00Z",
                                "10000-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00",
                                "0001-01-01T00:00:00+12:00", "\x00", MEGABYTE],
    serializers.DateField: ["", "x", 5, "2026-02-30", "2026-02-03T00:00:00Z", "0000-01-01", "\x00",
                            MEGABYTE],
    serializers.DecimalField: ["", "x", "NaN", "Infinity", "-1", "0", "1e400", 1e308, "0.00001",
                               "\x00", MEGABYTE],
    serializers.UUIDField: ["", "x", -1, 2**128, "\x00", MEGABYTE],
    serializers.CharField: TEXTS,
}  # fmt: skip
SIGNED = ("-1", "0", "0.00001")
"""Bad as a quantity, good as a number with a sign."""
every_post = pytest.mark.parametrize(
    "route", [route for route in posts() if route.template != "/api/logout"], ids=str
)
"""But the log-out, which reads no body."""
WRITERS = {"/api/prescriptions": Role.DOCTOR, "/api/offers": Role.RESEARCHER}
"""Who writes where others read."""


@pytest.fixture
def caller(route: Route, one_of_each: dict[Role, Client]) -> Client:  # noqa: F811
    if route.template in WRITERS:
        return one_of_each[WRITERS[route.template]]
    return one_of_each[next(role for role in PEOPLE if role in route.view.roles)]


def poison(field: Any) -> Iterator[tuple[Any, str]]:
    """Bad values for a field, and where in it each is bad."""
    kind = (
        next(kind for kind in POISON if isinstance(field, kind))
        if not isinstance(field, serializers.BaseSerializer)
        else None
    )
    if kind is None:
        yield from ((value, "") for value in ("x", 5, True, [1]))
        for name, inner in field.fields.items():
            for value, _ in poison(inner):
                yield {**example(field), name: value}, name
        return
    usual = [one for one in POISON[kind] if not _is_signed(field) or one not in SIGNED]
    values = [*usual, *(one for one in NEVER if not _fits(field, one))]
    blank = getattr(field, "allow_blank", False)
    yield from ((value, "") for value in values if not (value == "" and blank))
    if isinstance(field, serializers.ListField):
        yield from (([value], inside) for value, inside in poison(field.child))
    if isinstance(field, serializers.DictField):
        yield from (({"1": value}, inside) for value, inside in poison(field.child))


def _is_signed(field: Any) -> bool:
    """Degrees, say, may be below zero."""
    return isinstance(field, serializers.DecimalField) and (field.min_value or 0) < 0


def _fits(field: Any, value: Any) -> bool:
    """Shapes that only look poisonous to this field."""
    if isinstance(field, serializers.ListField):
        return isinstance(value, list)
    if isinstance(field, serializers.DictField):
        return isinstance(value, dict)
    return isinstance(field, serializers.UUIDField) and value == 10**30


def sample(route: Route) -> dict[str, Any]:
    return {name: example(field) for name, field in fields_of(route.view.Input).items()}


@every_post
def test_every_field_of_every_post(world, caller, route):
    """D4, Z5, I1: each value that a field must not take is refused by name."""
    good = sample(route)
    path = route.path()
    before = everything()
    for name, field in fields_of(route.view.Input).items():
        for value, inside in poison(field):
            answer = raw(caller, "POST", path, body={**good, name: value})
            told = (route.template, name, str(value)[:60], answer.text[:300])
            assert answer.status_code == 422, told
            assert answer.headers["Content-Type"] == "application/problem+json", told
            assert name in answer.json().get("fields", {}), told
            assert inside in json.dumps(answer.json()["fields"]), told
    assert everything() == before


@every_post
def test_missing_and_foreign_fields_are_named(world, caller, route):
    """Z5: no field that we do not know, no matter how tempting."""
    good, path = sample(route), route.path()
    before = everything()
    for name in ("status", "owner", "price", "patient_id", "id", "role", "\x00", "<b>"):
        answer = raw(caller, "POST", path, body={**good, name: "x"})
        assert (answer.status_code, answer.json()["code"]) == (422, "body.invalid")
        assert name in answer.json()["fields"]
    for name, field in fields_of(route.view.Input).items():
        if field.required:
            body = {other: value for other, value in good.items() if other != name}
            answer = raw(caller, "POST", path, body=body)
            assert answer.status_code == 422
            assert name in answer.json()["fields"]
    assert everything() == before


NO_JSON = {
    "no JSON": b"x",
    "half": b'{"a": 1',
    "two": b"{}{}",
    "a list": b"[]",
    "a number": b"5",
    "null": b"null",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "twice": b'{"a": 1, "a": 2}',
    "twice within": b'{"a": {"b": 1, "b": 2}}',
    "lone surrogate": b'{"a": "\\ud800"}',
    "lone surrogate in a name": b'{"\\udfff": 1}',
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "BOM": b"\xef\xbb\xbf{}",
    "raw NUL": b'{"a": "\x00"}',
    "deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep list": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a 5000-digit number": b'{"a": ' + b"9" * 5_000 + b"}",
    "gzip": gzip.compress(b'{"a": 1}'),
}


@every_post
def test_what_is_not_one_strict_json_object(world, caller, route):
    """D2, D4, D5, K4"""
    path = route.path()
    before = everything()
    for name, content in NO_JSON.items():
        answer = raw(caller, "POST", path, content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, "body.not_json"), name
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"):
        answer = raw(caller, "POST", path, content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 422, kind
    large = raw(caller, "POST", path, content=b'{"a": "' + b"x" * 10_000_000 + b'"}')
    assert (large.status_code, large.json()["code"]) == (413, "body.too_large")
    assert everything() == before
    # The encoding is not looked at, so this is good input where none is needed.
    zipped = raw(caller, "POST", path, content=b"{}", headers={"Content-Encoding": "gzip"})
    assert zipped.status_code < 500


QUERIES = [
    "",
    "x",
    "\x00",
    "%",
    "'",
    "ä" * 500,
    "1",
    "-1",
    "0",
    "51",
    "1e9",
    "９",
    "A" * 32,
    "AAAA" * 8,
    "x" * 5_000,
]


@pytest.mark.parametrize("value", QUERIES, ids=lambda value: repr(value)[:20])
def test_query_parameters(world, patient, value):
    """D3, D4, D6: cursors, sizes, searches, subjects and kinds of any sort."""
    calls = {
        ("/api/prescriptions", "cursor"): (200, 422),
        ("/api/prescriptions", "size"): (200, 422),
        ("/api/consultations", "cursor"): (200, 422),
        ("/api/consultations", "size"): (200, 422),
        ("/api/medicines", "q"): (200,),
        ("/api/entries", "subject"): (200,),
        ("/api/entries", "index"): (200, 422),
        ("/api/me/entries", "cursor"): (200, 422),
        ("/api/me/entries", "size"): (200, 422),
        ("/api/me/looks", "cursor"): (200, 422),
        ("/api/me/looks", "size"): (200, 422),
        ("/api/me/notices", "cursor"): (200, 422),
        ("/api/me/notices", "size"): (200, 422),
        ("/api/organisations", "kind"): (200,),
    }
    for (path, name), statuses in calls.items():
        answer = patient.client.http.get(
            path, params={name: value}, headers={"Authorization": f"Bearer {patient.client.token}"}
        )
        assert answer.status_code in statuses, (path, answer.text)
        if answer.status_code == 422:
            assert answer.json()["field"] == name


def test_values_that_only_the_domain_can_refuse(world, patient):
    """D4: unknown medicine, frequency, patient, dates out of reach: 422 with the field."""
    good, _ = world.draft(patient), (world.doctor, world.pharmacist)  # who have logged in
    line = good["lines"][0]
    cases: dict[str, dict[str, Any]] = {
        "lines[0].medicine": {"lines": [{**line, "medicine": "XNONE"}]},
        "lines[1].medicine": {"lines": [line, {**line, "medicine": "XNONE"}]},
        "lines[0].frequency": {"lines": [{**line, "frequency": "never"}]},
        "patient": {"patient": "11010519491231002X"},
        "id_number": {"patient": "110105194912310021"},
        "valid_until": {"valid_until": "9999-12-31T00:00:00Z"},
    }
    before = everything()
    for field, changes in cases.items():
        answer = raw(world.doctor, "POST", "/api/prescriptions", body={**good, **changes})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    for past in ("0001-01-01T00:00:00Z", "2020-01-01T00:00:00Z"):
        answer = raw(world.doctor, "POST", "/api/prescriptions", body={**good, "valid_until": past})
        assert (answer.status_code, answer.json()["field"]) == (422, "valid_until")
    unknown = {"medicine": "XNONE", "price_fen": 1}
    answer = raw(world.pharmacist, "POST", "/api/stock", body=unknown)
    assert (answer.status_code, answer.json()["field"]) == (422, "medicine")
    assert everything() == before


def test_cover_from_the_first_year_to_the_last(world, patient):
    """F11, D4: the ends of the calendar are lawful dates and break nothing."""
    body = {
        "patient": patient.id_number,
        "rates_bp": {"甲": 1_000},
        "valid_from": "0001-01-01T00:00:00Z",
        "valid_until": "9999-12-31T23:59:59Z",
    }
    answer = raw(world.fund_agent, "POST", "/api/coverages", body=body)
    assert answer.status_code == 201
    rx = world.authorized(patient)
    bill = raw(patient.client, "POST", f"/api/prescriptions/{rx}/pay", body={}).json()
    assert bill["amount_fen"] == 2 * (1_999 - 199)


INJECTIONS = [
    "'; DROP TABLE x; --",
    "{{7*7}}",
    "=cmd()",
    "a\r\nb",
    "\u202etxt",
    "‮",
    "%s%n",
    "<script>",
]


@pytest.mark.parametrize("text", INJECTIONS, ids=repr)
def test_text_is_only_text(world, patient, text):
    """D6: comes back as it went in."""
    rx = world.drafted(patient, allergies=f"过敏{text}", reason_for_longer="")
    shown = world.doctor.get(f"/api/prescriptions/{rx}")
    assert shown["fields"]["allergies"] == f"过敏{text}".strip()
