"""
A patient's history across hospitals, told as stories: who asks the patient sees it, nobody else.
"""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from hospital import consents, paging
from hospital.consents import Purpose
from hospital.models import Grant, SealedRecord
from hospital.permissions import NotGranted, basis_to_read
from hospital.roles import OrganisationKind, Role
from pharmacy.actions import history
from prescriptions import content
from prescriptions.models import Prescription
from tests import lawfulness
from tests.journeys.looking import (
    ASKED,
    REFUSED,
    answer_to,
    asks,
    events,
    grants,
    moment,
    own_list,
    refused,
    withdraws,
)
from tests.journeys.test_broken_database import failing
from tests.journeys.test_looks import last_view
from tests.journeys.test_query_counts import more, queries_of
from tests.journeys.watching import account, count_entries, raw
from tests.world import a_member, an_id_number, an_organisation

MOMENT = timedelta(microseconds=1)


def test_a_doctor_elsewhere_sees_it_while_the_patient_wants(world, patient):
    """Z1, Z3: refused, granted, seen with what was given out, withdrawn, refused; all on record."""
    doctor, there = world.foreign_doctor, world.foreign_hospital.slug
    taken, waiting = world.delivered(patient), world.issued(patient)
    assert refused(doctor, patient)

    grant = grants(patient, there)
    page = asks(doctor, patient)

    first, second = page["prescriptions"]
    assert (first["id"], first["status"], first["dispensing"]) == (waiting, "issued", None)
    assert (second["id"], second["status"]) == (taken, "delivered")
    assert second["hospital"] == world.hospital.slug
    assert second["fields"]["diagnosis/1"]["name"] == "急性上呼吸道感染"
    assert second["lines"]["1"]["generic_name"] == world.medicines[0].generic_name
    given = second["dispensing"]
    assert (given["pharmacy"], given["lines"]) == (world.pharmacy.slug, {"1": 1, "2": 1})
    assert moment(given["at"]) <= timezone.now()

    withdraws(patient, grant)
    assert refused(doctor, patient)

    (view,) = [one for one in own_list(patient) if one.facts.get("basis") == grant["subject"]]
    assert (view.kind, view.facts["records"]) == ("record.view", 2)
    assert view.facts["reader"] == account(doctor).actor.name
    assert view.at < timezone.now()
    assert events(grant["subject"]) == ["consent.grant", "record.view", "consent.withdraw"]
    assert lawfulness.faults() == []


def test_shows_nothing_of_the_person(world, patient):
    """Z4: neither name, sex nor birth date, nor the doctor's licence; the grant has no such."""
    world.issued(patient)
    grants(patient, world.foreign_hospital.slug)
    (one,) = asks(world.foreign_doctor, patient)["prescriptions"]
    prefixes = ("diagnosis/", "hospital/", "allergies")
    assert [name for name in one["fields"] if not name.startswith(prefixes)] == []


OPENED = {
    ("line/",): {"lines"},
    ("diagnosis/",): {"diagnosis"},
    ("allergies",): {"allergies"},
    ("hospital/",): {"hospital"},
    ("dispensing/",): {"dispensing"},
    ("diagnosis/", "line/"): {"diagnosis", "lines"},
}


@pytest.mark.parametrize("opens", OPENED, ids="+".join)
def test_a_grant_for_fields_opens_only_those(world, patient, opens):
    """Z4"""
    world.dispensed(patient, allergies="青霉素")
    grants(patient, world.foreign_hospital.slug, opens=list(opens))

    (one,) = asks(world.foreign_doctor, patient)["prescriptions"]

    seen = {name.split("/")[0] for name in one["fields"]}
    seen |= {name for name in ("hospital", "dispensing") if name in one}
    seen |= {"lines"} if one["lines"] else set()
    assert seen == OPENED[opens]
    assert last_view().facts["fields"] == sorted(opens)


def test_every_field_that_can_be_granted_is_one_of_a_record(world, patient):
    record = Prescription.objects.get(id=world.issued(patient, allergies="青霉素")).record
    from hospital import records

    names = [*records.unsealed(record), history.GIVEN_OUT]
    for prefix in consents.TERMS[Purpose.TREATMENT].fields:
        assert any(name.startswith(prefix) for name in names), prefix
    assert content.HOSPITAL in consents.EVERY_FIELD


def test_of_several_grants_the_one_that_opens_most_counts(world, patient):
    there = world.foreign_hospital.slug
    grants(patient, there, opens=["line/"])
    wide = grants(patient, there, opens=["diagnosis/", "line/"])
    grants(patient, there, opens=["diagnosis/"])
    assert asks(world.foreign_doctor, patient)["basis"] == wide["subject"]
    withdraws(patient, wide)
    assert len(asks(world.foreign_doctor, patient)["opened"]) == 1


def test_nobody_else_sees_it(world, patient):
    """Z1, Z7, Z8: doctors elsewhere and here, a colleague of the one, a grant of somebody else."""
    world.delivered(patient)
    colleague = a_member(Role.DOCTOR, world.foreign_hospital)
    elsewhere = a_member(Role.DOCTOR, an_organisation(OrganisationKind.HOSPITAL))
    grants(patient, world.foreign_hospital.slug, account=world.foreign_doctor.account)
    grants(world.other_patient, elsewhere_slug(elsewhere))
    asks(world.foreign_doctor, patient)
    before, views = count_entries(kind="record.refuse"), count_entries(kind="record.view")

    others = (colleague, elsewhere, world.doctor, world.other_doctor)
    for doctor in others:
        assert refused(doctor, patient)
    assert answer_to(world.reviewer, {"patient": patient.id_number})[1] == "access.wrong_role"

    assert count_entries(kind="record.refuse") == before + len(others) + 1
    assert count_entries(kind="record.view") == views


def elsewhere_slug(doctor) -> str:
    organisation = account(doctor).organisation
    assert organisation is not None
    return str(organisation.slug)


def test_a_refusal_tells_nothing(world, patient):
    """Z1, Z7: whoever the patient is, whether known, and however much lies elsewhere."""
    world.issued(patient)
    doctor = world.foreign_doctor
    bodies = [
        {"patient": patient.id_number},
        {"patient": world.a_patient().id_number},
        {"patient": an_id_number()},
        {"prescription": world.issued(patient)},
        {"prescription": str(uuid4())},
        {"consultation": world.consulted(patient)},
        {"consultation": str(uuid4())},
    ]
    answers = [raw(doctor, "POST", ASKED, key=None, body=body) for body in bodies]
    assert {(one.status_code, one.json()["code"]) for one in answers} == {REFUSED}
    assert len({one.content for one in answers}) == 1


def test_a_doctor_names_the_patient_by_what_is_the_own(world, patient):
    """The desk need not know the number of whom it treats; what is another's names nobody."""
    rx = world.issued(patient)
    grants(patient, world.hospital.slug)
    assert world.doctor.post(ASKED, {"prescription": rx})["prescriptions"][0]["id"] == rx
    assert answer_to(world.other_doctor, {"prescription": rx}) == REFUSED
    talk = world.consulted(patient)
    assert world.doctor.post(ASKED, {"consultation": talk})["prescriptions"][0]["id"] == rx
    assert answer_to(world.other_doctor, {"consultation": talk}) == REFUSED
    both = {"prescription": rx, "patient": patient.id_number}
    for body in ({}, both, {"prescription": rx, "consultation": talk}):
        assert answer_to(world.doctor, body) == (422, "body.invalid")


def test_drafts_are_nobodys_history(world, patient):
    rx = world.drafted(patient)
    grants(patient, world.hospital.slug)
    assert asks(world.doctor, patient)["prescriptions"] == []
    world.doctor.command(f"/api/prescriptions/{rx}/issue")
    assert [one["id"] for one in asks(world.doctor, patient)["prescriptions"]] == [rx]


# --- the end of a grant ------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "opens"), [(-MOMENT, True), (timedelta(0), False)])
def test_a_grant_ends_by_itself_to_the_microsecond(world, patient, late, opens):
    """F11: ``until`` is exclusive; nothing has to run."""
    grant = grants(patient, world.foreign_hospital.slug)
    by, at = account(world.foreign_doctor).actor, moment(grant["until"]) + late

    def look():
        about = history.About(patient.id_number)
        return history.view(about, paging.Wanted(size=1), by=by, at=at)

    if opens:
        assert look().basis.subject == grant["subject"]
    else:
        with pytest.raises(NotGranted):
            look()


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (timedelta(seconds=-1), "grant.wrong_period"),
        (consents.LONGEST + timedelta(minutes=1), "grant.wrong_period"),
        (consents.LONGEST - timedelta(minutes=1), ""),
    ],
)
def test_a_grant_lasts_two_years_at_most(world, patient, until, code):
    from tests.journeys import writes

    end = (timezone.now() + until).isoformat()
    body = writes.granting(world.foreign_hospital.slug, until=end, key=patient.client.key_name)
    answer = raw(patient.client, "POST", "/api/me/grants/statement", key=None, body=body)
    assert answer.json().get("code", "") == code


def test_readers_fit_the_purpose(world, patient):
    """Z5: no pharmacy, nobody who works elsewhere or as something else, no field of the person."""
    from tests.journeys import writes

    there = world.foreign_hospital.slug
    wrong = [
        ({"to": world.pharmacy.slug}, "organisation.unknown"),
        ({"to": there, "account": world.doctor.account}, "grant.unknown_reader"),
        ({"to": world.hospital.slug, "account": world.reviewer.account}, "grant.unknown_reader"),
        ({"to": there, "opens": ["patient/"]}, "body.invalid"),
        ({"to": there, "purpose": "research"}, "grant.wrong_fields"),
        ({"to": there, "opens": []}, "body.invalid"),
        ({"to": there, "purpose": "emergency"}, "body.invalid"),
    ]
    for changes, code in wrong:
        body = {**writes.granting(there), **changes, "key": patient.client.key_name}
        answer = raw(patient.client, "POST", "/api/me/grants/statement", key=None, body=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_fifty_grants_are_enough(world, patient, monkeypatch):
    """D1: a patient's grants in force are bounded; an ended or withdrawn one makes room."""
    monkeypatch.setattr(consents, "LIVE_MAX", 2)
    from hospital.client import Problem

    first, _ = (grants(patient, world.foreign_hospital.slug) for _ in range(2))
    with pytest.raises(Problem) as refusal:
        grants(patient, world.foreign_hospital.slug)
    assert (refusal.value.status, refusal.value.code) == (409, "grant.too_many")
    withdraws(patient, first)
    grants(patient, world.foreign_hospital.slug)


def test_the_patient_reads_the_own_grants_and_no_others(world, patient):
    """Z7"""
    kept, gone = (grants(patient, world.foreign_hospital.slug) for _ in range(2))
    withdraws(patient, gone)
    grants(world.other_patient, world.foreign_hospital.slug)

    listed = patient.client.get("/api/me/grants")["grants"]

    assert [one["id"] for one in listed] == [gone["id"], kept["id"]]
    assert [one["withdrawn_at"] is None for one in listed] == [False, True]


def test_nobody_withdraws_anothers_grant_or_one_twice(world, patient):
    """Z1, R8: another's is not there; what is withdrawn stays so."""
    grant = grants(patient, world.foreign_hospital.slug)
    path = f"/api/me/grants/{grant['id']}/withdraw/statement"
    other, own = world.other_patient.client, patient.client
    answer = raw(other, "POST", path, key=None, body={"key": other.key_name})
    assert (answer.status_code, answer.json()["code"]) == (404, "grant.unknown")
    withdraws(patient, grant)
    answer = raw(own, "POST", path, key=None, body={"key": own.key_name})
    assert (answer.status_code, answer.json()["code"]) == (409, "grant.wrong_state")


def test_an_id_is_used_once_whoever_signs_it(world, patient):
    """K3, Z6: a statement about another's grant, signed with the own key, makes no second one."""
    from ledger.entry import Statement
    from tests.journeys import writes

    taken = grants(world.other_patient, world.foreign_hospital.slug)
    client, body = patient.client, writes.granting(world.foreign_hospital.slug)
    drawn = client.post("/api/me/grants/statement", {**body, "key": client.key_name})
    own = Statement.parse(drawn["statement"].encode()).subject
    note = client.sign(drawn["statement"].replace(own, taken["subject"]))
    answer = raw(client, "POST", "/api/me/grants", body={**body, "note": note})
    assert (answer.status_code, answer.json()["code"]) == (409, "grant.wrong_state")
    assert Grant.objects.get(id=taken["id"]).patient_id == UUID(world.other_patient.account)


# --- what it costs -----------------------------------------------------------------------------


def test_a_few_hundred_rows_come_page_by_page(world, patient):
    """D3: each once, the newest first; pages meet without a gap; content that is erased says so."""
    grants(patient, world.hospital.slug)
    real = world.issued(patient)
    more(Prescription.objects.get(id=real), 240)
    _issued(patient)

    seen, cursor = [], ""
    while cursor is not None:
        page = asks(world.doctor, patient, size=50, cursor=cursor)
        seen += page["prescriptions"]
        assert last_view().facts["records"] == len(page["prescriptions"])
        cursor = page["next"]

    assert len(seen) == len({one["id"] for one in seen}) == 241
    assert [one["created_at"] for one in seen] == sorted(
        (one["created_at"] for one in seen), reverse=True
    )
    assert [one["erased"] for one in seen] == [False, *[True] * 240]


def test_a_page_costs_the_same_with_two_as_with_two_hundred(world, patient):
    """D3, L15: one view entry and a fixed number of queries."""
    grants(patient, world.hospital.slug)
    rx = world.dispensed(patient)
    world.dispensed(patient)

    few = queries_of(lambda: asks(world.doctor, patient, size=50))
    more(Prescription.objects.get(id=rx), 200)
    _issued(patient)
    before = count_entries(kind="record.view")
    many = queries_of(lambda: asks(world.doctor, patient, size=50))

    assert len(many) == len(few) <= 13, "\n".join(many)
    assert count_entries(kind="record.view") == before + 1
    assert not [one for one in few + many if "COUNT(" in one.upper() or "OFFSET" in one.upper()]


def _issued(patient) -> None:
    """The copies that ``more`` made were never drafts."""
    copies = Prescription.objects.filter(patient_id=patient.account, status="draft")
    copies.update(status="expired")


def test_no_entry_no_history(world, patient):
    """L9, L17: the look cannot be entered, so nothing is opened."""
    world.issued(patient)
    grants(patient, world.foreign_hospital.slug)
    body = {"patient": patient.id_number}
    with failing("ledger_event", "INSERT", "NEW.kind = 'record.view'"):
        answer = raw(world.foreign_doctor, "POST", ASKED, key=None, body=body)
    assert answer.status_code in (500, 503)
    assert "generic_name" not in answer.text


def test_the_number_stands_in_no_address(world, patient):
    """ASVS 14.2.1: the question is a body, and no such route takes a GET."""
    answer = raw(world.doctor, "GET", f"{ASKED}?patient={patient.id_number}")
    assert answer.status_code == 405


def test_the_basis_is_found_inside_a_transaction_only(world, patient):
    """It is locked until the look is entered."""
    from django.db import transaction

    grant = grants(patient, world.foreign_hospital.slug)
    by = account(world.foreign_doctor).actor
    with transaction.atomic():
        basis = basis_to_read(UUID(patient.account), Purpose.TREATMENT, by=by, at=timezone.now())
    assert basis.subject == grant["subject"]
    assert SealedRecord.objects.exists()
