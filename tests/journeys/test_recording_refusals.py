"""A refusal that must be recorded and cannot be is no answer: the caller asks again."""

import logging

import pytest
from django.db import OperationalError

from hospital import access
from ledger import chain, network
from tests.journeys import writes
from tests.journeys.watching import raw
from tests.world import Patient, World


def unable(fault: Exception):
    def record_refusal(**_):
        raise fault

    return record_refusal


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (network.Turning("a log"), 503, "ledger.turning"),
        (chain.Turned("a log"), 503, "ledger.turning"),
        (OperationalError("away"), 503, "server.busy"),
    ],
)
def test_the_log_turns_or_the_database_is_away(
    world: World, patient: Patient, monkeypatch: pytest.MonkeyPatch, fault, status, code
):
    """F3, L15: the look was refused, and the record of it comes with the next attempt."""
    rx = world.issued(patient)
    with monkeypatch.context() as broken:
        broken.setattr(access, "record_refusal", unable(fault))
        answer = raw(world.other_pharmacist, "GET", writes.of(rx, "")[:-1])
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert raw(world.other_pharmacist, "GET", writes.of(rx, "")[:-1]).status_code in (403, 404)


def test_a_bug_in_recording_has_a_number(
    world: World, patient: Patient, monkeypatch: pytest.MonkeyPatch, caplog
):
    rx = world.issued(patient)
    monkeypatch.setattr(access, "record_refusal", unable(ZeroDivisionError()))
    with caplog.at_level(logging.ERROR, logger="config.errors"):
        answer = raw(world.other_pharmacist, "GET", writes.of(rx, "")[:-1])
    assert (answer.status_code, answer.json()["code"]) == (500, "server.fault")
    assert answer.json()["number"] in caplog.text
