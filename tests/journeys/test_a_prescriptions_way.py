"""The whole way of a prescription, told as stories, through the public API."""

from ledger import queries as ledger
from tests.world import Patient, World


def kinds(rx: str) -> list[str]:
    return [entry.kind for entry in ledger.entries_about(f"rx/{rx.replace('-', '')}")]


def status(patient: Patient, rx: str) -> str:
    return str(patient.client.get(f"/api/prescriptions/{rx}")["status"])


def test_collected_at_the_counter_and_paid_by_three(world: World, patient: Patient):
    world.covers(patient, fund_bp=7_000, insurer_bp=5_000)
    rx = world.delivered(patient)

    for agent in (world.fund_agent, world.insurer_agent):
        (claim,) = [one for one in agent.each("/api/claims", "claims") if one["prescription"] == rx]
        agent.command(
            f"/api/claims/{rx}/decide",
            {"decision": "approve", "approved_fen": claim["claimed_fen"]},
        )

    assert status(patient, rx) == "claimed"
    assert kinds(rx) == [
        "prescription.issue",
        "prescription.review",
        "prescription.authorize",
        "insurance.pay",
        "pharmacy.dispense",
        "pharmacy.deliver",
        "insurance.claim",
        "insurance.claim",
    ]
