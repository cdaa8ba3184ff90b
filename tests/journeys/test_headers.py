"""What every answer says to a browser, whatever was asked and whatever was answered."""

import pytest

from tests.routes import every_route
from tests.world import a_client

ALWAYS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@pytest.mark.parametrize("route", every_route(), ids=str)
def test_every_answer_to_nobody_carries_them(world, route):
    """G3: on every address, refused or not; no cookie is set anywhere."""
    client = a_client()
    for method in route.methods:
        answer = client.http.request(method, route.path())
        assert answer.status_code < 500
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
        assert "set-cookie" not in answer.headers


def test_an_address_that_is_none_carries_them():
    """G3, D5"""
    answer = a_client().http.get("/api/nothing/here")
    assert answer.status_code == 404
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS


@pytest.mark.parametrize("page", ["/api/docs/", "/check"])
def test_pages_run_their_own_scripts_alone(page):
    """G3"""
    policy = a_client().http.get(page).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


def test_an_answer_with_data_carries_them(world, patient):
    """G3"""
    rx = world.issued(patient)
    headers = {"Authorization": f"Bearer {patient.client.token}"}
    answer = patient.client.http.get(f"/api/prescriptions/{rx}", headers=headers)
    assert answer.status_code == 200
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
