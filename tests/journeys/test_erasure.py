"""A patient has everything erased: gone at once, or kept for the regulator until its day."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from hospital import calendar, records
from hospital.actions import people
from hospital.client import Problem
from hospital.consultations.models import Consultation, Message
from hospital.corrections.models import Correction
from hospital.guardians.models import Guardianship
from hospital.models import Account, Address, Answer, Emergency, Key, Person, SealedRecord
from hospital.notices.models import Notice
from hospital.retention import Term
from hospital.roles import Role
from insurance.actions import erasing
from ledger.queries import entries_about
from prescriptions import retention
from prescriptions.facts import Form
from prescriptions.models import ChangeRequest, Prescription, Status, Version
from prescriptions.registers import Serial
from tests import invariants, lawfulness
from tests.journeys import writes
from tests.journeys.looking import asks, breaks_glass, grants
from tests.journeys.series import refused
from tests.journeys.turns import in_turn
from tests.journeys.watching import at_once, drawn, everything, outcomes, raw
from tests.world import a_client

PATH = "/api/me/erasure"
MOMENT = timedelta(microseconds=1)
FINISHED = [
    *(Status.DELIVERED, Status.CLAIMED, Status.TAKEN_BACK),
    *(Status.CANCELLED, Status.EXPIRED),
]


def erases(patient):
    return patient.client.command(PATH)


def record_of(rx):
    return SealedRecord.objects.get(prescription__id=rx)


def cancelled(world, patient, rx):
    world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
    return rx


def brought(world, patient):
    """Delivered by a courier, and decided by whoever pays for it."""
    rx = world.delivered(patient)
    for agent in (world.fund_agent, world.insurer_agent):
        owed = (
            writes.owed(agent, rx) if Prescription.objects.get(id=rx).status == "delivered" else 0
        )
        if owed:
            body = {"decision": "approve", "approved_fen": owed}
            agent.command(f"/api/claims/{rx}/decide", body)
    return rx


def test_what_no_law_keeps_is_gone_and_the_rest_is_the_regulators(world, patient):
    """P6, G6, P4: an address and a draft are gone, a cancelled prescription is kept for a year."""
    world.choice(patient, "courier")
    draft = str(world.doctor.write("/api/prescriptions", world.draft(patient))["id"])
    rx = cancelled(world, patient, world.issued(patient))
    address = Address.objects.get(account_id=patient.account).record
    since = Prescription.objects.get(id=rx).valid_until
    path = f"/api/prescriptions/{rx}"
    before = world.doctor.get(path)["lines"]
    with refused("access.no_basis"):
        world.regulator.get(path)

    asked = patient.client.post(f"{PATH}/statement", {"key": patient.client.key_name})
    assert "仅监管部门可以查阅" in asked["shows"]["zh"]
    done = erases(patient)

    assert (done["erased"], done["kept"]) == (2, 1)
    assert datetime.fromisoformat(done["until"]) == Term.ORDINARY.ends(since)
    for gone in (address, record_of(draft)):
        gone.refresh_from_db()
        assert (bytes(gone.wrapped_key), bytes(gone.body)) == (b"", b"")
    with refused("record.erased"):
        world.doctor.get(path)
    assert world.regulator.get(path)["lines"] == before
    assert not invariants.come_to_rest()
    assert lawfulness.faults() == []


def test_nothing_opens_it_afterwards(world, patient):
    """G6: not under a grant, through broken glass, from a list; a KEK finds no key any more."""
    rx = cancelled(world, patient, world.issued(patient))
    grants(patient, world.foreign_hospital.slug)
    asks(world.foreign_doctor, patient)
    breaks_glass(world.other_doctor, patient)
    erases(patient)

    for client in (world.foreign_doctor, world.other_doctor):
        answer = raw(client, "POST", "/api/history", body={"patient": patient.id_number})
        assert answer.status_code in (403, 422)
    listed = world.doctor.get("/api/prescriptions")["prescriptions"]
    assert {one["id"]: (one["erased"], one["lines"]) for one in listed}[rx] == (True, {})
    record = record_of(rx)
    with pytest.raises(records.RecordErased):
        records.unsealed(record)

    records.forget_kept(at=record.kept_until - MOMENT)
    assert world.regulator.get(f"/api/prescriptions/{rx}")["lines"]
    records.forget_kept(at=record.kept_until)
    record.refresh_from_db()
    assert (bytes(record.wrapped_key), bytes(record.body), record.kept_until) == (b"", b"", None)
    with refused("record.erased"):
        world.regulator.get(f"/api/prescriptions/{rx}")
    kinds = [one.kind for one in entries_about(f"rx/{rx.replace('-', '')}")]
    assert kinds == ["prescription.issue", "prescription.cancel"]


def test_the_account_ends_and_a_newcomer_comes(world, patient):
    """P1: name, number, phone and WeChat's id are gone; the same human being is another patient."""
    account = Account.objects.select_related("person").get(id=patient.account)
    assert account.person is not None
    tag_key = bytes(account.person.tag_key)
    cancelled(world, patient, world.approved(patient))
    assert Notice.objects.filter(account_id=account.id).exists()
    erases(patient)

    with refused("token.invalid"):
        patient.client.get("/api/keys")
    with refused("erasure.done"):
        erases(patient)
    gone = Person.objects.get(id=account.person.id)
    assert {bytes(getattr(gone, name)) for name in ("name", "id_number", "phone")} == {b""}
    assert bytes(gone.tag_key) == tag_key
    assert not Answer.objects.filter(account_id=account.id).exclude(status=200).exists()
    assert not Notice.objects.filter(account_id=account.id).exists()
    assert set(Key.objects.filter(account_id=account.id).values_list("device")) == {(b"",)}
    with refused("patient.unknown"):
        world.doctor.write(
            "/api/prescriptions", {**world.draft(world.a_patient()), "patient": patient.id_number}
        )
    again = a_client()
    assert not again.enter_with_wechat(world.wechat_code(patient.openid))["identified"]
    assert again.account != patient.account
    fresh = people.record(name="重来", id_number=patient.id_number, phone="13900139000")
    assert (fresh.id, bytes(fresh.tag_key)) != (gone.id, tag_key)


def test_who_works_here_stays_known_at_work(world):
    """Only the patient leaves: the same human being goes on as a doctor."""
    patient = world.a_patient()
    person = Account.objects.get(id=patient.account).person
    assert person is not None
    people.employ(Role.PHARMACIST, world.pharmacy, at=timezone.now(), person=person)
    erases(patient)
    person.refresh_from_db()
    assert people.id_number_of(person) == patient.id_number
    assert not Account.objects.get(id=patient.account).is_active


@pytest.mark.parametrize("state", ["issued", "approved", "authorized", "paid", "dispensed"])
def test_nothing_is_erased_while_something_is_open(world, patient, state):
    """Nothing changes, and the answer says what is open."""
    getattr(world, state)(patient)
    before = everything()
    with pytest.raises(Problem) as refusal:
        drawn(patient.client, PATH, {})
    assert (refusal.value.status, refusal.value.code) == (409, "erasure.unfinished")
    assert refusal.value.body["open"]["prescriptions"] == 1
    assert everything() == before


def test_nor_while_a_payer_has_to_decide_or_a_doctor_to_answer(world, patient):
    world.covers(patient, fund_bp=5_000)
    world.delivered(patient)
    with pytest.raises(Problem) as refusal:
        erases(patient)
    assert refusal.value.body["open"] == {"claims": 1}
    other = world.a_patient()
    world.asked(other)
    with pytest.raises(Problem) as refusal:
        erases(other)
    assert refusal.value.body["open"] == {"consultations": 1}


def test_what_came_after_the_statement_is_not_erased_unseen(world, patient):
    """K2"""
    body = drawn(patient.client, PATH, {})
    world.choice(patient, "courier")
    with refused("statement.altered"):
        patient.client.write(PATH, body)
    assert Account.objects.get(id=patient.account).is_active


@pytest.mark.parametrize("erased_first", [True, False])
def test_a_doctor_issues_at_the_same_time(world, patient, erased_first):
    """F1: whichever is first; nothing that is issued stays readable by mistake."""
    draft = str(world.doctor.write("/api/prescriptions", world.draft(patient))["id"])
    erasure, issue = (
        drawn(patient.client, PATH, {}),
        drawn(world.doctor, writes.of(draft, "issue"), {}),
    )

    def erase():
        return patient.client.write(PATH, erasure)

    def issued():
        return world.doctor.write(writes.of(draft, "issue"), issue)

    if erased_first:
        done, failed = in_turn(erase, issued)
        assert failed.code == "record.erased"
        assert not bytes(record_of(draft).wrapped_key)
    else:
        done, failed = in_turn(issued, erase)
        assert failed.code == "erasure.unfinished"
        assert record_of(draft).wrapped_key
    assert isinstance(done, dict)


@pytest.mark.parametrize("erased_first", [True, False])
def test_the_patient_authorizes_at_the_same_time(world, patient, erased_first):
    """F1: on another phone; the two wait for each other in one order."""
    rx = world.approved(patient)
    choice, path = world.choice(patient), writes.of(rx, "authorize")
    authorization = drawn(patient.client, path, choice)

    def authorize():
        return patient.client.write(path, authorization)

    def erase():
        return patient.client.write(PATH, {"note": authorization["note"]})

    results = outcomes(at_once(*((erase, authorize) if erased_first else (authorize, erase))))
    assert sorted(results) == ["done", "erasure.unfinished"]


def test_what_comes_in_as_the_patient_leaves_goes_with_the_next_sweep(world, patient):
    """F1, G6: a doctor's call was under way when the patient left."""
    account = Account.objects.get(id=patient.account)
    erases(patient)
    model = Prescription.objects.get(id=world.issued(world.a_patient()))
    model.pk, model.patient, model.record = uuid4(), account, records.seal({"patient/name": "x"})
    model.save(force_insert=True)
    now = timezone.now()
    assert erasing.sweep(at=now) >= 1
    assert record_of(model.pk).kept_until == Term.ORDINARY.ends(model.valid_until)
    assert erasing.sweep(at=now) == 0


def test_no_kind_of_record_is_forgotten():
    """G6: whoever stores another kind says here how long the law wants it."""
    relations = {
        relation.related_model
        for relation in SealedRecord._meta.related_objects
        if relation.related_model is not Serial  # numbers the record of a prescription
    }
    assert relations == {
        *(Address, Emergency, Guardianship, Consultation, Message),
        *(Prescription, Version, ChangeRequest, Correction),
    }


def test_another_patients_records_stay(world, patient):
    """Z1"""
    other = world.a_patient()
    rx = world.issued(other)
    erases(patient)
    assert other.client.get(f"/api/prescriptions/{rx}")["lines"]
    assert Account.objects.get(id=other.account).is_active


SINCE = datetime(2026, 3, 1, 16, tzinfo=UTC)  # 2 March in Shanghai


@pytest.mark.parametrize(
    ("status", "form", "online", "years"),
    [
        *[(status, Form.ORDINARY, False, 1) for status in (Status.CANCELLED, Status.EXPIRED)],
        (Status.CANCELLED, Form.TOXIC, False, 2),
        (Status.CANCELLED, Form.PSYCHOTROPIC_2, False, 2),
        (Status.EXPIRED, Form.NARCOTIC, False, 3),
        (Status.CLAIMED, Form.NARCOTIC, False, 5),
        (Status.DELIVERED, Form.ORDINARY, False, 5),
        (Status.DELIVERED, Form.ORDINARY, True, 15),
        (Status.CANCELLED, Form.EMERGENCY, True, 15),
    ],
)
def test_the_longest_term_counts(status, form, online, years):
    """处方管理办法 art. 50: one, two, three years; books of pharmacies five; online fifteen."""
    until = retention.kept_until(status, form, online, SINCE)
    assert until == datetime(2026 + years, 3, 2, 16, tzinfo=UTC)


def test_a_draft_is_no_prescription():
    assert retention.kept_until(Status.DRAFT, Form.NARCOTIC, True, SINCE) is None
    assert set(retention.BY_FORM) == set(Form)


def test_a_year_from_29_february():
    since = calendar.begins(date(2028, 2, 29))
    assert Term.ORDINARY.ends(since) == calendar.begins(date(2029, 3, 1))
