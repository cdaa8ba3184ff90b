"""What tests of the patient's copy share: having it ready, taking all its pages."""

from __future__ import annotations

from hospital.client import Client
from ledger import network, tasks
from tests.journeys.watching import raw
from tests.world import Patient

EXPORT = "/api/me/export"


def caught_up() -> None:
    """The patients' lists cover what has been entered so far."""
    for line in network.lines():
        tasks.advance(line)
        tasks.patients(line)


def ready(patient: Patient) -> Client:
    """The patient, in a session that the key has just opened, with all entries in the list."""
    caught_up()
    patient.client.enter_with_key()
    return patient.client


def pages(patient: Patient, size: int = 50) -> list[bytes]:
    """All pages of the copy, as they came."""
    client, found = ready(patient), []
    path = f"{EXPORT}?size={size}"
    while path:
        answer = raw(client, "GET", path)
        assert answer.status_code == 200, answer.text
        found.append(answer.content)
        path = next((one["url"] for one in answer.json().get("link", [])), "")
    return found
