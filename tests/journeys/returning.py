"""What tests of returns do again and again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hospital.client import Client
from insurance.models import Bill, Claim, Refund, Reversal
from pharmacy.models import Lot, Movement
from prescriptions.models import Prescription
from tests.journeys.writes import of, owed
from tests.world import Patient, World

BOTH = {"lines": {"1": 1, "2": 1}, "reason": "quality"}
FIRST = {"lines": {"1": 1}, "reason": "quality"}
SECOND = {"lines": {"2": 1}, "reason": "quality"}


def bring_back(by: Client, rx: str, body: dict[str, Any] = BOTH) -> dict[str, Any]:
    return by.command(of(rx, "return"), body)


def delivered(world: World, patient: Patient, *, insurer_bp: int = 5_000) -> str:
    """The fund pays 70 %, the insurer half of the rest."""
    world.covers(patient, insurer_bp=insurer_bp)
    return world.delivered(patient)


def decide(agent: Client, rx: str) -> None:
    body = {"decision": "approve", "approved_fen": owed(agent, rx)}
    agent.command(f"/api/claims/{rx}/decide", body)


def settle(world: World, agent: Client, rx: str) -> int:
    """Pay the agent's claim alone; the fen paid."""
    mine = [
        one for one in agent.get("/api/claims/unsettled")["claims"] if one["prescription"] == rx
    ]
    body = {"pharmacy": world.pharmacy.slug, "claims": [one["id"] for one in mine]}
    return int(agent.command("/api/settlements", body)["total_fen"])


def reversals(agent: Client, rx: str, state: str) -> list[dict[str, Any]]:
    found = agent.get("/api/claims/reversals", state=state)["reversals"]
    return [one for one in found if one["prescription"] == rx]


def claw_back(world: World, agent: Client, rx: str) -> int:
    named = [one["id"] for one in reversals(agent, rx, "owed")]
    body = {"pharmacy": world.pharmacy.slug, "reversals": named}
    return int(agent.command("/api/clawbacks", body)["total_fen"])


def balance(rx: str) -> dict[str, int]:
    """Fen that each has paid in the end for one prescription, and what the pharmacy has got."""
    bill = Bill.objects.get(prescription__id=rx)
    refunds = sum(Refund.objects.filter(payment__bill=bill).values_list("amount_fen", flat=True))
    paid = {"patient": bill.patient_fen - refunds}
    for claim in Claim.objects.filter(bill=bill).select_related("payer", "settlement"):
        taken = claim.reversals.filter(state=Reversal.State.TAKEN)
        got_back = sum(taken.values_list("fen", flat=True))
        paid[claim.payer.slug] = (claim.owed_fen if claim.settlement else 0) - got_back
    return paid


def on_shelf(rx: str) -> dict[bool, int]:
    """Did it come back? → units of the lots that this prescription was given out of."""
    lots = Movement.objects.filter(prescription__id=rx).values_list("lot_id", flat=True)
    found: dict[bool, int] = {False: 0, True: 0}
    for lot in Lot.objects.filter(id__in=lots):
        found[lot.by_patient] += lot.on_hand
    return found


def left(aside: Lot) -> Lot:
    """The lot that it was given out of."""
    return Lot.objects.get(item=aside.item, number=aside.number, back_from=None)


def status(rx: str) -> str:
    return Prescription.objects.get(id=UUID(rx)).status
