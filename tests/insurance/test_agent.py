"""A payer's program has many claims to decide: one that breaks keeps no other waiting."""

from typing import Any

import httpx
import pytest

from hospital.client import Problem
from insurance import evidence
from insurance.agent import Agent
from ledger.policy import Policy

NOBODYS = Policy((), {}, {}, "none", b"")
CLAIMS = [{"subject": f"rx/{number}", "prescription": str(number)} for number in range(3)]


class Server:
    """Of three claims the oldest first; what was decided is no longer among them."""

    def __init__(self) -> None:
        self.decided: list[str] = []

    def each(self, path: str, name: str, **query: Any) -> list[dict[str, Any]]:
        claims = [one for one in CLAIMS if one["prescription"] not in self.decided]
        return claims if path == "/api/claims" else []

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return {"entries": []}

    def command(self, path: str, body: dict[str, Any]) -> None:
        self.decided.append(path.split("/")[3])


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def mine(server, monkeypatch) -> Agent:
    verdict = evidence.Verdict("approve", 1, "none")
    monkeypatch.setattr(evidence, "rule", lambda *_, **__: verdict)
    monkeypatch.setattr(Agent, "_signals", lambda *_: [])
    return Agent(server, "fund", lambda: NOBODYS, 1)


def fails(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    """Whoever looks at the oldest claim."""

    def proven(files: Any, subject: str, policy: Any) -> list[Any]:
        if subject == "rx/0":
            raise fault
        return []

    monkeypatch.setattr(evidence, "proven", proven)


@pytest.mark.parametrize(
    "fault", [KeyError("lines"), Problem(409, {"code": "claim.bad_decision"}), ValueError()]
)
def test_a_claim_that_always_fails_keeps_no_other_waiting(server, mine, monkeypatch, fault):
    """F9: however often it is tried."""
    fails(monkeypatch, fault)
    assert (mine.step(), mine.step()) == (2, 0)
    assert server.decided == ["1", "2"]


@pytest.mark.parametrize("fault", [httpx.ReadTimeout(""), Problem(401, {"code": "session.ended"})])
def test_where_nobody_answers_nothing_is_tried_further(server, mine, monkeypatch, fault):
    fails(monkeypatch, fault)
    with pytest.raises(type(fault)):
        mine.step()
    assert server.decided == []
