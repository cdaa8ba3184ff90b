"""个人信息保护法, art. 46: who finds a record wrong has it put right, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from fhir.resources.R4B.bundle import Bundle

from hospital import records
from hospital.client import Client, Problem
from hospital.corrections.models import Correction
from hospital.models import SealedRecord
from hospital.roles import OrganisationKind, Role
from insurance import bundle
from ledger import queries as ledger
from ledger.entry import Statement
from ledger.note import parse
from tests import invariants, lawfulness
from tests.journeys import copying, looking, telling, writes
from tests.journeys.correcting import (
    PATH,
    RIGHT,
    WRONG,
    accepts,
    appeals,
    asks,
    beside,
    decides,
    disputed,
    one,
    refuses,
    takes_back,
    words,
)
from tests.journeys.series import refused
from tests.journeys.turns import in_turn
from tests.journeys.watching import account, at_once, drawn, everything, outcomes, raw
from tests.world import a_member, an_organisation

MOMENT = timedelta(microseconds=1)


def entries(correction) -> list[Statement]:
    found = ledger.entries_about(correction["subject"])
    return [Statement.parse(parse(each.note).text) for each in found]


def test_a_wrong_allergy_is_put_right_and_the_record_stays(world, patient):
    rx = disputed(world, patient)
    record = SealedRecord.objects.get(prescription__id=rx)
    before = bytes(record.body), bytes(record.commitment)

    asked = asks(patient, rx)
    (waits,) = [
        each
        for each in world.other_doctor.get(f"{PATH}/awaiting", size=50)["corrections"]
        if each["id"] == asked["id"]
    ]
    seen = world.other_doctor.get(one(asked))
    done = accepts(world.other_doctor, asked)

    assert (waits["state"], waits["overdue"]) == ("asked", False)
    assert seen["request"] == {"allergies": RIGHT, "why": "附皮试报告"}
    assert seen["record"]["allergies"] == WRONG
    assert done["state"] == "accepted"
    path = f"/api/prescriptions/{rx}"
    for reader in (world.doctor, patient.client):
        shown = reader.get(path)
        assert shown["fields"]["allergies"] == WRONG
        (amendment,) = shown["amendments"]
        assert amendment["kind"] == "amendment"
        assert amendment["fields"]["allergies"] == RIGHT
        assert (amendment["by"], amendment["role"]) == (world.other_doctor.account, "doctor")
        assert amendment["organisation"] == world.hospital.slug
        assert amendment["subject"] == asked["subject"]
        assert amendment["at"] == done["answered_at"]
    record.refresh_from_db()
    assert (bytes(record.body), bytes(record.commitment)) == before
    assert [each.kind for each in entries(asked)] == ["correction.ask", "correction.accept"]
    row = Correction.objects.get(id=asked["id"])
    assert row.answer is not None
    committed = [bytes(each.commitment) for each in (row.request, row.answer)]
    assert [each.commitment for each in entries(asked)] == committed
    assert telling.told(patient, asked["subject"]) == ["correction.accepted"]
    assert lawfulness.faults() == []
    assert not invariants.come_to_rest()


def test_every_reader_sees_it_as_far_as_the_look_goes(world, patient):
    """A grant of the allergies opens the amendment of them, and one of the medicines does not."""
    rx = disputed(world, patient)
    accepts(world.doctor, asks(patient, rx))
    to = world.foreign_hospital.slug

    for opens, seen in ((["allergies"], [RIGHT]), (["line/"], [])):
        grant = looking.grants(patient, to, opens=opens)
        (past,) = looking.asks(world.foreign_doctor, patient)["prescriptions"]
        assert [each["fields"]["allergies"] for each in past["amendments"]] == seen
        assert world.hospital.slug not in str(past)
        looking.withdraws(patient, grant)
    looking.grants(patient, to)
    (past,) = looking.asks(world.foreign_doctor, patient)["prescriptions"]
    assert [each["organisation"] for each in past["amendments"]] == [world.hospital.slug]
    assert "why" not in past["amendments"][0]["fields"]
    assert lawfulness.faults() == []


def test_a_refusal_is_appealed_and_upheld_with_the_patients_word_beside_it(world, patient):
    rx = disputed(world, patient)
    path = f"/api/prescriptions/{rx}"
    asked = asks(patient, rx)
    with refused("correction.no_basis"):
        world.regulator.get(one(asked))
    refuses(world.doctor, asked)
    assert beside(world.doctor, path) == []
    appealed = appeals(patient, asked)
    (word,) = beside(world.doctor, path)
    assert world.regulator.get(one(asked))["answer"] == {"why": "皮试记录在案"}

    decided = decides(world.regulator, asked, "uphold")

    assert (appealed["state"], decided["state"]) == ("appealed", "upheld")
    assert (word["kind"], word["role"]) == ("disagreement", "patient")
    assert word["fields"]["allergies"] == "我从未做过皮试"
    assert beside(world.doctor, path) == [word]
    for again in (lambda: appeals(patient, asked), lambda: accepts(world.doctor, asked)):
        with refused("correction.wrong_state"):
            again()
    with refused("correction.wrong_state"):
        decides(world.regulator, asked, "turn")
    told = ["correction.refused", "correction.decided"]
    assert telling.told(patient, asked["subject"]) == told
    assert lawfulness.faults() == []


def test_a_refusal_is_turned_and_what_was_asked_for_stands_beside_the_record(world, patient):
    rx = disputed(world, patient)
    asked = asks(patient, rx)
    refuses(world.doctor, asked, "unproven")
    appeals(patient, asked)

    decides(world.regulator, asked, "turn")

    (decision,) = beside(world.doctor, f"/api/prescriptions/{rx}")
    assert (decision["kind"], decision["role"]) == ("decision", "regulator")
    assert decision["fields"]["allergies"] == RIGHT
    assert entries(asked)[-1].commitment == entries(asked)[0].commitment
    assert lawfulness.faults() == []


def test_a_doctor_of_another_hospital_may_not(world, patient):
    asked = asks(patient, disputed(world, patient))
    for call in (
        lambda: world.foreign_doctor.get(one(asked)),
        lambda: accepts(world.foreign_doctor, asked),
        lambda: refuses(world.foreign_doctor, asked),
    ):
        with refused("correction.wrong_hospital"):
            call()
    waiting = world.foreign_doctor.get(f"{PATH}/awaiting")["corrections"]
    assert asked["id"] not in [each["id"] for each in waiting]
    with refused("correction.wrong_patient"):
        world.other_patient.client.get(one(asked))
    with refused("correction.wrong_patient"):
        takes_back(world.other_patient, asked)


def test_two_answers_at_once_and_one_counts(world, patient):
    """R2"""
    asked = asks(patient, disputed(world, patient))
    accepting = drawn(world.doctor, one(asked, "accept"), words())
    refusing = {**words(None), "reason": "correct"}
    refusing = drawn(world.other_doctor, one(asked, "refuse"), refusing)
    back = drawn(patient.client, one(asked, "take-back"), {})

    done = at_once(
        lambda: world.doctor.write(one(asked, "accept"), accepting),
        lambda: world.other_doctor.write(one(asked, "refuse"), refusing),
        lambda: patient.client.write(one(asked, "take-back"), back),
    )

    assert outcomes(done) == ["correction.wrong_state", "correction.wrong_state", "done"]
    assert len(entries(asked)) == 2
    assert lawfulness.faults() == []


def test_two_requests_at_once_about_one_record_and_one_counts(world, patient):
    """R2"""
    rx = disputed(world, patient)
    bodies = [drawn(patient.client, PATH, {"prescription": rx, **words()}) for _ in range(2)]
    done = at_once(*(lambda body=body: patient.client.write(PATH, body) for body in bodies))
    assert outcomes(done) == ["correction.already_open", "done"]


def test_an_open_prescription_is_changed_and_not_amended(world, patient):
    """Decision 0016: the doctor is shown the way; the former content can then be amended."""
    rx = world.approved(patient, allergies=WRONG)
    asked = asks(patient, rx)
    answer = raw(
        world.doctor,
        "POST",
        f"{one(asked, 'accept')}/statement",
        body={**words(), "key": world.doctor.key_name},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "correction.still_open")
    assert answer.json()["change"] == f"/api/prescriptions/{rx}/change"

    world.change(rx)
    accepts(world.doctor, asked)

    newest, former = patient.client.get(f"/api/prescriptions/{rx}/versions")["versions"]
    assert newest["amendments"] == []
    assert [each["kind"] for each in former["amendments"]] == ["amendment"]
    asks(patient, rx, version=1)
    with refused("correction.unknown_version"):
        asks(patient, rx, version=3)


def test_a_consultation_is_put_right_too(world, patient):
    talk = world.answered(patient)
    world.doctor.command(writes.talk(talk, "close"))
    body = {"consultation": talk, **words("症状已有三周", field="complaint")}

    asked = patient.client.command(PATH, body)
    accepts(world.doctor, asked, "症状已有三周", field="complaint")

    (amendment,) = beside(world.doctor, f"/api/consultations/{talk}")
    assert amendment["fields"]["complaint"] == "症状已有三周"
    waiting = {"consultation": world.asked(patient), **words("x", field="complaint")}
    with refused("correction.no_record"):
        patient.client.command(PATH, waiting)
    assert lawfulness.faults() == []


def test_what_is_refused_to_the_patient(world, patient):
    rx = disputed(world, patient)
    before = everything()
    asked = {"prescription": rx, **words()}
    tries: dict[str, Any] = {
        "access.wrong_patient": {"prescription": disputed(world, world.other_patient)},
        "prescription.unknown": {"prescription": "1" * 32},
        "correction.bad_fields": {"right": {"why": "x"}},
        "record.bad_salt": {"salt": "x"},
        "body.invalid": {"consultation": world.consulted(world.other_patient)},
    }
    before = everything()
    for code, change in tries.items():
        with refused(code):
            patient.client.command(PATH, {**asked, **change})
    for right in ({}, {"stock": "x"}, {"line/../x": "x"}, {f"line/{n}": "x" for n in range(11)}):
        with refused("correction.bad_fields"):
            patient.client.command(PATH, {**asked, "right": right})
    assert everything() == before
    records.forget(SealedRecord.objects.filter(prescription__id=rx))
    with refused("record.erased"):
        patient.client.command(PATH, asked)


def test_so_many_and_no_more(world, patient, monkeypatch):
    monkeypatch.setattr("hospital.corrections.actions.asking.OPEN_MAX", 2)
    first = asks(patient, world.issued(patient))
    asks(patient, world.issued(patient))
    with refused("correction.too_many"):
        asks(patient, world.issued(patient))
    takes_back(patient, first)
    asks(patient, world.issued(patient))


@contextmanager
def at(moment: datetime, *clients: Client) -> Iterator[None]:
    """It is this moment, and these people have just logged in."""
    with time_machine.travel(moment, tick=False):
        for client in clients:
            client.enter_with_key()
        yield


def test_what_a_hospital_does_not_answer_in_time_the_regulator_sees(world, patient):
    """A late answer counts all the same."""
    doctor = a_member(Role.DOCTOR, world.hospital)
    regulator = a_member(Role.REGULATOR, an_organisation(OrganisationKind.REGULATOR))
    asked = asks(patient, disputed(world, patient))
    until = datetime.fromisoformat(asked["answer_until"])
    assert until - datetime.fromisoformat(asked["asked_at"]) == timedelta(days=30)

    def late() -> list[bool]:
        waiting = regulator.get(f"{PATH}/awaiting", size=50)["corrections"]
        return [each["overdue"] for each in waiting if each["id"] == asked["id"]]

    with at(until - MOMENT, regulator):
        assert late() == []
        with refused("correction.no_basis"):
            regulator.get(one(asked))
    with at(until, doctor, regulator):
        assert late() == [True]
        assert regulator.get(one(asked))["request"]["allergies"] == RIGHT
        assert accepts(doctor, asked)["state"] == "accepted"
        assert late() == []


def test_an_appeal_comes_in_time(world, patient):
    """F11: to the microsecond."""
    asked = asks(patient, disputed(world, patient))
    answered = refuses(world.doctor, asked)
    until = datetime.fromisoformat(answered["appeal_until"])
    assert until - datetime.fromisoformat(answered["answered_at"]) == timedelta(days=60)
    with at(until, patient.client), refused("correction.out_of_time"):
        appeals(patient, asked)
    with at(until - MOMENT, patient.client):
        assert appeals(patient, asked)["state"] == "appealed"


def test_an_appeal_can_be_taken_back_and_the_word_goes_with_it(world, patient):
    rx = disputed(world, patient)
    asked = asks(patient, rx)
    refuses(world.doctor, asked)
    appeals(patient, asked)
    takes_back(patient, asked)
    assert beside(world.doctor, f"/api/prescriptions/{rx}") == []
    with refused("correction.wrong_state"):
        decides(world.regulator, asked, "turn")
    assert asks(patient, rx)["state"] == "asked"


def test_a_second_request_stands_in_the_way_of_an_appeal(world, patient):
    rx = disputed(world, patient)
    first = asks(patient, rx)
    refuses(world.doctor, first)
    second = asks(patient, rx)
    with refused("correction.already_open"):
        appeals(patient, first)
    takes_back(patient, second)
    appeals(patient, first)


def test_the_patient_reads_who_looked_at_the_request_and_takes_it_along(world, patient):
    """L15: 个人信息保护法, art. 45; the words are proven by the entries."""
    rx = disputed(world, patient)
    asked = asks(patient, rx)
    world.other_doctor.get(one(asked))
    refuses(world.other_doctor, asked)
    appeals(patient, asked)
    decides(world.regulator, asked, "turn")

    pages = copying.pages(patient)

    bundle.verify(pages, copying.policy())
    Bundle.model_validate_json(pages[0])
    said = [
        each
        for each in copying.of_kind(pages, "Communication")
        if each["category"][0]["text"].startswith("correction.")
    ]
    kinds = [each["category"][0]["text"] for each in said]
    verbs = ("ask", "refuse", "appeal", "decide")
    assert kinds == [f"correction.{verb}" for verb in verbs]
    assert {each["about"][0]["identifier"]["value"] for each in said} == {f"rx/{UUID(rx).hex}"}
    assert f"allergies: {RIGHT}" in [each["contentString"] for each in said[0]["payload"]]
    assert "payload" not in said[3]
    looks = patient.client.get("/api/me/looks", size=50)["looks"]
    (look,) = [
        each for each in looks if each["of"] == asked["subject"] and each["purpose"] == "correction"
    ]
    assert "处理您的更正请求" in look["text"]
    assert "您请求该医院更正的记录" in look["text"]
    mine = patient.client.get(PATH)["corrections"]
    assert [each["id"] for each in mine] == [asked["id"]]
    assert mine[0]["answer"] == {"why": "皮试记录在案"}
    assert mine[0]["appeal"]["allergies"] == "我从未做过皮试"


def test_erasure_takes_what_was_said_with_the_record(world, patient):
    """G6: kept as long as the record, for the regulator alone; not while an answer is awaited."""
    rx = world.issued(patient, allergies=WRONG)
    world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
    asked = asks(patient, rx)
    with pytest.raises(Problem) as refusal:
        patient.client.command("/api/me/erasure")
    assert (refusal.value.code, refusal.value.body["open"]) == (
        "erasure.unfinished",
        {"corrections": 1},
    )
    accepts(world.doctor, asked)

    patient.client.command("/api/me/erasure")

    row = Correction.objects.select_related("of", "request", "answer").get(id=asked["id"])
    assert row.answer is not None
    assert row.of.kept_until is not None
    assert {row.request.kept_until, row.answer.kept_until} == {row.of.kept_until}
    listed = world.doctor.get("/api/prescriptions", size=50)["prescriptions"]
    assert [each["amendments"] for each in listed if each["id"] == rx] == [[]]
    seen = world.doctor.get(one(asked))
    assert (seen["record"], seen["request"], seen["answer"]) == (None, None, None)
    kept = world.regulator.get(f"/api/prescriptions/{rx}")
    assert [each["fields"]["allergies"] for each in kept["amendments"]] == [RIGHT]
    assert world.regulator.get(one(asked))["request"]["allergies"] == RIGHT
    records.forget_kept(at=row.of.kept_until)
    row.request.refresh_from_db()
    assert bytes(row.request.wrapped_key) == b""
    assert world.regulator.get(one(asked))["request"] is None
    assert not invariants.come_to_rest()


@pytest.mark.parametrize("erased_first", [True, False])
def test_asking_at_the_moment_of_an_erasure(world, patient, erased_first):
    """F1: whichever is first; no word of a request outlives the record by mistake."""
    rx = world.issued(patient)
    world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
    asking = drawn(patient.client, PATH, {"prescription": rx, **words()})
    erasing = drawn(patient.client, "/api/me/erasure", {})

    def ask() -> Any:
        return patient.client.write(PATH, asking)

    def erase() -> Any:
        return patient.client.write("/api/me/erasure", erasing)

    done, failed = in_turn(erase, ask) if erased_first else in_turn(ask, erase)
    assert isinstance(done, dict)
    assert failed.code == ("record.erased" if erased_first else "erasure.unfinished")


def test_nobody_answers_the_own_request(world, patient):
    """K8: whatever the account."""
    asked = asks(patient, disputed(world, patient))
    doctor = a_member(Role.DOCTOR, world.hospital, person=account(patient.client).person)
    for call in (lambda: doctor.get(one(asked)), lambda: accepts(doctor, asked)):
        with refused("correction.own"):
            call()


def test_who_refused_does_not_decide(world, patient):
    """K8: whatever the account."""
    asked = asks(patient, disputed(world, patient))
    refuses(world.doctor, asked)
    appeals(patient, asked)
    authority = an_organisation(OrganisationKind.REGULATOR)
    regulator = a_member(Role.REGULATOR, authority, person=account(world.doctor).person)
    with refused("correction.own"):
        decides(regulator, asked, "uphold")
    decides(world.regulator, asked, "uphold")
