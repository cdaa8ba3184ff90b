"""What was erased is gone for everybody, is said to be, and hides nothing else."""

import pytest

from hospital import records
from hospital.client import Problem
from hospital.models import SealedRecord
from ledger.queries import entries_about
from tests import invariants
from tests.journeys import writes
from tests.world import Patient, World


def test_an_erased_prescription_stays_in_the_list_without_its_content(
    world: World, patient: Patient
):
    """G6: the list of the others goes on, and entries and proofs stand."""
    gone, kept = world.issued(patient), world.issued(patient)
    records.forget(SealedRecord.objects.filter(prescription__id=gone))

    listed = patient.client.get("/api/prescriptions")["prescriptions"]
    assert {one["id"]: one["erased"] for one in listed} == {gone: True, kept: False}
    assert {one["id"]: bool(one["lines"]) for one in listed} == {gone: False, kept: True}
    for who in (patient.client, world.doctor):
        with pytest.raises(Problem, match=r"record\.erased"):
            who.get(writes.of(gone, "")[:-1])
    assert [one.kind for one in entries_about(f"rx/{gone.replace('-', '')}")] == [
        "prescription.issue"
    ]
    assert not invariants.come_to_rest()


def test_an_erased_consultation_hides_no_other_of_the_doctors(world: World, patient: Patient):
    """G6: one patient has it erased, and the doctor's list goes on."""
    gone, kept = world.consulted(patient), world.consulted(world.a_patient())
    records.forget(SealedRecord.objects.filter(consultation__id=gone))

    listed = world.doctor.get("/api/consultations", size=50)["consultations"]
    seen = {one["id"]: one for one in listed}
    assert (seen[gone]["erased"], seen[gone]["fields"]) == (True, {})
    assert not seen[kept]["erased"]
    assert "complaint" in seen[kept]["fields"]
    with pytest.raises(Problem, match=r"record\.erased"):
        world.doctor.get(f"/api/consultations/{gone}")
