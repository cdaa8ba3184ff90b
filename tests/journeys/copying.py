"""What tests of the patient's copy share: having it ready, taking all its pages."""

from __future__ import annotations

import json
from decimal import Decimal

from hospital.client import Client
from hospital.fhir import Resource
from ledger import finality, network, tasks
from ledger.models import Log
from ledger.policy import Policy
from tests.journeys import looking, writes
from tests.journeys.watching import raw
from tests.world import Patient, World

EXPORT = "/api/me/export"


def caught_up() -> None:
    """The patients' lists cover what has been entered so far."""
    for line in network.lines():
        tasks.advance(line)
        tasks.patients(line)


def policy() -> Policy:
    """What says which logs there are and who makes them final: of all lines, in one file."""
    texts = [finality.agreed(log).text for log in Log.objects.filter(line__in=network.lines())]
    lines = [line for text in texts for line in text.splitlines(keepends=True)]
    logs = [line for line in lines if line.startswith(b"log ")]
    rest = [line for line in texts[0].splitlines(keepends=True) if not line.startswith(b"log ")]
    return Policy.parse(b"".join([*dict.fromkeys(logs), *rest]))


def lived(world: World, patient: Patient) -> str:
    """A patient with something of everything; gives the prescription that was paid for."""
    ready = writes.decide(world, patient)
    assert raw(ready.by, "POST", ready.path, body=ready.body).status_code == 200
    rx = str(ready.rx)
    world.answered(patient)
    grant = looking.grants(patient, world.foreign_hospital.slug)
    looking.asks(world.foreign_doctor, patient)
    looking.withdraws(patient, grant)
    return rx


def of_kind(pages: list[bytes], kind: str) -> list[Resource]:
    bundles = [json.loads(one, parse_float=Decimal) for one in pages]
    every = [each["resource"] for one in bundles for each in one["entry"]]
    return [one for one in every if one["resourceType"] == kind]


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
