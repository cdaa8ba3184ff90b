"""Break-glass: two doctors sign, for half an hour; the patient sees it, a regulator judges."""

import base64
import os
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.utils import timezone

from hospital import consents, paging
from hospital.actions import people
from hospital.client import Problem
from hospital.models import Account, Emergency
from hospital.permissions import NotGranted
from hospital.roles import OrganisationKind, Role
from ledger import commitments
from pharmacy.actions import history
from tests import lawfulness
from tests.journeys import writes
from tests.journeys.looking import (
    a_colleague,
    answer_to,
    asks,
    breaks_glass,
    events,
    grants,
    moment,
    own_list,
    pleads,
    refused,
)
from tests.journeys.watching import (
    account,
    at_once,
    count_entries,
    drawn,
    everything,
    outcomes,
    raw,
)
from tests.world import a_member, an_id_number, an_organisation, enrolled

MOMENT = timedelta(microseconds=1)
REASON = "患者昏迷，家属不在场"


def test_a_doctor_in_an_emergency_sees_it_at_once_and_answers_for_it(world, patient):
    """Z9: refused, two sign, seen; the patient reads it, a regulator reads why and judges."""
    world.dispensed(patient)
    doctor, colleague, regulator = (
        world.foreign_doctor,
        world.foreign_colleague,
        world.regulator,
    )
    assert refused(doctor, patient)

    plea = pleads(doctor, patient, reason=REASON)
    assert refused(doctor, patient)
    waiting = colleague.get("/api/break-glass")["pleas"]
    assert (plea["id"], doctor.account) in [(one["id"], one["doctor"]) for one in waiting]
    assert colleague.get(f"/api/break-glass/{plea['id']}")["reason"] == REASON
    opened = colleague.command(f"/api/break-glass/{plea['id']}/second")
    assert opened["until"] == plea["until"]
    page = asks(doctor, patient)

    assert (page["basis"], page["purpose"]) == (opened["subject"], "emergency")
    assert page["prescriptions"][0]["dispensing"]["pharmacy"] == world.pharmacy.slug

    (waiting,) = [
        one for one in regulator.get("/api/emergencies")["emergencies"] if one["id"] == opened["id"]
    ]
    assert waiting["hospital"] == world.foreign_hospital.slug
    assert (waiting["doctor"], waiting["seconder"]) == (doctor.account, colleague.account)
    path = f"/api/emergencies/{opened['id']}"
    assert regulator.get(path)["reason"] == REASON
    judged = regulator.command(f"{path}/review", {"verdict": "justified"})
    assert judged["verdict"] == "justified"
    still = regulator.get("/api/emergencies")["emergencies"]
    assert opened["id"] not in [one["id"] for one in still]

    told = [one for one in own_list(patient) if opened["subject"] in str(one)]
    assert [one.kind for one in told] == [
        "emergency.plead",
        "record.view",
        "emergency.open",
        "record.view",
        "record.view",
        "emergency.review",
    ]
    purposes = [one.facts["purpose"] for one in told if one.kind == "record.view"]
    assert purposes == ["second", "emergency", "oversight"]
    assert lawfulness.faults() == []


def refusal_of(client, plea):
    """Status and code of drawing and of reading, which refuse alike."""
    path = f"/api/break-glass/{plea['id']}/second"
    drawing = raw(client, "POST", f"{path}/statement", key=None, body={"key": client.key_name})
    reading = raw(client, "GET", f"/api/break-glass/{plea['id']}")
    assert reading.json()["code"] == drawing.json()["code"]
    return drawing.status_code, drawing.json()["code"]


def test_nobody_signs_second_alone(world, patient):
    """Z9, K8: not the same doctor, nor the same person with another account."""
    doctor = world.foreign_doctor
    plea = pleads(doctor, patient)
    assert refusal_of(doctor, plea) == (403, "emergency.own")
    person = account(doctor).person
    again = people.employ(
        Role.DOCTOR,
        world.foreign_hospital,
        at=timezone.now(),
        person=person,
        license_number=os.urandom(6).hex(),
    )
    assert refusal_of(enrolled(again), plea) == (403, "emergency.own")
    assert refused(doctor, patient)


def test_who_signs_second_is_a_doctor_of_the_hospital(world, patient):
    """Z9, Z1: to others there is no such plea, nor does a list show it."""
    plea = pleads(world.foreign_doctor, patient)
    assert refusal_of(world.doctor, plea) == (404, "emergency.unknown")
    shown = world.doctor.get("/api/break-glass")["pleas"]
    assert plea["id"] not in [one["id"] for one in shown]
    assert refusal_of(world.foreign_reviewer, plea) == (403, "access.wrong_role")


def test_it_is_signed_second_once_and_in_time(world, patient):
    """F1, F11, Z9"""
    plea = pleads(world.foreign_doctor, patient)
    colleague = world.foreign_colleague
    path = f"/api/break-glass/{plea['id']}/second"
    late = drawn(colleague, path, {})
    with time_machine.travel(moment(plea["until"]) - MOMENT, tick=False):
        at_hand = a_colleague(world.foreign_doctor)
        assert plea["id"] in [one["id"] for one in at_hand.get("/api/break-glass")["pleas"]]
    with time_machine.travel(moment(plea["until"]), tick=False):
        assert refusal_of(a_colleague(world.foreign_doctor), plea) == (410, "emergency.closed")
        assert plea["id"] not in [one["id"] for one in at_hand.get("/api/break-glass")["pleas"]]
    colleague.write(path, late)
    assert refusal_of(colleague, plea) == (409, "emergency.seconded")


def test_two_colleagues_sign_at_once(world, patient):
    """F1, F3: one of them has opened it, the other is told so."""
    plea = pleads(world.foreign_doctor, patient)
    path = f"/api/break-glass/{plea['id']}/second"
    both = [world.foreign_colleague, a_colleague(world.foreign_doctor)]
    ready = [drawn(one, path, {}) for one in both]
    results = at_once(
        *[
            lambda one=one, body=body: one.write(path, body)
            for one, body in zip(both, ready, strict=True)
        ]
    )
    assert outcomes(results) == ["done", "emergency.seconded"]
    assert events(plea["subject"]) == ["emergency.plead", "emergency.open"]


def test_what_nobody_signed_second_is_not_judged(world, patient):
    """Z9: the patient sees the plea, and it opened nothing."""
    plea = pleads(world.foreign_doctor, patient)
    regulator = world.regulator
    shown = [one["id"] for one in regulator.get("/api/emergencies")["emergencies"]]
    assert plea["id"] not in shown
    path = f"/api/emergencies/{plea['id']}/review"
    with pytest.raises(Problem) as refusal:
        regulator.command(path, {"verdict": "justified"})
    assert (refusal.value.status, refusal.value.code) == (409, "emergency.not_seconded")


@pytest.mark.parametrize("reason", ["", " ", "\u3000\n"])
def test_nothing_opens_without_a_reason(world, patient, reason):
    """Z9"""
    doctor, before = world.foreign_doctor, everything()
    refusals = count_entries(kind="record.refuse")
    body = {**writes.pleading(patient, reason=reason), "key": doctor.key_name}
    answer = raw(doctor, "POST", "/api/break-glass/statement", key=None, body=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "emergency.no_reason")
    assert everything() == before
    assert count_entries(kind="record.refuse") == refusals + 1
    assert refused(doctor, patient)


@pytest.mark.parametrize(("late", "opens"), [(-MOMENT, True), (timedelta(0), False)])
def test_the_window_closes_by_itself_to_the_microsecond(world, patient, late, opens):
    """Z9, F11: half an hour after the plea was drawn."""
    opened = breaks_glass(world.foreign_doctor, patient)
    row = Emergency.objects.get(id=opened["id"])
    assert row.until - row.pleaded_at == consents.WINDOW == timedelta(minutes=30)
    by, at = account(world.foreign_doctor).actor, moment(opened["until"]) + late

    def look():
        about = history.About(patient.id_number)
        return history.view(about, paging.Wanted(size=1), by=by, at=at)

    if opens:
        assert look().basis.subject == opened["subject"]
    else:
        with pytest.raises(NotGranted):
            look()


def test_it_opens_for_this_doctor_and_this_patient(world, patient):
    """Z1, Z9: not for a colleague, not for another patient."""
    breaks_glass(world.foreign_doctor, patient)
    colleague = a_member(Role.DOCTOR, world.foreign_hospital)
    assert refused(colleague, patient)
    assert refused(world.foreign_doctor, world.a_patient())
    assert not refused(world.foreign_doctor, patient)


def test_a_grant_is_used_before_broken_glass(world, patient):
    """What the patient allowed is no emergency."""
    breaks_glass(world.foreign_doctor, patient)
    grant = grants(patient, world.foreign_hospital.slug)
    assert asks(world.foreign_doctor, patient)["basis"] == grant["subject"]


def test_it_is_over_when_it_was_not_justified(world, patient):
    """Z9: at once, within the half hour."""
    opened = breaks_glass(world.foreign_doctor, patient)
    asks(world.foreign_doctor, patient)
    path = f"/api/emergencies/{opened['id']}/review"
    world.regulator.command(path, {"verdict": "unjustified"})
    assert refused(world.foreign_doctor, patient)
    kinds = ["emergency.plead", "emergency.open", "record.view", "emergency.review"]
    assert events(opened["subject"]) == kinds


def test_it_stays_open_when_it_was_justified(world, patient):
    opened = breaks_glass(world.foreign_doctor, patient)
    path = f"/api/emergencies/{opened['id']}/review"
    world.regulator.command(path, {"verdict": "justified"})
    assert not refused(world.foreign_doctor, patient)
    with pytest.raises(Problem) as refusal:
        world.regulator.command(path, {"verdict": "unjustified"})
    assert (refusal.value.status, refusal.value.code) == (409, "emergency.reviewed")


@pytest.mark.parametrize("signer", ["foreign_doctor", "foreign_colleague"])
def test_nobody_judges_in_the_own_cause(world, patient, signer):
    """K8: one person, two accounts."""
    plea = pleads(world.foreign_doctor, patient)
    opened = world.foreign_colleague.command(f"/api/break-glass/{plea['id']}/second")
    person = Account.objects.select_related("person").get(id=getattr(world, signer).account).person
    authority = an_organisation(OrganisationKind.REGULATOR)
    moonlighting = people.employ(Role.REGULATOR, authority, at=timezone.now(), person=person)
    with pytest.raises(Problem) as refusal:
        enrolled(moonlighting).command(
            f"/api/emergencies/{opened['id']}/review", {"verdict": "justified"}
        )
    assert (refusal.value.status, refusal.value.code) == (403, "emergency.own")


def test_the_reason_is_sealed_and_cannot_be_exchanged(world, patient):
    """P1, L13, K2: in no table and no entry; the doctor has signed a commitment to it."""
    salt = base64.b64encode(b"0123456789abcdef").decode()
    opened = breaks_glass(world.foreign_doctor, patient, reason=REASON, salt=salt)
    row = Emergency.objects.select_related("record").get(id=opened["id"])
    expected = commitments.commit([commitments.digest(b"0123456789abcdef", "reason", REASON)])
    assert bytes(row.record.commitment) == expected
    assert REASON.encode() not in bytes(row.record.body)
    entries = [one for one in own_list(patient) if one.subject == opened["subject"]]
    assert [one.commitment for one in entries] == [expected] * 2

    doctor, body = world.foreign_doctor, writes.pleading(patient)
    drawn = doctor.post("/api/break-glass/statement", {**body, "key": doctor.key_name})
    other = {**body, "reason": "另一个理由", "note": doctor.sign(drawn["statement"])}
    answer = raw(doctor, "POST", "/api/break-glass", body=other)
    assert (answer.status_code, answer.json()["code"]) == (422, "statement.altered")


def test_a_salt_is_sixteen_bytes(world, patient):
    """D4"""
    doctor = world.foreign_doctor
    for salt in ("x", "AAAA", base64.b64encode(bytes(15)).decode(), "ä"):
        body = {**writes.pleading(patient, salt=salt), "key": doctor.key_name}
        answer = raw(doctor, "POST", "/api/break-glass/statement", key=None, body=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "record.bad_salt")


def test_nobody_to_help(world):
    doctor, patient = world.foreign_doctor, world.a_patient()
    patient.id_number = an_id_number()
    body = {**writes.pleading(patient), "key": doctor.key_name}
    answer = raw(doctor, "POST", "/api/break-glass/statement", key=None, body=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "patient.unknown")


def test_a_stolen_session_breaks_no_glass(world, patient):
    """T6, K1: the token alone opens nothing; the doctor's key signs."""
    body = {**writes.pleading(patient), "note": "x"}
    answer = raw(world.foreign_doctor, "POST", "/api/break-glass", body=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "note.malformed")
    assert answer_to(world.foreign_doctor, {"patient": patient.id_number})[0] == 403


def test_no_other_role_reads_why(world, patient):
    """Z10, Z1: not even the patient's own hospital; the regulator's look is an entry."""
    opened = breaks_glass(world.foreign_doctor, patient)
    path = f"/api/emergencies/{opened['id']}"
    for client in (world.doctor, world.foreign_doctor, world.pharmacist, patient.client):
        answer = raw(client, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.wrong_role")
    before = count_entries(kind="record.view")
    world.regulator.get(path)
    assert count_entries(kind="record.view") == before + 1
    assert UUID(opened["id"])
