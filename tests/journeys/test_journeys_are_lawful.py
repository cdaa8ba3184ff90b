"""What the server lets people do is what validators let pass: the journeys, replayed by the law."""

import pytest

from hospital.client import Problem
from insurance.models import Claim
from prescriptions import rules
from prescriptions.models import Prescription
from tests import lawfulness
from tests.journeys import writes
from tests.world import Patient, World


def decided(world: World, rx: str, decision: str = "approve", part: int = 1) -> None:
    """Both payers decide; the second one with a reason if it does not pay all."""
    for agent, says in ((world.fund_agent, "approve"), (world.insurer_agent, decision)):
        (claim,) = [one for one in agent.each("/api/claims", "claims") if one["prescription"] == rx]
        approved = {"approve": claim["claimed_fen"], "part": part, "refuse": 0}[says]
        ruling = {"decision": says, "approved_fen": approved}
        if says != "approve":
            ruling["reason"] = "other"
        agent.command(f"/api/claims/{rx}/decide", ruling)


def settled(world: World, *prescriptions: str) -> None:
    """The fund pays the pharmacy for these in one batch."""
    found = Claim.objects.filter(bill__prescription_id__in=prescriptions, payer=world.fund)
    claims = list(found.values_list("id", flat=True))
    batch = {"pharmacy": world.pharmacy.slug, "claims": claims}
    world.fund_agent.command("/api/settlements", batch)


def changed(world: World, patient: Patient) -> None:
    """Asked about and kept, extended, asked about again and changed, and dispensed then."""
    rx = world.asked_to_change(patient, valid_days=1)
    world.doctor.command(writes.of(rx, "keep"), {"reason": "intended"})
    end = rules.valid_until(Prescription.objects.get(id=rx).created_at, 3)
    world.doctor.command(writes.of(rx, "extend"), {"valid_until": end.isoformat()})
    world.pharmacist.command(writes.of(rx, "change-request"), writes.asking())
    world.change(rx, "1")
    world.reviewer.command(writes.of(rx, "review"), {"decision": "approve"})
    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
    world.pay(patient, rx)
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 2}})


def test_every_journey_is_lawful(world: World, patient: Patient):
    """C1, R7: every kind of move and of entry, made through the API, passes the law."""
    world.covers(patient, fund_bp=7_000, insurer_bp=5_000)
    one, other = world.delivered(patient), world.shipped(patient)
    code = patient.client.get(f"/api/prescriptions/{other}/delivery-code")["code"]
    world.courier.command(f"/api/prescriptions/{other}/deliver", {"code": code})
    third = world.dispensed(patient)
    code = patient.client.get(f"/api/prescriptions/{third}/delivery-code")["code"]
    world.pharmacist.command(f"/api/prescriptions/{third}/deliver", {"code": code})
    for rx, decision in ((one, "approve"), (other, "part"), (third, "refuse")):
        decided(world, rx, decision)
    settled(world, one)
    settled(world, other, third)

    patient.client.command(f"/api/prescriptions/{world.authorized(patient)}/withdraw")
    withdrawn = world.paid(patient)
    patient.client.command(f"/api/prescriptions/{withdrawn}/withdraw")
    patient.client.command(f"/api/prescriptions/{withdrawn}/cancel", {"reason": "patient_request"})
    world.doctor.command(
        f"/api/prescriptions/{world.issued(patient)}/cancel", {"reason": "clinical"}
    )
    world.reviewer.command(
        f"/api/prescriptions/{world.issued(patient)}/review",
        {"decision": "return", "reason": "dose"},
    )
    changed(world, patient)
    twice = world.shipped(patient)
    for _ in range(2):
        world.courier.command(writes.of(twice, "attempt"), {"reason": "nobody_home"})
    world.pharmacist.command(writes.of(twice, "take-back"))
    patient.client.get(f"/api/prescriptions/{one}")
    patient.client.get("/api/prescriptions")
    world.courier.get("/api/parcels")
    with pytest.raises(Problem):
        world.other_doctor.get(f"/api/prescriptions/{one}")
    assert lawfulness.faults() == []
