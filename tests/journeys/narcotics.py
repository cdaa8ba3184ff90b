"""One prescription of a narcotic, walked to where it is given out."""

from __future__ import annotations

from typing import Any

from hospital.client import Client
from pharmacy.models import Lot, Reservation, Scan
from prescriptions.models import Prescription
from tests.world import Patient, World, a_face_for

APPROVE = {"decision": "approve"}
LINES = {"1": 1}


def lots(rx: str, units: int = 1) -> list[dict[str, Any]]:
    """As an input names them: of what is held for it the lot that expires first."""
    held = Reservation.objects.filter(prescription__id=rx).latest("id")
    first = Lot.objects.filter(item=held.item_id, on_hand__gt=0).earliest(
        "expires_on", "created_at", "id"
    )
    return [{"lot": str(first.id), "units": units}]


def issued(world: World, patient: Patient) -> str:
    draft = world.draft(patient, lines=world.narcotic_lines(patient))
    rx = str(world.prescriber.write("/api/prescriptions", draft)["id"])
    world.prescriber.command(f"/api/prescriptions/{rx}/issue")
    return rx


def reviewed(world: World, rx: str) -> str:
    for reviewer in (world.reviewer, world.second_reviewer):
        if Prescription.objects.get(id=rx).status == "approved":
            break  # its form takes one
        reviewer.command(f"/api/prescriptions/{rx}/review", APPROVE)
    return rx


def chosen(world: World, patient: Patient, rx: str) -> str:
    """Authorized at the hospital's own pharmacy, and paid."""
    choice = {"pharmacy": world.own_pharmacy.slug, "way": "collect"}
    choice |= a_face_for(patient.client, rx)
    patient.client.command(f"/api/prescriptions/{rx}/authorize", choice)
    if Prescription.objects.get(id=rx).status != "paid":
        world.pay(patient, rx)
    return rx


def paid(world: World, patient: Patient) -> str:
    return chosen(world, patient, reviewed(world, issued(world, patient)))


def scan(world: World, patient: Patient, rx: str, by: Client | None = None) -> str:
    """The scan's id."""
    code = world.code(patient, rx, pharmacy=world.own_pharmacy.slug)
    made = (by or world.own_pharmacist).write("/api/scans", {"code": code})
    return str(made["scans"][0]["id"])


def scanned(world: World, patient: Patient) -> str:
    rx = paid(world, patient)
    scan(world, patient, rx)
    return rx


def to_check(rx: str, **changes: Any) -> dict[str, Any]:
    """The input of a check of the last scan."""
    last = Scan.objects.filter(prescription__id=rx).latest("scanned_at")
    return {"scan": str(last.id), "lines": LINES, "lots": lots(rx), **changes}


def double_checked(world: World, patient: Patient) -> str:
    rx = scanned(world, patient)
    world.second_own_pharmacist.command(f"/api/prescriptions/{rx}/double-check", to_check(rx))
    return rx


def dispensed(world: World, patient: Patient) -> str:
    rx = double_checked(world, patient)
    world.own_pharmacist.command(f"/api/prescriptions/{rx}/dispense", {"lines": LINES})
    return rx
