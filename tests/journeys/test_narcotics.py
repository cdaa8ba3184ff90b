"""Narcotics and psychotropics of class I are given out at their hospital alone, by hand."""

from collections.abc import Mapping
from typing import Any

import pytest

from hospital.client import Client, Problem
from hospital.models import Organisation
from hospital.rights import Rights
from hospital.roles import Role
from ledger import note
from ledger import queries as ledger
from ledger.entry import Statement
from prescriptions.facts import Control
from prescriptions.models import Medicine, Prescription
from tests.journeys.watching import drawn, everything, subject
from tests.shelves import a_shelf
from tests.world import LONG_AGO, a_face_for, a_medicine, a_member

RIGHTS = Rights(practising_since=LONG_AGO, controlled=True)
BINDING = [Control.NARCOTIC, Control.PSYCHOTROPIC_1]


@pytest.fixture
def own(world) -> Organisation:
    return Organisation.objects.get(hospital=world.hospital)


@pytest.fixture
def doctor(world) -> Client:
    """A doctor with the right to narcotics, whom no other test knows."""
    return a_member(Role.DOCTOR, world.hospital, rights=RIGHTS)


def stocked(medicine: Medicine, *pharmacies: Organisation) -> Medicine:
    for pharmacy in pharmacies:
        a_shelf(pharmacy, medicine, on_hand=9)
    return medicine


def draft(world, patient, medicine: Medicine) -> dict[str, Any]:
    usual = {"dose": "0.5", "dose_unit": "g", "frequency": "tid", "days": 3, "quantity": 1}
    return dict(world.draft(patient, lines=[{"medicine": medicine.code, **usual}]))


def approved(world, patient, doctor: Client, medicine: Medicine) -> str:
    rx = str(doctor.write("/api/prescriptions", draft(world, patient, medicine))["id"])
    doctor.command(f"/api/prescriptions/{rx}/issue")
    for by in (world.reviewer, world.second_reviewer):
        if Prescription.objects.get(id=rx).status != "approved":
            by.command(f"/api/prescriptions/{rx}/review", {"decision": "approve"})
    return rx


def collected_at(pharmacy: Organisation) -> dict[str, Any]:
    return {"pharmacy": pharmacy.slug, "way": "collect"}


def refused(call) -> dict[str, Any]:
    with pytest.raises(Problem) as refusal:
        call()
    return dict(refusal.value.body)


def facts_of(rx: str, kind: str) -> list[Mapping[str, Any]]:
    notes = [note.parse(one.note).text for one in ledger.entries_about(subject(rx))]
    found = [Statement.parse(one) for one in notes]
    return [one.facts for one in found if one.kind == kind]


@pytest.mark.parametrize("control", BINDING)
def test_are_fetched_at_the_hospitals_own_pharmacy(world, patient, doctor, own, control):
    """Whatever retail pharmacies have; the doctor's signature names the only one."""
    medicine = stocked(a_medicine(control=control), own, world.pharmacy)
    rx = approved(world, patient, doctor, medicine)
    before = everything()

    problem = refused(
        lambda: patient.client.command(
            f"/api/prescriptions/{rx}/authorize", collected_at(world.pharmacy)
        )
    )

    assert problem["code"] == "checkout.only_at_its_hospital"
    assert problem["status"] == 403
    assert problem["pharmacy"] == own.slug
    assert problem["article"] == "第三十条 unconfirmed"
    assert everything() == before
    chosen = {**collected_at(own), **a_face_for(patient.client, rx)}
    patient.client.command(f"/api/prescriptions/{rx}/authorize", chosen)
    assert Prescription.objects.get(id=rx).pharmacy_id == own.id
    assert [one["dispenser"] for one in facts_of(rx, "prescription.issue")] == [own.slug]


def test_are_brought_by_no_courier(world, patient, doctor, own):
    rx = approved(world, patient, doctor, stocked(a_medicine(control=BINDING[0]), own))
    sent = {**world.choice(patient, "courier"), "pharmacy": own.slug}

    problem = refused(lambda: patient.client.command(f"/api/prescriptions/{rx}/authorize", sent))

    assert problem["code"] == "checkout.only_at_its_hospital"


def test_are_not_sent_elsewhere_under_a_statement_drawn_for_the_right_place(
    world, patient, doctor, own
):
    """Who draws for one pharmacy and sends another is refused before the signature is read."""
    medicine = stocked(a_medicine(control=BINDING[0]), own, world.pharmacy)
    rx = approved(world, patient, doctor, medicine)
    path = f"/api/prescriptions/{rx}/authorize"
    body = drawn(patient.client, path, {**collected_at(own), **a_face_for(patient.client, rx)})

    problem = refused(lambda: patient.client.write(path, {**body, "pharmacy": world.pharmacy.slug}))

    assert problem["code"] == "checkout.only_at_its_hospital"


def test_are_not_prescribed_where_there_is_no_such_pharmacy(world, patient, own):
    hospital = Organisation.objects.create(
        slug=f"{world.hospital.slug}-2", kind="hospital", name="无药房", uscc="0" * 18
    )
    doctor = a_member(Role.DOCTOR, hospital, rights=RIGHTS)
    body = draft(world, patient, a_medicine(control=BINDING[0]))
    before = Prescription.objects.count()

    problem = refused(lambda: doctor.write("/api/prescriptions", body))

    assert problem["code"] == "prescription.no_own_pharmacy"
    assert Prescription.objects.count() == before


@pytest.mark.parametrize("control", [Control.PSYCHOTROPIC_2, Control.TOXIC, Control.NONE])
def test_others_are_bound_to_no_pharmacy(world, patient, doctor, control):
    medicine = stocked(a_medicine(control=control), world.pharmacy)
    body = draft(world, patient, medicine)
    body["lines"][0]["days"] = 2
    rx = str(doctor.write("/api/prescriptions", body)["id"])
    doctor.command(f"/api/prescriptions/{rx}/issue")

    assert [one.get("dispenser") for one in facts_of(rx, "prescription.issue")] == [None]


def test_a_change_binds_and_frees(world, patient, doctor, own):
    """The pharmacy that gives it out follows the content in force, not the first one."""
    morphine = stocked(a_medicine(control=BINDING[0]), own)
    plain = stocked(a_medicine(), world.pharmacy)
    rx = approved(world, patient, doctor, plain)
    path = f"/api/prescriptions/{rx}"

    for medicine, bound in ((morphine, own), (plain, None)):
        content = draft(world, patient, medicine)
        asked = {name: content[name] for name in ("diagnoses", "lines")}
        doctor.write(f"{path}/versions", asked)
        doctor.command(f"{path}/change")
        assert Prescription.objects.get(id=rx).dispenser == bound

    said = [one.get("dispenser") for one in facts_of(rx, "prescription.change")]
    assert said == [own.slug, None]
    world.reviewer.command(f"{path}/review", {"decision": "approve"})
    patient.client.command(f"{path}/authorize", collected_at(world.pharmacy))


def test_the_directory_says_which_pharmacy_is_a_hospitals_own(world, patient, own):
    listed = patient.client.get("/api/organisations", kind="pharmacy")["organisations"]

    hospitals = {one["slug"]: one["hospital"] for one in listed}
    assert hospitals[own.slug] == world.hospital.slug
    assert hospitals[world.pharmacy.slug] is None
