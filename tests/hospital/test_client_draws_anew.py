"""The client of the API draws a statement anew when something happened before it was sent."""

import json

import httpx
import pytest

from hospital.client import Client, Problem


def server(stale: int, seen: list[str]) -> httpx.Client:
    """A server at which so many registrations are stale before one is not."""

    def answer(request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, json.loads(request.content)
        if path.endswith("/statement"):
            seen.append(f"drawn {sum(one.startswith('drawn') for one in seen) + 1}")
            return httpx.Response(200, json={"key": "patient/k", "statement": f"{seen[-1]}\n"})
        signed = body["note"].split("\n")[0]
        if stale > sum(one.startswith("refused") for one in seen):
            seen.append(f"refused {signed}")
            return httpx.Response(409, json={"code": "statement.stale"})
        seen.append(f"taken {signed}")
        return httpx.Response(201, json={})

    return httpx.Client(base_url="http://server", transport=httpx.MockTransport(answer))


def test_a_registration_that_a_turn_of_the_logs_outdated():
    """F3"""
    seen: list[str] = []
    Client(server(1, seen)).register_key(bytes(32))
    assert seen == ["drawn 1", "refused drawn 1", "drawn 2", "taken drawn 2"]


def test_not_for_ever():
    seen: list[str] = []
    with pytest.raises(Problem, match=r"statement\.stale"):
        Client(server(9, seen)).register_key(bytes(32))
    assert len(seen) == 6
