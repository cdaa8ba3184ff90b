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
from uuid import UUID, uuid4

from django.utils import timezone
from nacl.public import PrivateKey

from config.demo import form, phone
from hospital import access, boxes, calendar
from hospital.client import Client
from hospital.models import Person
from hospital.roles import OrganisationKind, Role
from insurance.board import alarms
from insurance.board.models import Alarm, Rule
from insurance.board.rules import Found
from insurance.models import Claim
from insurance.reconciliation import statements
from insurance.reconciliation.models import Difference
from ledger import note
from pharmacy.actions import checklist, proposing
from pharmacy.codes import Kind
from prescriptions import rules
from prescriptions.facts import Control
from prescriptions.models import Medicine, Prescription
from tests import (
    boxed,
)
from tests.journeys import (
    narcotics,
    reading,
    recovering,
    sampled,
    series,
    sharers,
    unplugged,
    uploads,
)
from tests.journeys.watching import drawn
from tests.shelves import NUMBER, a_lot, a_shelf
from tests.world import (
    NARCOTICS,
    Patient,
    World,
    a_client,
    a_face,
    a_medicine,
    a_member,
    an_id_number,
    an_organisation,
    looked_at,
)

Body = dict[str, Any]
CHECKED: Body = {"checks": checklist.ALL}
"""The four checks, of whoever gives something out."""


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
    newcomer, openid = a_client(), f"o{uuid4().hex[:27]}"
    newcomer.enter_with_wechat(world.wechat_code(openid))
    claimed = {"name": "测试新人", "id_number": an_id_number(), "phone": "13900139000"}
    seen = phone.face(newcomer, world.wechat, openid, "identity", **claimed)
    return Write(newcomer, "/api/me/identity", {"face_check": seen})


def face(world: World, patient: Patient) -> Write:
    newcomer = a_client()
    newcomer.enter_with_wechat(world.wechat_code(f"o{uuid4().hex[:27]}"))
    claimed = {"name": "测试新人", "id_number": an_id_number(), "phone": "13900139000"}
    return Write(newcomer, "/api/me/face-checks", {"purpose": "identity", **claimed})


def face_again(world: World, patient: Patient) -> Write:
    return Write(patient.client, "/api/me/face-checks", {"purpose": "key"})


def address(world: World, patient: Patient) -> Write:
    body = {"recipient": "测试患者", "phone": "13900139000", "text": "测试路2号"}
    return Write(patient.client, "/api/me/addresses", body)


def read(world: World, patient: Patient) -> Write:
    newest = patient.client.get("/api/me/notices")["notices"][0]
    return Write(patient.client, "/api/me/notices/read", {"up_to": newest["id"]})


def subscribe(world: World, patient: Patient) -> Write:
    answers = [{"template": "template-security", "answer": "accept"}]
    return Write(patient.client, "/api/me/notices/subscriptions", {"answers": answers})


def key(world: World, patient: Patient) -> Write:
    seed = os.urandom(32)
    public = base64.b64encode(note.Signer("new", seed).verifier.public_key).decode()
    statement = patient.client.post("/api/keys/statement", {"public_key": public})
    signer = note.Signer(statement["key"], seed)
    signed_note = note.sign(statement["statement"].encode(), signer).decode()
    seen = looked_at(patient.client)
    body = {"public_key": public, "note": signed_note, "face_check": seen}
    return Write(patient.client, "/api/keys", body)


def recovery(world: World, patient: Patient) -> Write:
    body, _ = recovering.ready(patient)
    return Write(patient.client, recovering.PATH, body)


def revocation(world: World, patient: Patient) -> Write:
    name = another_key(patient.client).verifier.name
    return signed(patient.client, "/api/keys/revoke", {"name": name})


def talk(consultation: str, verb: str) -> str:
    return f"/api/consultations/{consultation}/{verb}"


def question(world: World, patient: Patient) -> Write:
    return Write(patient.client, "/api/consultations", world.question())


def ask(world: World, patient: Patient) -> Write:
    return signed(patient.client, talk(world.written(patient), "ask"))


def accept(world: World, patient: Patient) -> Write:
    body = {"follow_up": True, "guardian": False}
    return signed(world.doctor, talk(world.asked(patient), "accept"), body)


def decline(world: World, patient: Patient) -> Write:
    return signed(world.doctor, talk(world.asked(patient), "decline"), {"reason": "first_visit"})


def refer(world: World, patient: Patient) -> Write:
    body = {"reason": "condition_changed"}
    return signed(world.doctor, talk(world.consulted(patient), "decline"), body)


def retract(world: World, patient: Patient) -> Write:
    return signed(patient.client, talk(world.asked(patient), "withdraw"))


def leave(world: World, patient: Patient) -> Write:
    return signed(patient.client, talk(world.consulted(patient), "withdraw"))


def close(world: World, patient: Patient) -> Write:
    return signed(world.doctor, talk(world.answered(patient), "close"))


def say(world: World, patient: Patient) -> Write:
    body = {"text": "请问饭前还是饭后服用？"}
    return Write(patient.client, talk(world.consulted(patient), "messages"), body)


def show(world: World, patient: Patient) -> Write:
    body = {"picture": form.PICTURE}
    return Write(patient.client, talk(world.consulted(patient), "pictures"), body)


def draft(world: World, patient: Patient) -> Write:
    return Write(world.doctor, "/api/prescriptions", world.draft(patient))


def issue(world: World, patient: Patient) -> Write:
    rx = world.drafted(patient)
    return signed(world.doctor, of(rx, "issue"), rx=rx)


def of_narcotics(world: World, patient: Patient, medicine: Medicine) -> Body:
    """The input of a lawful draft of one narcotic."""
    usual = {"dose": "0.5", "dose_unit": "g", "frequency": "tid", "days": 3, "quantity": 1}
    return world.draft(patient, lines=[{"medicine": medicine.code, **usual}])


def issue_narcotic(world: World, patient: Patient) -> Write:
    """By a doctor with the right to it; the sheet gets a number."""
    doctor = a_member(Role.DOCTOR, world.hospital, rights=NARCOTICS)
    body = of_narcotics(world, patient, a_medicine(control=Control.NARCOTIC))
    rx = str(doctor.write("/api/prescriptions", body)["id"])
    return signed(doctor, of(rx, "issue"), rx=rx)


def review(world: World, patient: Patient) -> Write:
    rx = world.issued(patient)
    return signed(world.reviewer, of(rx, "review"), {"decision": "approve"}, rx)


def send_back(world: World, patient: Patient) -> Write:
    rx = world.issued(patient)
    body = {"decision": "return", "reason": "dose"}
    return signed(world.reviewer, of(rx, "review"), body, rx)


def take(world: World, patient: Patient) -> Write:
    """Whatever of the hospital's has waited longest."""
    world.issued(patient)
    return Write(a_member(Role.REVIEWER, world.hospital), "/api/reviews/next", {})


def give_back(world: World, patient: Patient) -> Write:
    ready = take(world, patient)
    rx = str(ready.by.write(ready.path, {})["id"])
    return Write(ready.by, of(rx, "review/release"), {}, rx)


def submit(world: World, patient: Patient) -> Write:
    """What an assistant signs waits."""
    rx = str(world.assistant.write("/api/prescriptions", world.draft(patient))["id"])
    return signed(world.assistant, of(rx, "issue"), rx=rx)


def countersign(world: World, patient: Patient) -> Write:
    rx = world.submitted(patient)
    return signed(world.doctor, of(rx, "countersign"), {"decision": "approve"}, rx)


def refuse(world: World, patient: Patient) -> Write:
    rx = world.submitted(patient)
    body = {"decision": "return", "reason": "dose"}
    return signed(world.doctor, of(rx, "countersign"), body, rx)


def check(world: World, patient: Patient) -> Write:
    """The first of two reviewers approves."""
    rx = world.toxic(patient)
    return signed(world.reviewer, of(rx, "review"), {"decision": "approve"}, rx)


def confirm(world: World, patient: Patient) -> Write:
    rx = world.checked(patient)
    return signed(world.second_reviewer, of(rx, "review"), {"decision": "approve"}, rx)


def cancel(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    return signed(world.doctor, of(rx, "cancel"), {"reason": "clinical"}, rx)


def give_up(world: World, patient: Patient) -> Write:
    rx = world.authorized(patient)
    return signed(patient.client, of(rx, "cancel"), {"reason": "patient_request"}, rx)


def bring(world: World, patient: Patient) -> Write:
    line = uploads.content(world, patient, uuid4().hex)
    return Write(world.system, "/api/uploads", uploads.bringing(world.system, line))


def upload(world: World, patient: Patient) -> Write:
    return _uploaded(world, uploads.content(world, patient, uuid4().hex))


def upload_reviewed(world: World, patient: Patient) -> Write:
    return _uploaded(world, uploads.reviewed(world, patient, uuid4().hex))


def _uploaded(world: World, line: Body) -> Write:
    (brought,) = uploads.bring(world.system, line)
    body = uploads.signing(world.system, brought)
    return Write(world.system, "/api/uploads/sign", body, brought["id"])


def void(world: World, patient: Patient) -> Write:
    (brought,) = uploads.bring(world.system, uploads.content(world, patient, uuid4().hex))
    return signed(world.system, of(brought["id"], "cancel"), {"reason": "other"}, brought["id"])


def undo(world: World, patient: Patient) -> Write:
    (done,) = uploads.upload(world.system, uploads.reviewed(world, patient, uuid4().hex))
    return signed(world.system, of(done["id"], "cancel"), {"reason": "other"}, done["id"])


def asking(**changes: Any) -> Body:
    """The input of a lawful change request of a pharmacist who scanned."""
    salt = base64.b64encode(os.urandom(16)).decode()
    return {"reason": "dose", "words": "每日三次偏多，请核实剂量。", "salt": salt, **changes}


def ask_change(world: World, patient: Patient) -> Write:
    rx = world.scanned(patient)
    return signed(world.pharmacist, of(rx, "change-request"), asking(), rx)


def keep(world: World, patient: Patient) -> Write:
    rx = world.asked_to_change(patient)
    return signed(world.doctor, of(rx, "keep"), {"reason": "intended"}, rx)


def draft_change(world: World, patient: Patient) -> Write:
    rx = world.issued(patient)
    return Write(world.doctor, of(rx, "versions"), world.content(), rx)


def change(world: World, patient: Patient) -> Write:
    rx = world.asked_to_change(patient)
    world.doctor.write(of(rx, "versions"), world.content())
    return signed(world.doctor, of(rx, "change"), rx=rx)


def extend(world: World, patient: Patient) -> Write:
    rx = world.issued(patient, valid_days=1)
    made = Prescription.objects.get(id=rx).created_at
    body = {"valid_until": rules.valid_until(made, 3).isoformat()}
    return signed(world.doctor, of(rx, "extend"), body, rx)


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


def take_up(world: World, patient: Patient) -> Write:
    rx = world.paid(patient, "courier")
    return Write(world.pharmacist, of(rx, "take-up"), {}, rx)


def scan_several(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    code = world.code(patient, rx, more=[world.paid(patient)])
    return Write(world.pharmacist, "/api/scans", {"code": code}, rx)


def scan_paper(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    code, _ = world.printed(patient, rx)
    body = {"code": code, "born": patient.born}
    return Write(world.pharmacist, "/api/scans", body, rx)


def print_code(world: World, patient: Patient) -> Write:
    """Another one, which replaces an older."""
    rx = world.paid(patient)
    world.printed(patient, rx)
    code = world.code(patient, rx, kind=Kind.PAPER)
    return Write(patient.client, "/api/me/printed-codes", {"code": code}, rx)


def lose_paper(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    _, made = world.printed(patient, rx)
    return Write(patient.client, f"/api/me/printed-codes/{made['id']}/lose", {}, rx)


def dispense(world: World, patient: Patient) -> Write:
    rx = world.scanned(patient)
    return signed(world.pharmacist, of(rx, "dispense"), {"lines": {"1": 1, "2": 1}, **CHECKED}, rx)


def dispense_part(world: World, patient: Patient) -> Write:
    rx = world.scanned(patient)
    return signed(world.pharmacist, of(rx, "dispense-part"), {"lines": {"1": 1}, **CHECKED}, rx)


def bring_offline(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    given = unplugged.written(world, patient, rx)
    return signed(world.pharmacist, "/api/offline", {**given, **CHECKED}, rx)


def bring_collision(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    given = unplugged.written(world, patient, rx)
    patient.client.command(of(rx, "withdraw"))
    return signed(world.pharmacist, "/api/offline", {**given, **CHECKED}, rx)


def decline_rx(world: World, patient: Patient) -> Write:
    rx = world.paid(patient)
    return signed(world.pharmacist, of(rx, "decline"), {"reason": "out_of_stock"}, rx)


def propose_other(world: World, patient: Patient) -> Write:
    """Another maker's of the same medicine, for the first line."""
    rx = world.scanned(patient)
    return signed(world.pharmacist, of(rx, "substitute"), a_proposal(world), rx)


def agree_to_other(world: World, patient: Patient) -> Write:
    rx = _proposed(world, patient)
    return signed(patient.client, of(rx, "agree"), rx=rx)


def refuse_other(world: World, patient: Patient) -> Write:
    rx = _proposed(world, patient)
    return signed(patient.client, of(rx, "disagree"), rx=rx)


def _proposed(world: World, patient: Patient) -> str:
    write = propose_other(world, patient)
    write.by.write(write.path, write.body)
    return write.rx


def a_proposal(world: World, **changes: Any) -> Body:
    """Of another maker's, which the world's pharmacy has; cheaper by ten fen."""
    prescribed = world.medicines[0]
    like = {name: getattr(prescribed, name) for name in (*proposing.SAME, "atc")}
    other = a_medicine(**like, price_fen=prescribed.price_fen)
    a_shelf(world.pharmacy, other, price_fen=prescribed.price_fen - 10, on_hand=1_000)
    salt = base64.b64encode(os.urandom(16)).decode()
    asked = {"line": "1", "medicine": other.code, "reason": "price", "salt": salt}
    return {**asked, **changes}


def double_check(world: World, patient: Patient) -> Write:
    """Another pharmacist of the hospital's own pharmacy checks what a colleague scanned."""
    rx = narcotics.scanned(world, patient)
    return signed(world.second_own_pharmacist, of(rx, "double-check"), narcotics.to_check(rx), rx)


def dispense_narcotic(world: World, patient: Patient) -> Write:
    rx = narcotics.double_checked(world, patient)
    return signed(
        world.own_pharmacist, of(rx, "dispense"), {"lines": narcotics.LINES, **CHECKED}, rx
    )


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


def fail(world: World, patient: Patient) -> Write:
    rx = world.shipped(patient)
    return signed(world.courier, of(rx, "attempt"), {"reason": "nobody_home"}, rx)


def turn_back(world: World, patient: Patient) -> Write:
    rx = world.shipped(patient)
    return signed(world.courier, of(rx, "attempt"), {"reason": "refused"}, rx)


def take_parcel_back(world: World, patient: Patient) -> Write:
    rx = world.turned_back(patient)
    return signed(world.pharmacist, of(rx, "take-back"), rx=rx)


def stock(world: World, patient: Patient) -> Write:
    body = {"medicine": a_medicine().code, "price_fen": 100, "storage": "cool"}
    return Write(world.pharmacist, "/api/stock", body)


def of_goods(medicine: str, **changes: Any) -> Body:
    """The input of a receipt of goods."""
    expires_on = calendar.legal_day(timezone.now()) + timedelta(days=400)
    body = {"medicine": medicine, "number": "测20261101", "expires_on": expires_on.isoformat()}
    return {**body, "units": 30, "document": "送货单 1", **changes}


def set_hours(world: World, patient: Patient) -> Write:
    week = [{"weekday": day, "opens": 9 * 60, "closes": 21 * 60} for day in range(5)]
    closed = [(calendar.legal_day(timezone.now()) + timedelta(days=1)).isoformat()]
    return Write(world.pharmacist, "/api/hours", {"week": week, "closed": closed})


def set_carriage(world: World, patient: Patient) -> Write:
    bands = [
        {"up_to_m": 3_000, "fee_fen": 500, "minutes": 40},
        {"up_to_m": 10_000, "fee_fen": 900, "minutes": 90},
    ]
    body = {"courier": world.courier_company.slug, "bands": bands}
    return Write(world.pharmacist, "/api/carriages", body)


def receive_goods(world: World, patient: Patient) -> Write:
    _ = world.pharmacy
    return Write(world.pharmacist, "/api/stock/receipts", of_goods(world.medicines[2].code))


def count_lot(world: World, patient: Patient) -> Write:
    """Of narcotics, so that the difference waits for a second person."""
    lot = a_lot(a_shelf(world.own_pharmacy, a_medicine(control="narcotic"), on_hand=0), 9)
    body = {"lot": str(lot.id), "units": 8, "reason": "破损一盒"}
    return Write(world.own_pharmacist, "/api/stock/counts", body)


def confirm_count(world: World, patient: Patient) -> Write:
    ready = count_lot(world, patient)
    counted = ready.by.write(ready.path, ready.body)
    path = f"/api/stock/counts/{counted['id']}/confirm"
    return Write(world.second_own_pharmacist, path, {})


def put_lot(world: World, patient: Patient) -> Write:
    lot = a_lot(a_shelf(world.pharmacy, a_medicine(), on_hand=0), 9)
    body = {"state": "quarantined", "reason": "包装破损"}
    return Write(world.pharmacist, f"/api/stock/lots/{lot.id}/state", body)


def scan_boxes(world: World, patient: Patient) -> Write:
    lot = a_lot(a_shelf(world.pharmacy, a_medicine(), on_hand=0), 9)
    body = {"boxes": boxed.codes(2), "box_units": 3}
    return Write(world.pharmacist, f"/api/stock/lots/{lot.id}/boxes", body)


def dispense_boxes(world: World, patient: Patient) -> Write:
    """Out of boxes with codes, one of which is opened."""
    item = a_shelf(world.pharmacy, a_medicine(), on_hand=0)
    _, (code,) = boxed.a_boxed_lot(item, world.pharmacist, 1, units=2)
    line = {**world.draft(patient)["lines"][0], "medicine": item.medicine_id}
    rx = world.scanned(patient, lines=[line])
    body = {"lines": {"1": 1}, "boxes": boxed.named(code), **CHECKED}
    return signed(world.pharmacist, of(rx, "dispense"), body, rx)


CONSIGNMENTS = "/api/stock/consignments"


def send_goods(world: World, patient: Patient) -> Write:
    medicine = a_medicine()
    a_shelf(world.other_pharmacy, medicine, on_hand=0)
    item = a_shelf(world.pharmacy, medicine, on_hand=0)
    lot, (code, _) = boxed.a_boxed_lot(item, world.pharmacist, 2)
    body = {"lot": str(lot.id), "to": world.other_pharmacy.slug, "units": 1, "boxes": [code]}
    return Write(world.pharmacist, CONSIGNMENTS, body)


def sent_goods(world: World, patient: Patient) -> str:
    """The path of a consignment on its way."""
    ready = send_goods(world, patient)
    return f"{CONSIGNMENTS}/{ready.by.write(ready.path, ready.body)['id']}"


def accept_goods(world: World, patient: Patient) -> Write:
    return Write(world.other_pharmacist, f"{sent_goods(world, patient)}/accept", {})


def refuse_goods(world: World, patient: Patient) -> Write:
    body = {"reason": "包装破损"}
    return Write(world.other_pharmacist, f"{sent_goods(world, patient)}/refuse", body)


def take_back_goods(world: World, patient: Patient) -> Write:
    body = {"reason": "对方未收"}
    return Write(world.pharmacist, f"{sent_goods(world, patient)}/take-back", body)


def coverage(world: World, patient: Patient) -> Write:
    now = timezone.now()
    body = {
        "patient": patient.id_number,
        "rates_bp": {"甲": 5_000},
        "valid_from": (now - timedelta(days=1)).isoformat(),
        "valid_until": (now + timedelta(days=1)).isoformat(),
    }
    return Write(world.fund_agent, "/api/coverages", body)


def product(world: World, patient: Patient) -> Write:
    body = {
        "code": f"p{uuid4().hex[:12]}",
        "name": "门诊特药险",
        "terms": {"rates_bp": {"甲": 8_000}, "deductible_fen": 10_000},
        "valid_from": (timezone.now() - timedelta(days=1)).isoformat(),
    }
    return Write(world.fund_agent, "/api/products", body)


def policy(world: World, patient: Patient) -> Write:
    ready = product(world, patient)
    ready.by.write(ready.path, ready.body)
    body = {
        "number": f"n{uuid4().hex[:12]}",
        "product": ready.body["code"],
        "insured": [patient.id_number],
        "valid_from": ready.body["valid_from"],
        "valid_until": (timezone.now() + timedelta(days=1)).isoformat(),
    }
    return Write(world.fund_agent, "/api/policies", body)


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


def remit(world: World, patient: Patient) -> Write:
    ready = settle(world, patient)
    made = ready.by.write(ready.path, ready.body)
    body = {
        "pharmacy": world.pharmacy.slug,
        "settlements": [made["id"]],
        "reference": f"TEST-{uuid4().hex}",
    }
    return signed(world.fund_agent, "/api/remittances", body, ready.rx)


def pay_daily(world: World, patient: Patient) -> Write:
    """By a payer that nobody else's claims are of."""
    body = {"every": "day", "time": "02:00", "at_once_fen": 10**12}
    return Write(world.other_agent, "/api/settlements/terms", body)


def ruling(world: World, patient: Patient, verb: str) -> str:
    """A claim of the fund's that is delivered; with a verb, its path."""
    world.covers(patient)
    return f"/api/claims/{world.delivered(patient)}/{verb}"


def decided(world: World, patient: Patient, **body: Any) -> str:
    """The same, refused by the fund's program, or decided as ``body`` says."""
    path = ruling(world, patient, "decide")
    refused = {"decision": "refuse", "approved_fen": 0, "reason": "other"}
    world.fund_agent.command(path, body or refused)
    return path.removesuffix("/decide")


def pend(world: World, patient: Patient) -> Write:
    path = ruling(world, patient, "pend")
    return signed(world.fund_agent, path, {"reason": "unsure"}, path.split("/")[3])


def ask_field(world: World, patient: Patient) -> Write:
    path = ruling(world, patient, "ask")
    return signed(world.fund_officer, path, {"field": "diagnosis/"}, path.split("/")[3])


def withhold(world: World, patient: Patient) -> Write:
    ready = ask_field(world, patient)
    ready.by.write(ready.path, ready.body)
    body = {"payer": world.fund.slug, "field": "diagnosis/"}
    return signed(patient.client, f"/api/claims/{ready.rx}/withhold", body, ready.rx)


def decide_by_hand(world: World, patient: Patient) -> Write:
    """What its program has left to an officer."""
    ready = pend(world, patient)
    ready.by.write(ready.path, ready.body)
    body = {"decision": "refuse", "approved_fen": 0, "reason": "fraud"}
    return signed(world.fund_officer, f"/api/claims/{ready.rx}/decide", body, ready.rx)


def reopen(world: World, patient: Patient) -> Write:
    path = decided(world, patient)
    return signed(world.fund_officer, f"{path}/reopen", {"reason": "mistake"}, path.split("/")[3])


def appeal_claim(world: World, patient: Patient) -> Write:
    path = decided(world, patient)
    body = {"payer": world.fund.slug, "reason": "covered"}
    return signed(patient.client, f"{path}/appeal", body, path.split("/")[3])


BOTH = {"lines": {"1": 1, "2": 1}, "reason": "quality"}


def bring_all_back(world: World, patient: Patient) -> Write:
    rx = world.delivered(patient)
    return signed(world.pharmacist, of(rx, "return"), BOTH, rx)


def bring_part_back(world: World, patient: Patient) -> Write:
    rx = world.delivered(patient)
    return signed(world.pharmacist, of(rx, "return"), {**BOTH, "lines": {"1": 1}}, rx)


def reverse(world: World, patient: Patient) -> Write:
    """What has come back was approved and not paid yet."""
    ready = decide(world, patient)
    ready.by.write(ready.path, ready.body)
    world.pharmacist.command(of(ready.rx, "return"), BOTH)
    return signed(world.fund_agent, f"/api/claims/{ready.rx}/reverse", {}, ready.rx)


def claw_back(world: World, patient: Patient) -> Write:
    """What has come back was paid."""
    ready = settle(world, patient)
    ready.by.write(ready.path, ready.body)
    world.pharmacist.command(of(ready.rx, "return"), BOTH)
    world.fund_agent.command(f"/api/claims/{ready.rx}/reverse", {})
    found = world.fund_agent.get("/api/claims/reversals", state="owed")["reversals"]
    named = [one["id"] for one in found if one["prescription"] == ready.rx]
    body = {"pharmacy": world.pharmacy.slug, "reversals": named}
    return signed(world.fund_agent, "/api/clawbacks", body, ready.rx)


def bring_statement(world: World, patient: Patient) -> Write:
    """Of a day on which the fund has settled nothing, so that its one line is missing here."""
    day = calendar.legal_day(timezone.now()) - timedelta(days=400)
    csv = f"about,number,total_fen,state\nsettlement,{uuid4().hex},5,paid\n"
    text = statements.signed_text(world.fund.slug, day, csv).decode()
    body = {"day": day.isoformat(), "csv": csv, "note": world.fund_agent.sign(text)}
    return Write(world.fund_agent, "/api/reconciliation/statements", body)


def close_difference(world: World, patient: Patient) -> Write:
    ready = bring_statement(world, patient)
    ready.by.write(ready.path, ready.body)
    number = ready.body["csv"].split(",")[4]
    (one,) = Difference.objects.filter(number=number)
    path = f"/api/reconciliation/differences/{one.id}/close"
    return Write(world.fund_officer, path, {"reason": "次日入账"})


def acknowledge(world: World, patient: Patient) -> Write:
    who = uuid4().hex
    alarms.note([Found(Rule.OUT_OF_HOURS, who, world.pharmacy.slug, 3, 3)], at=timezone.now())
    path = f"/api/board/alarms/{Alarm.objects.get(who=who).id}/acknowledge"
    return Write(world.regulator, path, {"reason": "explained"})


def destroy(world: World, patient: Patient) -> Write:
    """Of narcotics, so that it waits for a second person."""
    lot = a_lot(a_shelf(world.own_pharmacy, a_medicine(control="narcotic"), on_hand=0), 9)
    aside = {"state": "quarantined", "reason": "包装破损"}
    world.own_pharmacist.write(f"/api/stock/lots/{lot.id}/state", aside)
    body = {"units": 9, "document": "销毁记录 1"}
    return Write(world.own_pharmacist, f"/api/stock/lots/{lot.id}/destroy", body)


def confirm_destruction(world: World, patient: Patient) -> Write:
    ready = destroy(world, patient)
    made = ready.by.write(ready.path, ready.body)
    path = f"/api/stock/destructions/{made['id']}/confirm"
    return Write(world.second_own_pharmacist, path, {})


def recall(world: World, patient: Patient) -> Write:
    item = a_shelf(world.pharmacy, a_medicine(), on_hand=3)
    body = {"medicine": item.medicine_id, "number": NUMBER, "grade": 2, "reason": "quality"}
    return signed(world.regulator, "/api/recalls", body)


def recalled(world: World, patient: Patient) -> str:
    ready = recall(world, patient)
    return str(ready.by.write(ready.path, ready.body)["id"])


def lift_recall(world: World, patient: Patient) -> Write:
    path = f"/api/recalls/{recalled(world, patient)}/lift"
    return signed(world.regulator, path, {"reason": "finished"})


def collect(world: World, patient: Patient) -> Write:
    return Write(world.pharmacist, f"/api/recalls/{recalled(world, patient)}/collect", {})


def granting(to: str, **changes: Any) -> Body:
    """The input of a lawful grant of everything for a day."""
    return {
        "to": to,
        "purpose": "treatment",
        "opens": ["allergies", "diagnosis/", "dispensing/", "hospital/", "line/"],
        "until": (timezone.now() + timedelta(days=1)).isoformat(),
        **changes,
    }


def grant(world: World, patient: Patient) -> Write:
    return signed(patient.client, "/api/me/grants", granting(world.foreign_hospital.slug))


def withdraw_grant(world: World, patient: Patient) -> Write:
    made = patient.client.command("/api/me/grants", granting(world.foreign_hospital.slug))
    return signed(patient.client, f"/api/me/grants/{made['id']}/withdraw")


def appointing(appointed: Patient, **changes: Any) -> Body:
    """The input of a lawful appointment of a guardian for a day."""
    return {
        "guardian": appointed.account,
        "id_number": appointed.id_number,
        "until": (timezone.now() + timedelta(days=1)).isoformat(),
        **changes,
    }


def appoint(world: World, patient: Patient) -> Write:
    return signed(patient.client, "/api/guardianships", appointing(world.a_patient()))


def end_appointment(world: World, patient: Patient) -> Write:
    made = patient.client.command("/api/guardianships", appointing(world.a_patient()))
    return signed(patient.client, f"/api/guardianships/{made['id']}/end")


def saying(**changes: Any) -> Body:
    """What is lawfully said of a field of a record."""
    salt = base64.b64encode(os.urandom(16)).decode()
    return {"right": {"allergies": "不过敏"}, "why": "皮试阴性", "salt": salt, **changes}


def refusing() -> Body:
    said = saying(reason="correct")
    del said["right"]
    return said


def disputed(world: World, patient: Patient) -> str:
    """The address of a request about a prescription that nobody can change any more."""
    rx = world.issued(patient)
    world.doctor.command(of(rx, "cancel"), {"reason": "clinical"})
    made = patient.client.command("/api/corrections", {"prescription": rx, **saying()})
    return f"/api/corrections/{made['id']}"


def turned_down(world: World, patient: Patient) -> str:
    path = disputed(world, patient)
    world.doctor.command(f"{path}/refuse", refusing())
    return path


def appealed(world: World, patient: Patient) -> str:
    path = turned_down(world, patient)
    patient.client.command(f"{path}/appeal", saying())
    return path


def dispute(world: World, patient: Patient) -> Write:
    body = {"prescription": world.issued(patient), **saying()}
    return signed(patient.client, "/api/corrections", body)


def dispute_consultation(world: World, patient: Patient) -> Write:
    said = saying(right={"complaint": "三周"})
    body = {"consultation": world.consulted(patient), **said}
    return signed(patient.client, "/api/corrections", body)


def take_back(world: World, patient: Patient) -> Write:
    return signed(patient.client, f"{disputed(world, patient)}/take-back")


def take_back_appeal(world: World, patient: Patient) -> Write:
    return signed(patient.client, f"{appealed(world, patient)}/take-back")


def amend(world: World, patient: Patient) -> Write:
    return signed(world.doctor, f"{disputed(world, patient)}/accept", saying())


def turn_down(world: World, patient: Patient) -> Write:
    return signed(world.doctor, f"{disputed(world, patient)}/refuse", refusing())


def appeal(world: World, patient: Patient) -> Write:
    return signed(patient.client, f"{turned_down(world, patient)}/appeal", saying())


def uphold(world: World, patient: Patient) -> Write:
    path = f"{appealed(world, patient)}/decide"
    return signed(world.regulator, path, {"decision": "uphold"})


def turn(world: World, patient: Patient) -> Write:
    path = f"{appealed(world, patient)}/decide"
    return signed(world.regulator, path, {"decision": "turn"})


def line_of(patient: Patient) -> str:
    """The line of logs in which this patient's entries are."""
    return access.line_of(Person.objects.get(account=UUID(patient.account)))


def enter_key(world: World, patient: Patient) -> Write:
    """The patient guards somebody whose entries are in another line of logs."""
    line = line_of(patient)
    others = (world.a_patient() for _ in range(64))
    ward = next(one for one in others if line_of(one) != line)
    made = ward.client.command("/api/guardianships", appointing(patient))
    return signed(patient.client, f"/api/guardianships/{made['id']}/key")


def pleading(patient: Patient, **changes: Any) -> Body:
    """The input of a lawful breaking of the glass."""
    salt = base64.b64encode(os.urandom(16)).decode()
    return {"patient": patient.id_number, "reason": "昏迷，无法询问", "salt": salt, **changes}


def authorize_narcotic(world: World, patient: Patient) -> Write:
    rx = narcotics.reviewed(world, narcotics.issued(world, patient))
    choice = {"pharmacy": world.own_pharmacy.slug, "way": "collect"}
    choice |= {"face_check": a_face(patient.client, "checkout")}
    return signed(patient.client, of(rx, "authorize"), choice, rx)


def erase(world: World, patient: Patient) -> Write:
    return signed(patient.client, "/api/me/erasure")


def plead(world: World, patient: Patient) -> Write:
    return signed(world.foreign_doctor, "/api/break-glass", pleading(patient))


def plea(world: World, patient: Patient) -> str:
    """The id of one that nobody has signed second."""
    return str(world.foreign_doctor.command("/api/break-glass", pleading(patient))["id"])


def break_glass(world: World, patient: Patient) -> Write:
    path = f"/api/break-glass/{plea(world, patient)}/second"
    return signed(world.foreign_colleague, path)


def emergency(world: World, patient: Patient) -> str:
    """The id of one that was opened."""
    ready = break_glass(world, patient)
    return str(ready.by.write(ready.path, ready.body)["id"])


def review_emergency(world: World, patient: Patient) -> Write:
    path = f"/api/emergencies/{emergency(world, patient)}/review"
    return signed(world.regulator, path, {"verdict": "justified"})


def offer(world: World, patient: Patient) -> Write:
    return signed(world.researcher, sharers.OFFERS, sharers.offering())


def approve_offer(world: World, patient: Patient) -> Write:
    path = f"{sharers.OFFERS}/{sharers.published(world)}/decide"
    return signed(world.regulator, path, {"decision": "approve"})


def refuse_offer(world: World, patient: Patient) -> Write:
    path = f"{sharers.OFFERS}/{sharers.published(world)}/decide"
    return signed(world.regulator, path, {"decision": "refuse"})


def close_offer(world: World, patient: Patient) -> Write:
    return signed(world.researcher, f"{sharers.OFFERS}/{sharers.approved(world)}/close")


def opt_in(world: World, patient: Patient) -> Write:
    return signed(patient.client, f"{sharers.OFFERS}/{sharers.approved(world)}/opt-in")


def opt_out(world: World, patient: Patient) -> Write:
    made = sharers.opts_in(patient, sharers.approved(world))
    return signed(patient.client, f"/api/me/opt-ins/{made['id']}/withdraw")


def issue_all(world: World, patient: Patient) -> Write:
    planned = series.drafted(world, patient)
    return signed(world.doctor, series.path(planned.id, "issue"))


def review_all(world: World, patient: Patient) -> Write:
    planned = series.issued(world, patient)
    return signed(world.reviewer, series.path(planned.id, "review"), {"decision": "approve"})


def return_all(world: World, patient: Patient) -> Write:
    planned = series.issued(world, patient)
    body = {"decision": "return", "reason": "dose"}
    return signed(world.reviewer, series.path(planned.id, "review"), body)


def stop(world: World, patient: Patient) -> Write:
    planned = series.approved(world, patient)
    return signed(world.doctor, series.path(planned.id, "stop"), {"reason": "clinical"})


def stop_oneself(world: World, patient: Patient) -> Write:
    planned = series.approved(world, patient)
    return signed(patient.client, series.path(planned.id, "stop"), {"reason": "patient_request"})


def judge(world: World, patient: Patient) -> Write:
    rx = sampled.one(world, patient)
    body = {"verdict": "unsuitable", "problems": ["1-10", "2-5"]}
    return signed(sampled.appraiser(world), sampled.path(rx, "judge"), body, rx)


def told_code(patient: Patient, rx: str) -> Body:
    return {"code": patient.client.get(of(rx, "delivery-code"))["code"]}


def owed(agent: Client, rx: str) -> int:
    claims = agent.each("/api/claims", "claims")
    return next(int(one["claimed_fen"]) for one in claims if one["prescription"] == rx)


def another_key(client: Client) -> note.Signer:
    """One more registered key of the client's account; the client goes on with its first."""
    first = client.signer
    client.register_key(os.urandom(32), looked_at(client))
    second, client.signer = client.signer, first
    assert second is not None
    return second


def revoked_key(client: Client) -> note.Signer:
    second = another_key(client)
    client.command("/api/keys/revoke", {"name": second.verifier.name})
    return second


def two_officers() -> tuple[Client, Client]:
    """Of an insurer of their own."""
    return reading.people_of(an_organisation(OrganisationKind.INSURER))


def propose_key(world: World, patient: Patient) -> Write:
    by, new, path = two_officers()[0], PrivateKey.generate(), f"{reading.ONE}/propose"
    said = {"public_key": reading.text_of(new)}
    statement = by.post(f"{path}/statement", {**said, "key": by.key_name})
    challenge = base64.b64decode(statement["shows"]["challenge"])
    answer = boxes.unsealed(challenge, [new]).decode()
    return Write(by, path, {**said, "answer": answer, **by.signed(statement)}, input=said)


def register_key(world: World, patient: Patient) -> Write:
    (first, second), new = two_officers(), PrivateKey.generate()
    first.propose_reading_key(new)
    return signed(second, f"{reading.ONE}/register", {"public_key": reading.text_of(new)})


def lift_key(world: World, patient: Patient) -> Write:
    by = keyed()
    by[0].command(f"{reading.ONE}/propose")
    return signed(by[1], f"{reading.ONE}/lift")


def revoke_key(world: World, patient: Patient) -> Write:
    return signed(keyed()[0], f"{reading.ONE}/revoke")


def keyed() -> tuple[Client, Client]:
    """Two officers whose insurer has a reading key in force."""
    officers = two_officers()
    reading.in_force(PrivateKey.generate(), *officers)
    return officers


def register_endpoint(world: World, patient: Patient) -> Write:
    by = a_member(Role.PHARMACIST, an_organisation(OrganisationKind.PHARMACY))
    url = "https://hooks.pharmacy.example/rx"
    return Write(by, ENDPOINTS, {"url": url, "kinds": ["pharmacy.dispense"]})


def _of_endpoint(world: World, patient: Patient, verb: str) -> Write:
    ready = register_endpoint(world, patient)
    made = ready.by.write(ready.path, ready.body)
    return Write(ready.by, f"{ENDPOINTS}/{made['id']}/{verb}", {})


def renew_endpoint_key(world: World, patient: Patient) -> Write:
    return _of_endpoint(world, patient, "key")


def replay_endpoint(world: World, patient: Patient) -> Write:
    return _of_endpoint(world, patient, "replay")


def try_endpoint(world: World, patient: Patient) -> Write:
    return _of_endpoint(world, patient, "test")


def remove_endpoint(world: World, patient: Patient) -> Write:
    return _of_endpoint(world, patient, "remove")


Make = Callable[[World, Patient], Write]
ONE = "/api/prescriptions/<uuid:prescription_id>"
TALK = "/api/consultations/<uuid:consultation_id>"
SERIES = "/api/series/<uuid:series_id>"
CASE = "/api/appraisals/<uuid:prescription_id>"
OFFER = "/api/offers/<uuid:offer_id>"
CORRECTION = "/api/corrections/<uuid:correction_id>"
CLAIM = "/api/claims/<uuid:prescription_id>"
RECALL = "/api/recalls/<uuid:recall_id>"
ENDPOINTS = "/api/feed/endpoints"
HOOK = f"{ENDPOINTS}/<uuid:endpoint_id>"

WRITES: dict[str, tuple[Make, ...]] = {
    "/api/me/identity": (identity,),
    "/api/me/face-checks": (face, face_again),
    "/api/me/addresses": (address,),
    "/api/me/notices/read": (read,),
    "/api/me/notices/subscriptions": (subscribe,),
    "/api/keys": (key,),
    "/api/keys/recover": (recovery,),
    "/api/keys/revoke": (revocation,),
    "/api/consultations": (question,),
    f"{TALK}/ask": (ask,),
    f"{TALK}/accept": (accept,),
    f"{TALK}/decline": (decline, refer),
    f"{TALK}/withdraw": (retract, leave),
    f"{TALK}/close": (close,),
    f"{TALK}/messages": (say,),
    f"{TALK}/pictures": (show,),
    "/api/prescriptions": (draft,),
    f"{ONE}/issue": (issue, submit, issue_narcotic),
    f"{ONE}/countersign": (countersign, refuse),
    f"{ONE}/review": (review, send_back, check, confirm),
    f"{ONE}/review/release": (give_back,),
    "/api/reviews/next": (take,),
    f"{ONE}/versions": (draft_change,),
    f"{ONE}/change-request": (ask_change,),
    f"{ONE}/keep": (keep,),
    f"{ONE}/change": (change,),
    f"{ONE}/extend": (extend,),
    f"{ONE}/cancel": (cancel, give_up, void, undo),
    "/api/uploads": (bring,),
    "/api/uploads/sign": (upload, upload_reviewed),
    f"{SERIES}/issue": (issue_all,),
    f"{SERIES}/review": (review_all, return_all),
    f"{SERIES}/stop": (stop, stop_oneself),
    f"{ONE}/authorize": (authorize, authorize_courier, authorize_narcotic),
    f"{ONE}/withdraw": (withdraw,),
    f"{ONE}/pay": (pay,),
    f"{ONE}/dispense-part": (dispense_part,),
    f"{ONE}/decline": (decline_rx,),
    "/api/offline": (bring_offline, bring_collision),
    f"{ONE}/substitute": (propose_other,),
    f"{ONE}/agree": (agree_to_other,),
    f"{ONE}/disagree": (refuse_other,),
    "/api/scans": (scan, scan_several, scan_paper),
    f"{ONE}/take-up": (take_up,),
    "/api/me/printed-codes": (print_code,),
    "/api/me/printed-codes/<uuid:printed_id>/lose": (lose_paper,),
    f"{ONE}/double-check": (double_check,),
    f"{ONE}/dispense": (dispense, dispense_narcotic, dispense_boxes),
    f"{ONE}/ship": (ship,),
    f"{ONE}/deliver": (receive, hand_out, hand_over),
    f"{ONE}/attempt": (fail, turn_back),
    f"{ONE}/take-back": (take_parcel_back,),
    "/api/hours": (set_hours,),
    "/api/carriages": (set_carriage,),
    "/api/stock": (stock,),
    "/api/stock/receipts": (receive_goods,),
    "/api/stock/counts": (count_lot,),
    "/api/stock/counts/<uuid:count_id>/confirm": (confirm_count,),
    "/api/stock/lots/<uuid:lot_id>/state": (put_lot,),
    "/api/stock/lots/<uuid:lot_id>/destroy": (destroy,),
    "/api/stock/destructions/<uuid:destruction_id>/confirm": (confirm_destruction,),
    f"{ONE}/return": (bring_all_back, bring_part_back),
    "/api/claims/<uuid:prescription_id>/reverse": (reverse,),
    "/api/clawbacks": (claw_back,),
    "/api/reconciliation/statements": (bring_statement,),
    "/api/reconciliation/differences/<uuid:difference_id>/close": (close_difference,),
    "/api/board/alarms/<uuid:alarm_id>/acknowledge": (acknowledge,),
    "/api/recalls": (recall,),
    f"{RECALL}/lift": (lift_recall,),
    f"{RECALL}/collect": (collect,),
    "/api/stock/lots/<uuid:lot_id>/boxes": (scan_boxes,),
    CONSIGNMENTS: (send_goods,),
    f"{CONSIGNMENTS}/<uuid:consignment_id>/accept": (accept_goods,),
    f"{CONSIGNMENTS}/<uuid:consignment_id>/refuse": (refuse_goods,),
    f"{CONSIGNMENTS}/<uuid:consignment_id>/take-back": (take_back_goods,),
    "/api/coverages": (coverage,),
    "/api/products": (product,),
    "/api/policies": (policy,),
    f"{CLAIM}/decide": (decide, decide_by_hand),
    f"{CLAIM}/pend": (pend,),
    f"{CLAIM}/ask": (ask_field,),
    f"{CLAIM}/withhold": (withhold,),
    f"{CLAIM}/reopen": (reopen,),
    f"{CLAIM}/appeal": (appeal_claim,),
    "/api/settlements": (settle,),
    "/api/settlements/terms": (pay_daily,),
    "/api/remittances": (remit,),
    "/api/me/grants": (grant,),
    "/api/me/grants/<uuid:grant_id>/withdraw": (withdraw_grant,),
    "/api/me/erasure": (erase,),
    "/api/guardianships": (appoint,),
    "/api/guardianships/<uuid:guardianship_id>/end": (end_appointment,),
    "/api/guardianships/<uuid:guardianship_id>/key": (enter_key,),
    "/api/break-glass": (plead,),
    "/api/break-glass/<uuid:emergency_id>/second": (break_glass,),
    "/api/emergencies/<uuid:emergency_id>/review": (review_emergency,),
    f"{CASE}/judge": (judge,),
    "/api/offers": (offer,),
    f"{OFFER}/decide": (approve_offer, refuse_offer),
    f"{OFFER}/close": (close_offer,),
    f"{OFFER}/opt-in": (opt_in,),
    "/api/me/opt-ins/<uuid:opt_in_id>/withdraw": (opt_out,),
    "/api/corrections": (dispute, dispute_consultation),
    f"{CORRECTION}/take-back": (take_back, take_back_appeal),
    f"{CORRECTION}/accept": (amend,),
    f"{CORRECTION}/refuse": (turn_down,),
    f"{CORRECTION}/appeal": (appeal,),
    f"{CORRECTION}/decide": (uphold, turn),
    ENDPOINTS: (register_endpoint,),
    f"{HOOK}/key": (renew_endpoint_key,),
    f"{HOOK}/replay": (replay_endpoint,),
    f"{HOOK}/test": (try_endpoint,),
    f"{HOOK}/remove": (remove_endpoint,),
    f"{reading.ONE}/propose": (propose_key,),
    f"{reading.ONE}/register": (register_key,),
    f"{reading.ONE}/lift": (lift_key,),
    f"{reading.ONE}/revoke": (revoke_key,),
}
EVERY_WRITE = [make for makes in WRITES.values() for make in makes]
MOVES = [
    issue,
    submit,
    countersign,
    refuse,
    review,
    send_back,
    check,
    confirm,
    ask_change,
    keep,
    change,
    extend,
    cancel,
    give_up,
    void,
    undo,
    authorize,
    authorize_courier,
    withdraw,
    double_check,
    dispense,
    dispense_narcotic,
    dispense_part,
    bring_offline,
    bring_collision,
    decline_rx,
    propose_other,
    agree_to_other,
    refuse_other,
    dispense_boxes,
    ship,
    receive,
    hand_out,
    hand_over,
    fail,
    turn_back,
    take_parcel_back,
    decide,
    *(pend, ask_field, withhold, decide_by_hand, reopen, appeal_claim),
    bring_all_back,
    bring_part_back,
    reverse,
]
"""The signed commands about a prescription."""
CONSENTS = [
    *(erase, grant, withdraw_grant, appoint, end_appointment),
    *(plead, break_glass, review_emergency),
    *(offer, approve_offer, refuse_offer, close_offer, opt_in, opt_out),
]
"""The signed commands about who may look."""
OF_CONSULTATIONS = [ask, accept, decline, refer, retract, leave, close]
OF_SERIES = [issue_all, review_all, return_all, stop, stop_oneself]
"""Commands of several statements."""
OF_KEYS = [key, recovery, revocation, enter_key]
OF_CORRECTIONS = [
    *(dispute, dispute_consultation, take_back, take_back_appeal),
    *(amend, turn_down, appeal, uphold, turn),
]
"""The signed commands about what a record should say."""
OF_READING = [propose_key, register_key, lift_key, revoke_key]
"""What two of an organisation sign about its reading key."""
SIGNED_ELSEWHERE = [
    *(*OF_KEYS, *OF_READING, *OF_CONSULTATIONS, scan, settle, *CONSENTS, *OF_SERIES, judge),
    *(*OF_CORRECTIONS, claw_back, remit, recall, lift_recall),
]
"""What else a person's key signs."""


def named(make: object) -> str:
    return getattr(make, "__name__", str(make))
