"""Asking validators for the patients' lists: each program once, whatever it answers."""

import httpx
import pytest

from ledger import feeding, patientlists
from ledger.cosignature import Algorithm, Cosigner
from ledger.policy import Witness
from tests.ledger.listed import VALIDATORS, head, mapped
from tests.ledger.witnessed import NOON_S

HEAD = head(3, mapped(["", "7a" * 32, ""]).root(), by=())
TEXT = HEAD.split(b"\n\n")[0] + b"\n"
FIRST, OTHER = VALIDATORS[:2]
SECOND = Cosigner(FIRST.verifier.name, FIRST.seed, Algorithm.ML_DSA_44)
PROGRAMS = [
    Witness("first", FIRST.verifier, "http://one"),
    Witness("second", SECOND.verifier, "http://one"),
    Witness("other", OTHER.verifier, "http://two"),
]


def ask(monkeypatch, answer):
    """What each key said, and which addresses were asked."""
    asked: list[str] = []

    def post(url, body):
        asked.append(url)
        assert body == HEAD
        return answer(url)

    monkeypatch.setattr(feeding, "post", post)
    said = patientlists._ask_all(HEAD, PROGRAMS)
    return {one.name: (bool(one.line), one.against) for one in said}, sorted(asked)


def lines(*keys: Cosigner) -> bytes:
    return "".join(f"{key.cosign(TEXT, NOON_S)}\n" for key in keys).encode()


def test_a_program_with_two_keys_is_asked_once(monkeypatch):
    """L4"""
    answers = {
        "http://one/add-patients": lines(FIRST, SECOND),
        "http://two/add-patients": lines(OTHER),
    }
    said, asked = ask(monkeypatch, lambda url: (200, answers[url]))
    assert said == {"first": (True, ""), "second": (True, ""), "other": (True, "")}
    assert asked == ["http://one/add-patients", "http://two/add-patients"]


def test_a_key_without_a_line_has_said_nothing(monkeypatch):
    """L4: the other key's line still counts; a line by a stranger counts for nobody."""
    said, _ = ask(monkeypatch, lambda url: (200, lines(FIRST)))
    assert said == {"first": (True, ""), "second": (False, ""), "other": (False, "")}


@pytest.mark.parametrize(
    ("status", "against"), [(422, True), (403, True), (404, True), (503, False)]
)
def test_a_refusal_is_of_all_keys_and_an_outage_of_none(monkeypatch, status, against):
    """L4"""
    said, _ = ask(monkeypatch, lambda url: (status, b"no"))
    expected = f"{status}: no" if against else ""
    assert set(said.values()) == {(False, expected)}


def test_silence_is_no_refusal(monkeypatch):
    """F4"""

    def silent(url):
        raise httpx.ConnectError("nobody there")

    said, _ = ask(monkeypatch, silent)
    assert set(said.values()) == {(False, "")}
