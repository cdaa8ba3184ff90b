"""
Every write of the interface, made ready: who may make it now, where, and with which body.

A write that is missing here makes ``test_repetition`` fail.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from hospital.client import Client
from insurance.models import Claim
from ledger import note
from tests.journeys.watching import drawn
from tests.world import Patient, World, a_client, a_medicine, an_id_number

Body = dict[str, Any]


@dataclass(frozen=True)
class Write:
    """``by`` may POST ``body`` to ``path`` now. ``input`` is the unsigned part of ``body``."""

    by: Client
    path: str
    body: Body
    rx: str = ""
    input: Body = field(default_factory=dict)


def signed(by: Client, path: str, body: Body | None = None, rx: str = "") -> Write:
    return Write(by, path, drawn(by, path, body or {}), rx, body or {})


def of(rx: str, verb: str) -> str:
    return f"/api/prescriptions/{rx}/{verb}"


def identity(world: World, patient: Patient) -> Write:
    newcomer = a_client()
    newcomer.enter_with_wechat(world.wechat_code(f"o{uuid4().hex[:27]}"))
    body = {"name": "测试新人", "id_number": an_id_number(), "phone": "13900139000"}
    return Write(newcomer, "/api/me/identity", body)


def address(world: World, patient: Patient) -> Write:
    body = {"recipient": "测试患者", "phone": "13900139000", "text": "测试路2号"}
    return Write(patient.client, "/api/me/addresses", body)


def key(world: World, patient: Patient) -> Write:
    seed = os.urandom(32)
    public = base64.b64encode(note.Signer("new", seed).verifier.public_key).decode()
    statement = patient.client.post("/api/keys/statement", {"public_key": public})
    signer = note.Signer(statement["key"], seed)
    signed_note = note.sign(statement["statement"].encode(), signer).decode()
    return Write(patient.client, "/api/keys", {"public_key": public, "note": signed_note})


def revocation(world: World, patient: Patient) -> Write:
    name = another_key(patient.client).verifier.name
    return signed(patient.client, "/api/keys/revoke", {"name": name})


def draft(world: World, patient: Patient) -> Write:
    return Write(world.doctor, "/api/prescriptions", world.draft(patient))


def issue(world: World, patient: Patient) -> Write:
    rx = world.drafted(patient)
    return signed(world.doctor, of(rx, "issue"), rx=rx)


def review(world: World, patient: Patient) -> Write:
    rx = world.issued(patient)
    return signed(world.reviewer, of(rx, "review"), {"decision": "approve"}, rx)


def send_back(world: World, patient: Patient) -> Write:
    rx = world.issued(patient)
    body = {"decision": "return", "reason": "dose"}
    return signed(world.reviewer, of(rx, "review"), body, rx)


def cancel(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    return signed(world.doctor, of(rx, "cancel"), {"reason": "clinical"}, rx)


def give_up(world: World, patient: Patient) -> Write:
    rx = world.authorized(patient)
    return signed(patient.client, of(rx, "cancel"), {"reason": "patient_request"}, rx)


def authorize(world: World, patient: Patient) -> Write:
    rx = world.approved(patient)
    return signed(patient.client, of(rx, "authorize"), world.choice(patient), rx)


def authorize_courier(world: World, patient: Patient) -> Write:
    rx = world.approved(patient)
    return signed(patient.client, of(rx, "authorize"), world.choice(patient, "courier"), rx)


def withdraw(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    return signed(patient.client, of(rx, "withdraw"), rx=rx)


def pay(world: World, patient: Patient) -> Write:
    rx = world.authorized(patient)
    return Write(patient.client, of(rx, "pay"), {}, rx)


def scan(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    return Write(world.pharmacist, "/api/scans", {"code": world.code(patient, rx)}, rx)


def dispense(world: World, patient: Patient) -> Write:
    rx = world.scanned(patient)
    return signed(world.pharmacist, of(rx, "dispense"), {"lines": {"1": 1, "2": 1}}, rx)


def ship(world: World, patient: Patient) -> Write:
    rx = world.dispensed(patient, "courier")
    return signed(world.courier, of(rx, "ship"), rx=rx)


def receive(world: World, patient: Patient) -> Write:
    rx = world.dispensed(patient)
    return signed(patient.client, of(rx, "deliver"), rx=rx)


def hand_out(world: World, patient: Patient) -> Write:
    rx = world.dispensed(patient)
    return signed(world.pharmacist, of(rx, "deliver"), told_code(patient, rx), rx)


def hand_over(world: World, patient: Patient) -> Write:
    rx = world.shipped(patient)
    return signed(world.courier, of(rx, "deliver"), told_code(patient, rx), rx)


def stock(world: World, patient: Patient) -> Write:
    body = {"medicine": a_medicine().code, "price_fen": 100, "on_hand": 5}
    return Write(world.pharmacist, "/api/stock", body)


def coverage(world: World, patient: Patient) -> Write:
    now = timezone.now()
    body = {
        "patient": patient.id_number,
        "rates_bp": {"甲": 5_000},
        "valid_from": (now - timedelta(days=1)).isoformat(),
        "valid_until": (now + timedelta(days=1)).isoformat(),
    }
    return Write(world.fund_agent, "/api/coverages", body)


def decide(world: World, patient: Patient) -> Write:
    world.covers(patient, fund_bp=7_000, insurer_bp=5_000)
    rx = world.delivered(patient)
    body = {"decision": "approve", "approved_fen": owed(world.fund_agent, rx)}
    return signed(world.fund_agent, f"/api/claims/{rx}/decide", body, rx)


def settle(world: World, patient: Patient) -> Write:
    ready = decide(world, patient)
    ready.by.write(ready.path, ready.body)
    claim = Claim.objects.get(bill__prescription_id=ready.rx)
    body = {"pharmacy": world.pharmacy.slug, "claims": [claim.id]}
    return signed(world.fund_agent, "/api/settlements", body, ready.rx)


def told_code(patient: Patient, rx: str) -> Body:
    return {"code": patient.client.get(of(rx, "delivery-code"))["code"]}


def owed(agent: Client, rx: str) -> int:
    claims = agent.get("/api/claims")["claims"]
    return next(int(one["claimed_fen"]) for one in claims if one["prescription"] == rx)


def another_key(client: Client) -> note.Signer:
    """One more registered key of the client's account; the client goes on with its first."""
    first = client.signer
    client.register_key(os.urandom(32))
    second, client.signer = client.signer, first
    assert second is not None
    return second


def revoked_key(client: Client) -> note.Signer:
    second = another_key(client)
    client.command("/api/keys/revoke", {"name": second.verifier.name})
    return second


Make = Callable[[World, Patient], Write]
ONE = "/api/prescriptions/<uuid:prescription_id>"

WRITES: dict[str, tuple[Make, ...]] = {
    "/api/me/identity": (identity,),
    "/api/me/addresses": (address,),
    "/api/keys": (key,),
    "/api/keys/revoke": (revocation,),
    "/api/prescriptions": (draft,),
    f"{ONE}/issue": (issue,),
    f"{ONE}/review": (review, send_back),
    f"{ONE}/cancel": (cancel, give_up),
    f"{ONE}/authorize": (authorize, authorize_courier),
    f"{ONE}/withdraw": (withdraw,),
    f"{ONE}/pay": (pay,),
    "/api/scans": (scan,),
    f"{ONE}/dispense": (dispense,),
    f"{ONE}/ship": (ship,),
    f"{ONE}/deliver": (receive, hand_out, hand_over),
    "/api/stock": (stock,),
    "/api/coverages": (coverage,),
    "/api/claims/<uuid:prescription_id>/decide": (decide,),
    "/api/settlements": (settle,),
}
EVERY_WRITE = [make for makes in WRITES.values() for make in makes]
MOVES = [
    issue,
    review,
    send_back,
    cancel,
    give_up,
    authorize,
    authorize_courier,
    withdraw,
    dispense,
    ship,
    receive,
    hand_out,
    hand_over,
    decide,
]
"""The signed commands about a prescription."""
SIGNED_ELSEWHERE = [key, revocation, scan, settle]
"""What else a person's key signs."""


def named(make: object) -> str:
    return getattr(make, "__name__", str(make))
