"""A guardian acts for the ward with the guardian's own phone: chooses, pays, fetches, asks."""

import os
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from django.utils import timezone

from config.demo import phone
from hospital import calendar
from hospital.actions import people
from hospital.client import Problem
from hospital.faces.models import FaceCheck
from hospital.guardians.models import GuestKey
from hospital.models import Person
from hospital.notices.models import Notice
from insurance.models import Payment
from ledger import network, note, queries
from ledger.entry import Statement
from prescriptions.models import Prescription
from tests import consented, invariants, lawfulness
from tests.journeys.guarding import (
    ALL,
    acts_for,
    appoints,
    authorizes,
    code_of,
    guarded,
    in_another_line,
    refused,
    registers,
    years_ago,
)
from tests.journeys.looking import own_list
from tests.journeys.recovering import recovered
from tests.journeys.watching import at_once, drawn, outcomes, subject
from tests.journeys.writes import line_of
from tests.world import PHONES, Patient, a_client, a_face, an_id_number, looked_at

BOXES = {"lines": {"1": 1, "2": 1}}


def of(rx, what):
    return f"/api/prescriptions/{rx}/{what}"


def signed(about):
    """What the entries about a subject say, by kind."""
    found = [Statement.parse(note.parse(one.note).text) for one in queries.entries_about(about)]
    return {one.kind: one for one in found}


def told(patient):
    return set(Notice.objects.filter(account=patient.account).values_list("kind", flat=True))


def fetched(world, by, rx):
    """Scanned and dispensed at the counter."""
    world.pharmacist.write("/api/scans", {"code": world.code(by, rx)})
    world.pharmacist.command(of(rx, "dispense"), BOXES)


def test_a_mother_authorizes_for_her_child_and_picks_the_medicine_up(world, mother, child):
    made = registers(mother, child)
    by = acts_for(mother, child, made)
    rx = world.approved(child)

    assert authorizes(world, by, rx)["status"] == "authorized"
    world.pay(by, rx)
    fetched(world, by, rx)
    assert by.client.command(of(rx, "deliver"))["status"] == "delivered"

    entries = signed(subject(rx))
    for kind in ("prescription.authorize", "pharmacy.deliver"):
        assert entries[kind].facts["guardianship"] == made.subject
        assert entries[kind].by == mother.client.key_name
        assert entries[kind].patient == entries["prescription.issue"].patient
    assert Payment.objects.get(bill__prescription=rx).payer_id == UUID(mother.account)
    assert told(child) >= {"guardian.acted", "prescription.approved", "prescription.dispensed"}
    assert told(mother) - {"key.added"} == {"ward.news"}
    assert lawfulness.faults() == []
    assert not [one for one in consented.faults(invariants._ways()) if made.subject in one]


def test_the_18th_birthday_falls_between_authorization_and_pick_up(world, mother):
    """The guardian's code and delivery are refused; the grown child's own phone goes on."""
    today = calendar.legal_day(timezone.now())
    birthday = today + timedelta(days=1 if (today + timedelta(days=1)).day != 29 else 2)
    child = world.a_patient(date(birthday.year - 18, birthday.month, birthday.day))
    by = guarded(mother, child)
    rx, other = world.approved(child), world.approved(child)
    for one in (rx, other):
        authorizes(world, by, one)
        world.pay(by, one)
    fetched(world, by, other)
    with time_machine.travel(calendar.begins(birthday), tick=False):
        for one in (by.client, child.client, world.pharmacist):
            replace(one, token="").enter_with_key()
            one.enter_with_key()
        over = (403, "guardianship.over")
        code = {"code": world.code(by, rx)}
        assert refused(world.pharmacist.write, "/api/scans", code) == over
        assert refused(by.client.command, of(other, "deliver")) == over
        assert refused(by.client.command, of(rx, "withdraw")) == over

        fetched(world, child, rx)
        for one in (rx, other):
            assert child.client.command(of(one, "deliver"))["status"] == "delivered"
    assert lawfulness.faults() == []


def test_an_adults_daughter_has_it_brought_to_her(world, patient, daughter):
    """To an address of her own; she changes her mind once, and gives another one up."""
    by = acts_for(daughter, patient, appoints(patient, daughter))
    rx, unwanted = world.approved(patient), world.approved(patient)
    by.client.command(of(unwanted, "cancel"), {"reason": "patient_request"})
    authorizes(world, by, rx)
    by.client.command(of(rx, "withdraw"))
    authorizes(world, by, rx, "courier")
    world.pay(by, rx)
    code = by.client.get(of(rx, "delivery-code"))["code"]
    assert code == patient.client.get(of(rx, "delivery-code"))["code"]
    fetched(world, by, rx)
    world.courier.command(of(rx, "ship"))
    assert by.client.command(of(rx, "deliver"))["status"] == "delivered"
    assert Prescription.objects.get(id=unwanted).status == "cancelled"
    assert lawfulness.faults() == []


@pytest.mark.parametrize("who", ["ward", "guardian"])
def test_a_guardianship_is_ended_in_the_middle(world, patient, daughter, who):
    """By who appointed, or by the guardian who resigns: then the patient alone goes on."""
    made = appoints(patient, daughter)
    by = acts_for(daughter, patient, made)
    rx = world.approved(patient)
    authorizes(world, by, rx)
    note_of = drawn(by.client, of(rx, "withdraw"), {})

    (patient if who == "ward" else daughter).client.command(f"{ALL}/{made['id']}/end")

    assert refused(by.client.write, of(rx, "withdraw"), note_of) == (403, "guardianship.over")
    assert refused(by.client.write, of(rx, "pay"), {}) == (403, "guardianship.over")
    assert ("guardian.left" in told(patient)) is (who == "guardian")
    patient.client.command(of(rx, "withdraw"))
    assert lawfulness.faults() == []


def test_a_registered_guardian_resigns(mother, child):
    made = registers(mother, child)
    acts_for(mother, child, made)
    ended = mother.client.command(f"{ALL}/{made.id}/end")
    assert ended["ended_at"]
    assert lawfulness.faults() == []


def test_both_parents_at_once(world, mother, child):
    """One of two authorizations counts; the other is told that it is too late."""
    father = world.a_patient(date(1988, 1, 2))
    parents = [guarded(mother, child), guarded(father, child)]
    rx = world.approved(child)
    notes = [
        {**choice, **drawn(one.client, of(rx, "authorize"), choice)}
        for one in parents
        for choice in [world.choice(one)]
    ]
    done = at_once(
        *(
            lambda one=one, body=body: one.client.write(of(rx, "authorize"), body)
            for one, body in zip(parents, notes, strict=True)
        )
    )
    assert outcomes(done) == ["done", "prescription.wrong_state"]

    first, second = parents
    first.client.write(of(rx, "pay"), {})
    assert refused(second.client.write, of(rx, "pay"), {}) == (409, "payment.other_payer")
    assert refused(child.client.write, of(rx, "pay"), {}) == (409, "payment.other_payer")
    number = Payment.objects.get(bill__prescription=rx).out_trade_no
    parameters = f"/api/payments/{number}/parameters"
    assert refused(second.client.get, parameters) == (404, "payment.unknown")
    assert lawfulness.faults() == []


def test_it_is_the_guardians_face_that_is_asked_for(world, mother, child, settings):
    settings.FACE_FROM_FEN = 1
    by = guarded(mother, child)
    rx = world.approved(child)
    assert refused(authorizes, world, by, rx) == (403, "checkout.face_needed")
    PHONES.setdefault(child.account, (world.wechat, child.openid))
    childs = a_face(child.client, "checkout")
    assert refused(authorizes, world, by, rx, face_check=childs) == (404, "face.unknown")
    authorizes(world, by, rx, face_check=a_face(mother.client, "checkout"))
    spent = FaceCheck.objects.filter(purpose="checkout", spent_at__isnull=False)
    assert spent.filter(account=mother.account).exists()
    assert lawfulness.faults() == []


def test_a_mother_asks_a_doctor_for_her_child(world, mother, child):
    """She writes, reads the answers, and leaves; another question she takes back."""
    made = registers(mother, child)
    by = acts_for(mother, child, made)
    question = world.question("儿科")
    opened, regretted = (by.client.write("/api/consultations", question)["id"] for _ in range(2))
    for talk in (opened, regretted):
        by.client.command(f"/api/consultations/{talk}/ask")
    by.client.command(f"/api/consultations/{regretted}/withdraw")
    accepts = {"follow_up": True, "guardian": True}
    world.paediatrician.command(f"/api/consultations/{opened}/accept", accepts)
    messages = f"/api/consultations/{opened}/messages"
    by.client.write(messages, {"text": "他昨晚发烧。"})
    world.paediatrician.write(messages, {"text": "多喝水。"})

    assert [one["text"] for one in by.client.get(messages)["messages"]] == [
        "他昨晚发烧。",
        "多喝水。",
    ]
    seen = by.client.get(f"/api/consultations/{opened}")
    assert seen["fields"]["complaint"] == question["complaint"]
    assert not any(name.startswith("patient/") for name in seen["fields"])
    assert len(by.client.get("/api/consultations")["consultations"]) == 2
    by.client.command(f"/api/consultations/{opened}/withdraw")

    entries = signed(f"consultation/{UUID(opened).hex}")
    for kind in ("consultation.ask", "consultation.withdraw"):
        assert entries[kind].facts["guardianship"] == made.subject
    assert child.client.get(f"/api/consultations/{opened}")["state"] == "withdrawn"
    assert lawfulness.faults() == []


def test_a_mother_asks_who_looked_at_her_childs_data(world, mother, child):
    """That she asks is a look itself; her own list has nothing of it."""
    made = registers(mother, child)
    by = acts_for(mother, child, made)
    rx = world.approved(child)
    assert not any(
        name.startswith("patient/") for name in by.client.get(f"/api/prescriptions/{rx}")["fields"]
    )
    by.client.get("/api/me/looks")
    own_list(child)

    seen = by.client.get("/api/me/looks")["looks"]

    assert {one["of"] for one in seen if one["basis"] == made.subject} == {"looks", subject(rx)}
    assert not any(one["own"] for one in seen)
    assert "查阅记录" in next(one["text"] for one in seen if one["of"] == "looks")
    assert mother.client.get("/api/me/looks")["looks"] == []
    assert {one["leaf"] for one in seen} <= {
        one["leaf"] for one in child.client.get("/api/me/looks")["looks"]
    }
    assert lawfulness.faults() == []


def test_a_child_without_a_phone_grows_into_the_account(world, mother):
    """What the mother has done before is the child's, once the face is recognised."""
    child = Patient(a_client(), an_id_number(years_ago(9)), "")
    assert code_of(registers, mother, child) == "patient.unknown"
    made = registers(mother, child, ward_name="测试孩子")
    child.client.account = str(made.patient_id)
    by = acts_for(mother, child, made)
    rx = world.approved(child)
    authorizes(world, by, rx)

    grown = world.comes(child.id_number)

    assert grown.account == child.account
    assert [one["id"] for one in grown.client.get("/api/prescriptions")["prescriptions"]] == [rx]
    grown.client.command(of(rx, "withdraw"))
    by.client.command(of(rx, "cancel"), {"reason": "patient_request"})
    assert lawfulness.faults() == []


def test_nobody_else_takes_an_account_over(world, mother, child):
    """Not another face's, and not one that somebody has come to already."""
    openid, client = f"o{uuid4().hex[:27]}", a_client()
    client.enter_with_wechat(world.wechat_code(openid))
    said = {"name": "测试患者", "id_number": child.id_number, "phone": "13900139000"}
    with pytest.raises(Problem) as refusal:
        world.binds(client, openid, **said)
    assert refusal.value.code == "identity.taken"


def test_who_takes_an_account_over_gets_the_same_answer_again(world, mother):
    number, openid, client = an_id_number(years_ago(9)), f"o{uuid4().hex[:27]}", a_client()
    made = registers(mother, Patient(client, number, ""), ward_name="测试孩子")
    client.enter_with_wechat(world.wechat_code(openid))
    newcomer, claims = client.account, {"name": "测试孩子", "phone": "13900139001"}
    seen = phone.face(client, world.wechat, openid, "identity", id_number=number, **claims)
    answers = [client.write("/api/me/identity", {"face_check": seen}, key="same") for _ in "12"]
    assert answers == [{"identified": True, "log_in_again": True}] * 2
    assert refused(client.get, "/api/prescriptions") == (401, "token.invalid")
    client.enter_with_wechat(world.wechat_code(openid))
    assert client.account == str(made.patient_id) != newcomer
    assert people.phone_of(Person.objects.get(account=made.patient_id)) == "+8613900139001"


def test_the_guardians_phone_is_lost_during_an_authorization(world, mother, child):
    """What it has drawn counts no more: the key is revoked in the ward's line of logs, too."""
    child = in_another_line(world, mother)
    by = guarded(mother, child)
    rx, paid = world.approved(child), world.approved(child)
    authorizes(world, by, paid)
    world.pay(by, paid)
    choice = world.choice(by)
    lost = drawn(by.client, of(rx, "authorize"), choice)
    code = world.code(by, paid)
    old = mother.client.key_name
    mother.client.register_key(os.urandom(32), looked_at(mother.client))
    mother.client.command("/api/keys/revoke", {"name": old})

    assert refused(by.client.write, of(rx, "authorize"), lost) == (403, "key.revoked")
    assert refused(world.pharmacist.write, "/api/scans", {"code": code}) == (403, "key.revoked")
    there = [one.log for one in queries.entries_about(f"key/{old}") if one.kind == "key.revoke"]
    assert {network.line_of(log) for log in there} == {line_of(mother), line_of(child)}

    mother.client.enter_with_key()  # whose sessions ended with the key
    new = replace(mother, client=mother.client.for_ward(by.client.guardianship))
    assert refused(authorizes, world, new, rx) == (403, "guardianship.key_not_entered")
    mother.client.command(f"{ALL}/{by.client.guardianship}/key")
    authorizes(world, new, rx)
    assert lawfulness.faults() == []


def test_who_recovers_after_a_loss_has_no_key_left_in_the_wards_line(world, mother):
    child = in_another_line(world, mother)
    by = guarded(mother, child)
    rx = world.approved(child)
    recovered(world, mother)
    assert GuestKey.objects.get(key__name=mother.client.key_name).revoked_at
    mother.client.enter_with_key()
    by.client.token = mother.client.token
    assert refused(authorizes, world, by, rx) == (403, "key.suspended")
    assert lawfulness.faults() == []
