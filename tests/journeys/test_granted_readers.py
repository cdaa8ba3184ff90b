"""
Pharmacists, officers of insurers and researchers read what a patient lets them, told as stories.

Which cells open and which do not: ``test_matrix_of_readers``. Here is what they learn of whom.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.utils import timezone

from hospital import lookwords, paging, signing
from hospital.consents import TERMS, Purpose
from hospital.models import Grant
from hospital.notices.models import Notice
from hospital.roles import OrganisationKind, Role
from hospital.units import SHANGHAI
from ledger import network, tasks
from ledger.entry import Statement
from prescriptions.facts import InsuranceClass
from prescriptions.models import Prescription
from tests import lawfulness
from tests.journeys import looking, writes
from tests.journeys.looking import ASKED, own_list, withdraws
from tests.journeys.test_query_counts import more, queries_of
from tests.journeys.watching import account, raw
from tests.openings import watched
from tests.shelves import a_shelf
from tests.world import a_medicine, a_member, an_organisation

CLAIMANTS, RECEIVED = "/api/claims/history", "/api/grants"
Json = dict[str, Any]


def grants(patient, reader, purpose: Purpose, **changes: Any) -> Json:
    """To the reader's organisation, of all fields of the purpose."""
    to = changes.pop("to", account(reader).organisation)
    said = {"purpose": purpose.value, "opens": [*TERMS[purpose].fields], **changes}
    return looking.grants(patient, to.slug, **said)


def asks(reader, grant: Json, **more_of_it: Any) -> Json:
    path = CLAIMANTS if grant["purpose"] == Purpose.CLAIM else ASKED
    page: Json = reader.post(path, {"grant": grant["id"], **more_of_it})
    return page


def received(reader, **asked: Any) -> list[Json]:
    found: list[Json] = reader.get(RECEIVED, **asked)["grants"]
    return found


# --- each of them -------------------------------------------------------------------------------


def test_a_researcher_reads_what_illness_and_what_medicine_and_not_whose(world, patient):
    """Z4: no name, id, day, hospital, pharmacy or free word; the month, codes and lines."""
    lines = [{**world.draft(patient)["lines"][0], "note": "王先生的亲戚代取"}]
    rx = world.issued(patient, lines=lines)
    grant = grants(patient, world.researcher, Purpose.RESEARCH)

    page = asks(world.researcher, grant)

    (one,) = page["prescriptions"]
    made = Prescription.objects.get(id=rx)
    assert set(one) == {"status", "erased", "lines", "fields", "month", "amendments"}
    assert one["month"] == f"{made.created_at.astimezone(SHANGHAI):%Y-%m}"
    assert one["fields"] == {"diagnosis/1": {"code": "J06.9", "main": True}}
    assert one["lines"]["1"]["generic_name"] == world.medicines[0].generic_name
    assert "note" not in one["lines"]["1"]
    assert "王先生" not in str(page)
    assert patient.account not in str(page)


def test_a_pharmacist_reviews_all_medicines_and_sees_no_diagnosis(world, patient):
    """Z4: who stands at the counter is known; what the illness is, is not asked."""
    taken = world.delivered(patient, allergies="青霉素")
    pharmacist = world.other_pharmacist
    grant = grants(patient, pharmacist, Purpose.MEDICATION_REVIEW)

    (one,) = pharmacist.post(ASKED, {"patient": patient.id_number})["prescriptions"]

    assert (one["id"], one["fields"]) == (taken, {"allergies": "青霉素"})
    assert one["dispensing"]["lines"] == {"1": 1, "2": 1}
    assert "hospital" not in one
    assert asks(pharmacist, grant)["prescriptions"] == [one]
    withdraws(patient, grant)
    assert looking.refused(pharmacist, patient)


def test_an_officer_before_a_policy_sees_codes_of_illnesses(world, patient):
    """Z4: nothing that was prescribed; the insurer asks for illnesses, and no more is told."""
    world.issued(patient)
    grant = grants(patient, world.officer, Purpose.UNDERWRITING)
    (one,) = asks(world.officer, grant)["prescriptions"]
    assert (one["lines"], one["fields"]) == ({}, {"diagnosis/1": {"code": "J06.9", "main": True}})
    assert "id" not in one


def test_an_officer_of_a_claim_sees_only_what_the_payer_pays(world, patient):
    """Z4: as soon as it has a share, as long as the bill lives, and nothing of the others'."""
    before = world.approved(patient)
    world.covers(patient, insurer_bp=1_000)
    grant = grants(patient, world.officer, Purpose.CLAIM)
    assert asks(world.officer, grant)["prescriptions"] == []

    rx = world.authorized(patient)
    (one,) = asks(world.officer, grant)["prescriptions"]
    assert (one["id"], set(one["lines"])) == (rx, {"1", "2"})

    patient.client.command(writes.of(rx, "withdraw"))
    assert asks(world.officer, grant)["prescriptions"] == []
    assert before != rx


def test_a_bill_that_was_replaced_shows_nothing(world, patient):
    """Z4: what the payer would have paid by an earlier choice is not its to decide."""
    medicines = [
        a_medicine(insurance_class=one.value) for one in (InsuranceClass.A, InsuranceClass.B)
    ]
    for medicine in medicines:
        a_shelf(world.pharmacy, medicine, price_fen=medicine.price_fen, on_hand=10)
    usual = world.draft(patient)["lines"][0]
    lines = [{**usual, "medicine": medicine.code} for medicine in medicines]
    grant = grants(patient, world.officer, Purpose.CLAIM)
    covers(world, patient, {"甲": 1_000, "乙": 1_000})
    rx = world.authorized(patient, lines=lines)
    assert set(asks(world.officer, grant)["prescriptions"][0]["lines"]) == {"1", "2"}
    patient.client.command(writes.of(rx, "withdraw"))
    covers(world, patient, {"甲": 1_000, "乙": 0})
    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
    assert set(asks(world.officer, grant)["prescriptions"][0]["lines"]) == {"1"}


def covers(world, patient, rates_bp: dict[str, int]) -> None:
    now = timezone.now()
    period = {"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=1)}
    said = {"patient": patient.id_number, "rates_bp": rates_bp}
    times = {name: at.isoformat() for name, at in period.items()}
    world.insurer_agent.write("/api/coverages", {**said, **times})


# --- who it is ----------------------------------------------------------------------------------


def test_readers_of_one_organisation_know_a_patient_by_one_pseudonym(world, patient):
    """Z4: the same under each grant and for each purpose, and another one elsewhere."""
    elsewhere = a_member(Role.RESEARCHER, an_organisation(OrganisationKind.RESEARCH))
    first, second = (grants(patient, world.researcher, Purpose.RESEARCH) for _ in range(2))
    other = grants(patient, elsewhere, Purpose.RESEARCH)
    somebody = grants(world.a_patient(), world.researcher, Purpose.RESEARCH)

    names = [asks(world.researcher, one)["patient"] for one in (first, second, somebody)]
    names.append(asks(elsewhere, other)["patient"])

    assert names[0] == names[1]
    assert len(set(names)) == 3
    listed = {one["id"]: one["patient"] for one in received(world.researcher)}
    assert [listed[one["id"]] for one in (first, second, somebody)] == names[:3]


def test_an_officer_or_a_researcher_cannot_ask_by_number(world, patient):
    """Z4: or the number and the pseudonym would be put together, and by guessing at that."""
    for reader, purpose in (
        (world.officer, Purpose.UNDERWRITING),
        (world.officer, Purpose.CLAIM),
        (world.researcher, Purpose.RESEARCH),
    ):
        grants(patient, reader, purpose)
        assert looking.refused(reader, patient)


def test_a_cursor_tells_neither_id_nor_time(world, patient):
    """Z4, D3: it goes on where the page ended, and under no other grant."""
    ids = [UUID(world.issued(patient)) for _ in range(3)]
    grant, other = (grants(patient, world.researcher, Purpose.RESEARCH) for _ in range(2))

    first = asks(world.researcher, grant, size=2)
    rest = asks(world.researcher, grant, size=2, cursor=first["next"])

    assert [len(page["prescriptions"]) for page in (first, rest)] == [2, 1]
    assert rest["next"] is None
    with pytest.raises(paging.BadCursor):
        paging.Cursor.parse(first["next"])
    plain = str(paging.Cursor(timezone.now(), ids[0]))
    for wrong, under in ((first["next"], other), (plain, grant), ("x", grant), ("中", grant)):
        body = {"grant": under["id"], "cursor": wrong}
        answer = raw(world.researcher, "POST", ASKED, key=None, body=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "page.bad_cursor")


def test_a_reader_lists_what_was_granted_and_is_in_force(world, patient):
    """Z7: to the organisation or to the reader, for the reader's purposes; page by page."""
    insurer = an_organisation(OrganisationKind.INSURER)
    officer, colleague = (a_member(Role.OFFICER, insurer) for _ in range(2))
    all_of_us = grants(patient, officer, Purpose.CLAIM)
    mine = grants(patient, officer, Purpose.UNDERWRITING, account=officer.account)
    theirs = grants(patient, officer, Purpose.CLAIM, account=colleague.account)
    gone = grants(patient, officer, Purpose.CLAIM)
    withdraws(patient, gone)

    assert [one["id"] for one in received(officer)] == [mine["id"], all_of_us["id"]]
    assert [one["id"] for one in received(colleague)] == [theirs["id"], all_of_us["id"]]
    page = officer.get(RECEIVED, size=1)
    following = officer.get(RECEIVED, size=1, cursor=page["next"])
    assert [one["grants"][0]["id"] for one in (page, following)] == [mine["id"], all_of_us["id"]]
    assert following["next"] is None
    assert set(received(officer)[0]) == {
        *("id", "subject", "patient", "account", "purpose", "opens", "since", "until"),
    }


def test_whoever_has_left_is_in_no_list_and_opens_nothing(world):
    """Z3: what a patient granted ends with the account."""
    leaver = world.a_patient()
    grant = grants(leaver, world.researcher, Purpose.RESEARCH)
    ready = writes.erase(world, leaver)
    ready.by.write(ready.path, ready.body)
    assert grant["id"] not in [one["id"] for one in received(world.researcher)]
    answer = raw(world.researcher, "POST", ASKED, key=None, body={"grant": grant["id"]})
    assert (answer.status_code, answer.json()["code"]) == looking.REFUSED


def tomorrow_night() -> datetime:
    """23:30 in Shanghai."""
    there = timezone.now().astimezone(SHANGHAI) + timedelta(days=1)
    return there.replace(hour=23, minute=30, second=0, microsecond=0).astimezone(UTC)


# --- the look -----------------------------------------------------------------------------------

READERS = [
    ("other_pharmacist", Purpose.MEDICATION_REVIEW),
    ("officer", Purpose.CLAIM),
    ("officer", Purpose.UNDERWRITING),
    ("researcher", Purpose.RESEARCH),
]
each = pytest.mark.parametrize(("reader", "purpose"), READERS, ids=str)


@each
def test_the_patient_reads_who_looked_and_why(world, patient, reader, purpose):
    """L15: the look is in the proven list, under its grant, with the words of its purpose."""
    reader = getattr(world, reader)
    world.issued(patient)
    grant = grants(patient, reader, purpose)
    with watched() as watch:
        asks(reader, grant)
    for one in watch.opened:
        assert one.wrongs(reader.account) == []

    (view,) = [one for one in own_list(patient) if one.facts.get("basis") == grant["subject"]]
    assert view.facts["reader"] == account(reader).actor.name
    assert view.facts["fields"] == grant["opens"]
    for line in network.lines():
        tasks.patients(line)
    looks = patient.client.get("/api/me/looks")["looks"]
    (told,) = [one for one in looks if one["basis"] == grant["subject"]]
    role = lookwords.ROLES[account(reader).role]
    for word in (lookwords.PURPOSES[purpose], role, "您签署的查看授权"):
        assert word in told["text"]
    assert lawfulness.faults() == []


@each
def test_the_first_use_and_a_look_at_night_are_told(world, patient, reader, purpose):
    """Z9: as of a doctor's: the first use once, what is unusual once a day."""
    reader = getattr(world, reader)
    night = tomorrow_night()
    until = (night + timedelta(days=20)).isoformat()
    grant = grants(patient, reader, purpose, until=until)
    told = Notice.objects.filter(subject=grant["subject"])
    with time_machine.travel(night, tick=False):
        reader.enter_with_key()
        asks(reader, grant)
        asks(reader, grant)
    reader.enter_with_key()  # the session of that night has ended by now
    assert sorted(told.values_list("kind", flat=True)) == ["grant.used", "look.unusual"]


@each
def test_a_page_costs_the_same_with_one_as_with_fifty(world, patient, reader, purpose):
    """D3, L15: one entry and a fixed number of queries, whatever is stored."""
    reader = getattr(world, reader)
    world.covers(patient, insurer_bp=1_000)
    rx = world.authorized(patient)
    grant = grants(patient, reader, purpose)
    asks(reader, grant)  # the first use is told, once
    few = queries_of(lambda: asks(reader, grant, size=50))
    more(Prescription.objects.get(id=rx), 60)
    copies = Prescription.objects.filter(patient_id=patient.account, status="draft")
    copies.update(status="expired")
    many = queries_of(lambda: asks(reader, grant, size=50))
    assert len(many) == len(few) <= 12, "\n".join(many)


def test_the_list_costs_the_same_with_one_as_with_twenty(world):
    """D3"""
    researcher = a_member(Role.RESEARCHER, an_organisation(OrganisationKind.RESEARCH))
    grants(world.patient, researcher, Purpose.RESEARCH)
    few = queries_of(lambda: received(researcher))
    for _ in range(19):
        grants(world.patient, researcher, Purpose.RESEARCH)
    many = queries_of(lambda: received(researcher))
    assert len(many) == len(few) <= 3, "\n".join(many)


# --- the statement ------------------------------------------------------------------------------

SAYS = {
    Purpose.TREATMENT: ("为诊疗允许", "的医生查看您在所有医院的处方："),
    Purpose.MEDICATION_REVIEW: ("为用药评估允许", "的药师查看您在所有医院的处方："),
    Purpose.CLAIM: ("为理赔审核允许", "的理赔专员查看由其支付的您的处方（不显示您是谁）："),
    Purpose.UNDERWRITING: ("为投保核保允许", "的理赔专员查看您在所有医院的处方（不显示您是谁）："),
    Purpose.RESEARCH: ("为医学研究允许", "的研究人员查看您在所有医院的处方（不显示您是谁）："),
}


@pytest.mark.parametrize("purpose", Purpose)
def test_the_phone_shows_what_is_granted_before_it_signs(world, patient, purpose):
    """What was seen is what is signed."""
    readers = {Purpose.TREATMENT: "foreign_doctor", **{why: name for name, why in READERS}}
    organisation = account(getattr(world, readers[purpose])).organisation
    assert organisation is not None
    said = {"purpose": purpose.value, "opens": [*TERMS[purpose].fields]}
    body = {**writes.granting(organisation.slug, **said), "key": patient.client.key_name}
    shown = patient.client.post("/api/me/grants/statement", body)["shows"]["zh"]
    begins, goes_on = SAYS[purpose]
    assert shown.startswith(f"{begins}{organisation.name}{goes_on}")


@pytest.mark.parametrize(
    ("ahead_s", "lasts_s", "code"),
    [(30, 20, "grant.wrong_period"), (30, 30, "grant.wrong_period"), (30, 31, ""), (0, 1, "")],
)
def test_a_grant_of_seconds_from_a_fast_phone(world, patient, ahead_s, lasts_s, code):
    """F11: it is in force since what was signed; what would end before that is no grant."""
    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False):
        client = patient.client
        until = (now + timedelta(seconds=lasts_s)).isoformat()
        body = writes.granting(world.foreign_hospital.slug, until=until)
        drawn = client.post("/api/me/grants/statement", {**body, "key": client.key_name})
        statement = Statement.parse(drawn["statement"].encode())
        assert timedelta(seconds=ahead_s) <= signing.AHEAD
        ahead = f"{now + timedelta(seconds=ahead_s):%Y-%m-%dT%H:%M:%S}.000000Z"
        text = drawn["statement"].replace(f"{statement.at:%Y-%m-%dT%H:%M:%S}.000000Z", ahead, 1)
        note = client.sign(text)
        answer = raw(client, "POST", "/api/me/grants", body={**body, "note": note})
    assert answer.json().get("code", "") == code, answer.text
    if not code:
        made = Grant.objects.get(id=answer.json()["id"])
        assert made.since == now + timedelta(seconds=ahead_s)
