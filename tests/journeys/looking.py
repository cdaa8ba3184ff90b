"""What the tests of a patient's history share: asking, being refused, the patient's own list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connection

from hospital.client import Client
from hospital.roles import OrganisationKind, Role
from ledger import network, note, tasks
from ledger.entry import Statement
from tests.journeys import writes
from tests.journeys.watching import account, raw
from tests.world import Patient, World, a_member, an_organisation

ASKED = "/api/history"
REFUSED = (403, "access.not_granted")
Json = dict[str, Any]


def grants(patient: Patient, to: str, **changes: Any) -> Json:
    """The patient grants on the phone; what was granted."""
    return patient.client.command("/api/me/grants", writes.granting(to, **changes))


def withdraws(patient: Patient, grant: Json) -> Json:
    return patient.client.command(f"/api/me/grants/{grant['id']}/withdraw")


def pleads(doctor: Client, patient: Patient, **changes: Any) -> Json:
    """A plea that nobody has signed second."""
    return doctor.command("/api/break-glass", writes.pleading(patient, **changes))


def a_colleague(doctor: Client) -> Client:
    """Another doctor of the same hospital."""
    hospital = account(doctor).organisation
    assert hospital is not None
    return a_member(Role.DOCTOR, hospital)


def breaks_glass(doctor: Client, patient: Patient, **changes: Any) -> Json:
    """What a colleague has signed second."""
    plea = pleads(doctor, patient, **changes)
    return a_colleague(doctor).command(f"/api/break-glass/{plea['id']}/second")


def asks(doctor: Client, patient: Patient, **more: Any) -> Json:
    """A page of the patient's history. Raises ``Problem``."""
    return doctor.post(ASKED, {"patient": patient.id_number, **more})


def answer_to(doctor: Client, body: Json) -> tuple[int, str]:
    """Status and code of the answer; the code is empty if it is no refusal."""
    answer = raw(doctor, "POST", ASKED, key=None, body=body)
    return answer.status_code, str(answer.json().get("code", ""))


def refused(doctor: Client, patient: Patient) -> bool:
    return answer_to(doctor, {"patient": patient.id_number}) == REFUSED


def own_list(patient: Patient) -> list[Statement]:
    """What the published log says about the patient, as the phone reads it."""
    for line in network.lines():
        tasks.advance(line)
        tasks.patients(line)
    entries = patient.client.get("/api/me/entries", size=100)["entries"]
    return [Statement.parse(note.parse(one["note"].encode()).text) for one in entries]


def a_courier() -> tuple[str, Client]:
    """A courier company that has no parcels yet: its name in the interface, and who works there."""
    company = an_organisation(OrganisationKind.COURIER)
    return company.slug, a_member(Role.COURIER, company)


def given_to(world: World, patient: Patient, company: str) -> str:
    """A prescription that is dispensed for this courier company to bring."""
    rx = world.approved(patient)
    choice = {**world.choice(patient, "courier"), "courier": company}
    patient.client.command(writes.of(rx, "authorize"), choice)
    world.pay(patient, rx)
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    return rx


def parcels_of(courier: Client, size: int = 50) -> list[Json]:
    """All parcels of the company, page by page."""
    found: list[Json] = []
    more: dict[str, str] = {}
    while True:
        page = courier.get("/api/parcels", size=size, **more)
        found += page["parcels"]
        if page["next"] is None:
            return found
        more = {"cursor": page["next"]}


def events(subject: str) -> list[str]:
    """The kinds of all entries that are about a grant or an emergency or rest on it, by event."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind FROM ledger_event WHERE subject = %s"
            " OR (kind = 'record.view' AND position(%s in convert_from(note, 'UTF8')) > 0)"
            " ORDER BY id",
            [subject, f'"basis":"{subject}"'],
        )
        return [kind for (kind,) in cursor.fetchall()]


def moment(text: str) -> datetime:
    """A moment of an answer."""
    return datetime.fromisoformat(text).astimezone(UTC)
