"""The description of the interface is made from the code, without complaint, and holds."""

import json
import re

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from tests.journeys.watching import raw
from tests.routes import every_route
from tests.world import a_client

EXEMPT = {
    "/api/payments/notice": "WeChat Pay's, described by WeChat Pay",
    "/api/parcels/news": "a courier company's, described by its gateway",
}


@pytest.fixture(scope="module")
def schema():
    GENERATOR_STATS.reset() if hasattr(GENERATOR_STATS, "reset") else None
    with GENERATOR_STATS.silence():
        return SchemaGenerator().get_schema(request=None, public=True)


def openapi(template: str) -> str:
    """A route as OpenAPI spells it."""
    path = re.sub(r"<\w+:(\w+)>", r"{\1}", template)
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", path)


def test_names_every_route(schema):
    """G4"""
    routes = {
        (openapi(route.template), method.lower())
        for route in every_route()
        for method in route.methods
    }
    described = {(path, method) for path, methods in schema["paths"].items() for method in methods}
    assert routes <= described
    assert EXEMPT


def test_is_made_without_a_complaint(capsys):
    """G4"""
    from django.core.management import call_command

    call_command("spectacular", "--fail-on-warn", "--validate", "--file", "/dev/null")


def test_says_what_every_write_takes(schema):
    """G4: each field of each input is described."""
    for route in every_route():
        if "POST" not in route.methods:
            continue
        fields = set(route.view.Input().fields)
        operation = schema["paths"][openapi(route.template)]["post"]
        if not fields:
            continue
        content = operation["requestBody"]["content"]["application/json"]["schema"]
        name = content["$ref"].rsplit("/", 1)[-1]
        assert set(schema["components"]["schemas"][name]["properties"]) == fields, route


def test_is_served(world):
    """G4"""
    answer = raw(a_client(), "GET", "/api/schema/", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert "/api/prescriptions" in json.dumps(answer.json()["paths"])


def test_says_what_stands_in_a_path(schema):
    """G4: a text in a path has a form, so whoever sends another can know it."""
    formless = [
        (path, parameter["name"])
        for path, methods in schema["paths"].items()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "path"
        and parameter["schema"]["type"] == "string"
        and not {"pattern", "format"} & set(parameter["schema"])
    ]
    assert formless == []
