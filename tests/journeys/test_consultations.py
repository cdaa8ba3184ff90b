"""An online consultation, told as stories: asked, accepted, talked about, prescribed, closed."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from config.demo import form
from hospital.calendar import legal_day
from hospital.consultations.actions import asking, ending, talking
from hospital.consultations.models import Consultation, Message
from hospital.models import Account, SealedRecord
from hospital.roles import Role
from ledger import commitments
from ledger import queries as ledger
from ledger.entry import Statement
from ledger.note import parse
from prescriptions.models import Prescription
from tests import lawfulness
from tests.journeys import writes
from tests.journeys.test_broken_database import failing, fails
from tests.journeys.test_query_counts import queries_of
from tests.journeys.watching import (
    account,
    at_once,
    count_entries,
    drawn,
    everything,
    outcomes,
    raw,
)
from tests.world import (
    PAEDIATRICS,
    Patient,
    World,
    a_department,
    a_doctor,
    a_member,
)


def statements(consultation: str) -> list[Statement]:
    found = ledger.entries_about(f"consultation/{UUID(consultation).hex}")
    return [Statement.parse(parse(entry.note).text) for entry in found]


def state(consultation: str) -> str:
    return Consultation.objects.get(id=consultation).state


def refused(client, path, body=None, *, verb="POST"):
    """Status and code of a refusal that changes nothing."""
    before = everything()
    answer = raw(client, verb, path, body=body)
    assert answer.status_code >= 400, answer.text
    assert everything() == before
    return answer.status_code, answer.json()["code"]


def statement(client, consultation, verb, **body):
    """The refusal of a statement to sign."""
    path = f"/api/consultations/{consultation}/{verb}/statement"
    return refused(client, path, {**body, "key": client.key_name})


def test_from_question_to_prescription_to_close(world: World, patient: Patient):
    """The whole way; the transcript is recomputed from what the patient reads, and is signed."""
    me = world.doctor.account
    listed = patient.client.get(f"/api/organisations/{world.hospital.slug}/departments")
    (department,) = [
        one
        for one in listed["departments"]
        if any(doctor["account"] == me for doctor in one["doctors"])
    ]
    asked = world.question()
    asked["earlier"]["picture"] = form.PICTURE
    asked["department"] = department["id"]
    made = patient.client.write("/api/consultations", asked)
    path = f"/api/consultations/{made['id']}"
    patient.client.command(f"{path}/ask")
    queue = world.doctor.get("/api/consultations/awaiting", size=50)["consultations"]
    (mine,) = [one for one in queue if one["id"] == made["id"]]
    assert mine["fields"]["complaint"] == asked["complaint"]
    assert "picture/picture" not in mine["fields"]
    seen = world.doctor.get(path)
    assert seen["fields"]["picture/picture"] == form.PICTURE
    assert seen["fields"]["earlier/diagnosis/1"]["code"] == "J06.900"

    world.doctor.command(f"{path}/accept", {"follow_up": True})
    patient.client.write(f"{path}/messages", {"text": "还有点咳嗽。"})
    patient.client.write(f"{path}/pictures", {"picture": form.PICTURE})
    world.doctor.write(f"{path}/messages", {"text": "继续服药，三天后复查。"})
    rx = world.issued(patient, online=True, consultation=made["id"])
    world.doctor.command(f"{path}/close")

    listed = patient.client.get(f"{path}/messages")["messages"]
    assert [one["author"] for one in listed] == ["patient", "patient", "doctor"]
    assert [one["kind"] for one in listed] == ["text", "picture", "text"]
    assert "picture" not in listed[1]
    shown = [patient.client.get(f"{path}/messages/{n}") for n in (1, 2, 3)]
    assert shown[1]["picture"] == form.PICTURE
    digests = [recomputed(one) for one in shown]
    assert [digest.hex() for digest in digests] == [one["commitment"] for one in listed]
    last = statements(made["id"])[-1].facts
    assert last["messages"] == 3
    assert last["transcript"] == hashlib.sha256(b"".join(digests)).hexdigest()
    assert [one.kind for one in statements(made["id"])] == [
        "consultation.ask",
        "consultation.accept",
        "consultation.close",
    ]
    (issue,) = ledger.entries_about(f"rx/{UUID(rx).hex}")
    facts = Statement.parse(parse(issue.note).text).facts
    assert facts["consultation"] == f"consultation/{UUID(made['id']).hex}"
    assert Prescription.objects.get(id=rx).consultation_id == UUID(made["id"])


def recomputed(message: dict[str, Any]) -> bytes:
    """The commitment of a message from its fields and salts, as anybody computes it."""
    return commitments.commit(
        commitments.digest(base64.b64decode(salt), name, message[name])
        for name, salt in message["salts"].items()
    )


def test_every_way_of_a_consultation_is_lawful(world: World, patient: Patient):
    """C1: each move, made through the API or by the clock, passes the law that validators obey."""
    for make in writes.OF_CONSULTATIONS:
        ready = make(world, patient)
        ready.by.write(ready.path, ready.body)
    world.issued(patient, online=True)
    asked, talked = world.asked(patient), world.answered(patient)
    row = Consultation.objects.get(id=asked)
    assert ending._lapse(UUID(asked), row.accept_until - timedelta(microseconds=1)) is False
    assert ending._lapse(UUID(asked), row.accept_until) is True
    assert ending._lapse(UUID(talked), row.accept_until) is False
    close_until = Consultation.objects.get(id=talked).close_until
    assert ending._lapse(UUID(talked), close_until) is True
    assert (state(asked), state(talked)) == ("lapsed", "lapsed")
    assert statements(talked)[-1].facts["messages"] == 2
    assert lawfulness.faults() == []


def test_the_clock_ends_what_is_due_and_nothing_else(world, patient):
    """F8"""
    asked, closed = world.asked(patient), world.answered(patient)
    world.doctor.command(f"/api/consultations/{closed}/close")
    later = timezone.now() + timedelta(hours=73)
    ending.lapse_due(at=timezone.now())
    assert state(asked) == "asked"
    assert ending.lapse_due(at=later) >= 1
    assert (state(asked), state(closed)) == ("lapsed", "closed")
    assert ending.lapse_due(at=later) == 0


def test_questions_that_nobody_asked_are_forgotten(world, patient):
    """P2: with their content."""
    written, asked = world.written(patient), world.asked(patient)
    record = Consultation.objects.get(id=written).record_id
    asking.forget_drafts(at=timezone.now() + timedelta(hours=25))
    assert not Consultation.objects.filter(id=written).exists()
    assert not SealedRecord.objects.filter(id=record).exists()
    assert state(asked) == "asked"


class TestFirstVisit:
    """Article 16: no first visit ends in an online prescription, on no way."""

    def test_without_a_consultation(self, world, patient):
        body = {**world.draft(patient), "online": True}
        assert broken(world.doctor, body) == {"rx.online_first_visit"}

    def test_without_the_doctor_s_word(self, world, patient):
        first = world.consulted(patient, follow_up=False)
        body = world.draft(patient, online=True, consultation=first)
        assert "rx.online_first_visit" in broken(world.doctor, body)

    def test_without_evidence_the_doctor_cannot_say_so(self, world, patient):
        asked = patient.client.write(
            "/api/consultations",
            {"department": world.question()["department"], "complaint": "头一次发作。"},
        )["id"]
        patient.client.command(f"/api/consultations/{asked}/ask")
        assert statement(world.doctor, asked, "accept", follow_up=True) == (
            422,
            "consultation.no_evidence",
        )
        world.doctor.command(f"/api/consultations/{asked}/accept", {"follow_up": False})

    def test_another_illness_warns(self, world, patient):
        other = [{"code": "I10.x00", "name": "高血压", "main": True}]
        made = world.doctor.write(
            "/api/prescriptions", world.draft(patient, online=True, diagnoses=other)
        )
        assert "rx.online_new_diagnosis" in [one["rule"] for one in made["findings"]]

    def test_the_same_illness_is_told_by_its_category(self, world, patient):
        """J06.900 was brought as evidence, J06.9 is prescribed for."""
        made = world.doctor.write("/api/prescriptions", world.draft(patient, online=True))
        assert "rx.online_new_diagnosis" not in [one["rule"] for one in made["findings"]], made


def broken(doctor, body) -> set[str]:
    answer = raw(doctor, "POST", "/api/prescriptions", body=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "prescription.rule_broken")
    found = answer.json()["findings"]
    return {one["rule"] for one in found if one["severity"] == "block"}


def test_an_online_prescription_names_an_open_consultation_of_the_two(world, patient):
    """Z1, R8: not another's, not another doctor's, not one that has ended, not one in person."""
    other = world.other_patient
    ended = world.answered(patient)
    world.doctor.command(f"/api/consultations/{ended}/close")
    wrong = [
        world.consulted(other),
        world.consulted(patient, world.other_doctor),
        world.asked(patient),
        ended,
        str(uuid4()),
    ]
    wrong_one = (422, "prescription.wrong_consultation")
    for one in wrong:
        body = world.draft(patient, online=True, consultation=one)
        assert refused(world.doctor, "/api/prescriptions", body) == wrong_one
    body = world.draft(patient, consultation=world.consulted(patient))
    assert refused(world.doctor, "/api/prescriptions", body) == wrong_one


def test_nothing_is_issued_after_the_consultation_has_ended(world, patient):
    """R8"""
    consultation = world.answered(patient)
    rx = world.drafted(patient, online=True, consultation=consultation)
    path = f"/api/prescriptions/{rx}/issue"
    ready = drawn(world.doctor, path, {})
    world.doctor.command(f"/api/consultations/{consultation}/close")
    assert refused(world.doctor, path, ready) == (409, "prescription.consultation_ended")


class TestRealName:
    """Rules of supervision, article 13: who the doctor is, is proved before patients are seen."""

    def test_a_session_by_enrolment_does_not_count(self, world, patient):
        department = a_department(world.hospital)
        doctor = a_member(Role.DOCTOR, world.hospital, department=department)
        asked = world.asked(patient)
        answer = accepting(doctor, asked)
        assert answer["code"] == "consultation.not_real_name"
        assert answer["missing"] == ["key_login"]
        doctor.enter_with_key()
        assert accepting(doctor, asked)["code"] == "consultation.too_few_years"

    def test_counts_for_twelve_hours(self, world, patient, monkeypatch):
        from hospital.consultations import practice

        asked = world.asked(patient)
        monkeypatch.setattr(practice, "REAL_NAME_FOR", timedelta(0))
        assert accepting(world.doctor, asked)["missing"] == ["key_login"]

    def test_names_all_that_is_missing(self, world, patient):
        doctor = a_member(Role.DOCTOR, world.hospital, person=None, license_number="")
        doctor.enter_with_key()
        found = accepting(doctor, world.asked(patient))
        assert found["missing"] == ["person", "license_number", "department"]
        assert found["article"] == "第十三条"

    @pytest.mark.parametrize("verb", ["close", "decline"])
    def test_is_asked_for_at_the_end_too(self, world, patient, verb):
        doctor = a_doctor(world.hospital)
        consultation = world.consulted(patient, doctor)
        code = login_code(doctor)
        doctor.enrol(code)
        body = {"reason": "other"} if verb == "decline" else {}
        said = statement(doctor, consultation, verb, **body)
        assert said == (403, "consultation.not_real_name")


def login_code(doctor) -> str:
    from hospital.actions import login

    account = Account.objects.get(id=doctor.account)
    return login.make_enrolment_code(account, at=timezone.now())


def accepting(doctor, consultation, **said) -> dict[str, Any]:
    """The refusal of an acceptance, as the doctor reads it."""
    body = {"follow_up": True, "guardian": False, **said, "key": doctor.key_name}
    before = everything()
    answer = raw(doctor, "POST", f"/api/consultations/{consultation}/accept/statement", body=body)
    assert answer.status_code >= 400, answer.text
    assert everything() == before
    return dict(answer.json())


def years_ago(years: int, *, days: int = 0) -> date:
    """So many years before today's legal day, and some days later."""
    today = legal_day(timezone.now())
    try:
        return today.replace(year=today.year - years) + timedelta(days=days)
    except ValueError:  # today is 29 February
        return date(today.year - years, 3, 1) + timedelta(days=days)


class TestYears:
    """Article 25."""

    @pytest.mark.parametrize(("days", "may"), [(1, False), (0, True)])
    def test_three_to_the_day(self, world, patient, days, may):
        doctor = a_doctor(world.hospital, since=years_ago(3, days=days))
        asked = world.asked(patient)
        if may:
            doctor.command(f"/api/consultations/{asked}/accept", {"follow_up": True})
        else:
            found = accepting(doctor, asked)
            assert (found["code"], found["article"]) == (
                "consultation.too_few_years",
                "第二十五条",
            )


class TestSmallChild:
    """Article 19."""

    @pytest.mark.parametrize(("days", "small"), [(1, True), (0, False)])
    def test_six_to_the_day(self, world, days, small):
        child = world.a_patient(born=years_ago(6, days=days))
        asked = world.asked(child)
        if small:
            assert accepting(world.doctor, asked)["code"] == "consultation.child_needs_guardian"
        else:
            world.doctor.command(f"/api/consultations/{asked}/accept", {"follow_up": True})

    def test_needs_guardian_and_specialist(self, world):
        child = world.a_patient(born=years_ago(4))
        asked = world.asked(child, department=PAEDIATRICS)
        found = accepting(world.paediatrician, asked)
        assert (found["guardian"], found["specialist"]) == (False, True)
        said = {"follow_up": True, "guardian": True}
        world.paediatrician.command(f"/api/consultations/{asked}/accept", said)
        body = world.draft(child, online=True, consultation=asked)
        body["lines"] = [{**body["lines"][0], "dose": "0.25"}]
        made = world.paediatrician.write("/api/prescriptions", {**body, "weight_g": 16_000})
        world.paediatrician.command(f"/api/prescriptions/{made['id']}/issue")

    def test_a_guardian_alone_is_not_enough(self, world):
        child = world.a_patient(born=years_ago(4))
        found = accepting(world.doctor, world.asked(child), guardian=True)
        assert (found["guardian"], found["specialist"]) == (True, False)


class TestStrangers:
    """Z1, Z3, Z7: the wrong patient, doctor, department, hospital."""

    def test_before_it_is_accepted(self, world, patient):
        asked = world.asked(patient)
        accept = {"follow_up": True}
        other = world.other_patient.client
        assert statement(other, asked, "withdraw") == (403, "consultation.wrong_patient")
        for verb, body in (("accept", accept), ("decline", {"reason": "other"})):
            said = statement(world.foreign_doctor, asked, verb, **body)
            assert said == (403, "consultation.wrong_hospital")
            said = statement(world.paediatrician, asked, verb, **body)
            assert said == (403, "consultation.wrong_department")

    def test_once_it_is_accepted(self, world, patient):
        talk = world.answered(patient)
        path = f"/api/consultations/{talk}/messages"
        strangers = [
            (world.other_patient.client, "consultation.wrong_patient"),
            (world.other_doctor, "consultation.wrong_doctor"),
            (world.foreign_doctor, "consultation.wrong_hospital"),
        ]
        for client, code in strangers:
            assert refused(client, path, {"text": "x"}) == (403, code)
            for look in (path, f"{path}/1", f"/api/consultations/{talk}"):
                answer = raw(client, "GET", look)
                assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert statement(world.other_doctor, talk, "close") == (403, "consultation.wrong_doctor")

    def test_a_draft_is_the_patient_s_own(self, world, patient):
        written = world.written(patient)
        answer = raw(world.doctor, "GET", f"/api/consultations/{written}")
        assert (answer.status_code, answer.json()["code"]) == (403, "consultation.no_basis")
        listed = world.doctor.get("/api/consultations/awaiting", size=50)["consultations"]
        assert written not in [one["id"] for one in listed]

    def test_a_queue_is_the_department_s(self, world, patient):
        asked = world.asked(patient)
        for doctor in (world.paediatrician, world.foreign_doctor):
            listed = doctor.get("/api/consultations/awaiting", size=50)["consultations"]
            assert asked not in [one["id"] for one in listed]

    def test_a_doctor_does_not_answer_the_own_question(self, world):
        """K8: one person, with an account as a doctor and one as a patient."""
        asker = world.a_patient()
        person = Account.objects.select_related("person").get(id=asker.account).person
        department = a_department(world.hospital)
        doctor = a_member(Role.DOCTOR, world.hospital, department=department, person=person)
        doctor.enter_with_key()
        assert accepting(doctor, world.asked(asker))["code"] == "consultation.own"


class TestMessages:
    def test_only_while_it_is_open(self, world, patient):
        closed = world.answered(patient)
        world.doctor.command(f"/api/consultations/{closed}/close")
        for one in (world.written(patient), world.asked(patient), closed):
            path = f"/api/consultations/{one}/messages"
            found = refused(patient.client, path, {"text": "x"})
            assert found == (409, "consultation.wrong_state")

    def test_what_is_written_meanwhile_is_read_before_it_is_closed(self, world, patient):
        """R8: the doctor signs for the messages that there are."""
        talk = world.answered(patient)
        path = f"/api/consultations/{talk}/close"
        ready = drawn(world.doctor, path, {})
        patient.client.write(f"/api/consultations/{talk}/messages", {"text": "等等！"})
        assert refused(world.doctor, path, ready) == (409, "consultation.new_messages")
        world.doctor.command(path)
        assert statements(talk)[-1].facts["messages"] == 3

    def test_no_doctor_closes_without_a_word(self, world, patient):
        talk = world.consulted(patient)
        patient.client.write(f"/api/consultations/{talk}/messages", {"text": "在吗？"})
        assert statement(world.doctor, talk, "close") == (409, "consultation.unanswered")

    def test_are_so_many_and_no_more(self, world, patient, monkeypatch):
        monkeypatch.setattr(talking, "MESSAGES_MAX", 3)
        monkeypatch.setattr(talking, "PICTURES_MAX", 1)
        path = f"/api/consultations/{world.consulted(patient)}"
        picture = {"picture": form.PICTURE}
        patient.client.write(f"{path}/pictures", picture)
        assert refused(patient.client, f"{path}/pictures", picture) == (409, "consultation.full")
        patient.client.write(f"{path}/messages", {"text": "一"})
        patient.client.write(f"{path}/messages", {"text": "二"})
        full = refused(patient.client, f"{path}/messages", {"text": "三"})
        assert full == (409, "consultation.full")

    def test_come_in_pages(self, world, patient):
        path = f"/api/consultations/{world.answered(patient)}/messages"
        first = patient.client.get(path, size=1)
        assert ([one["number"] for one in first["messages"]], first["next"]) == ([1], 1)
        rest = patient.client.get(path, after=first["next"])
        assert ([one["number"] for one in rest["messages"]], rest["next"]) == ([2], None)
        assert refused(patient.client, f"{path}?after=x", verb="GET") == (422, "page.bad_number")

    @pytest.mark.parametrize("picture", ["x", "", "QUJD", form.PICTURE[:-8], 5, None])
    def test_a_bad_picture_is_refused_by_name(self, world, patient, picture):
        """Z5"""
        path = f"/api/consultations/{world.consulted(patient)}/pictures"
        answer = raw(patient.client, "POST", path, body={"picture": picture})
        assert answer.status_code == 422
        assert "picture" in answer.json()["fields"]

    def test_the_largest_picture_goes_through(self, world, patient):
        """D1"""
        raw_bytes = b"\xff\xd8\xff" + bytes(999_995) + b"\xff\xd9"
        data = base64.b64encode(raw_bytes).decode()
        path = f"/api/consultations/{world.consulted(patient)}"
        made = patient.client.write(f"{path}/pictures", {"picture": data})
        shown = world.doctor.get(f"{path}/messages/{made['number']}")
        assert (shown["media_type"], shown["picture"] == data) == ("image/jpeg", True)
        larger = base64.b64encode(raw_bytes[:-2] + b"\0\xff\xd9").decode()
        assert refused(patient.client, f"{path}/pictures", {"picture": larger})[0] == 422


def test_evidence_lies_in_the_past(world, patient):
    """Z5"""
    body = world.question()
    body["earlier"]["on"] = f"{timezone.now() + timedelta(days=2):%Y-%m-%d}"
    found = refused(patient.client, "/api/consultations", body)
    assert found == (422, "consultation.bad_evidence")
    body = world.question()
    body["department"] = 10**9
    assert refused(patient.client, "/api/consultations", body) == (422, "department.unknown")


def test_the_directory_names_titles_and_nobody(world):
    """Z4"""
    doctor = a_doctor(world.hospital, since=years_ago(1))
    found = raw(
        world.foreign_doctor, "GET", f"/api/organisations/{world.hospital.slug}/departments"
    )
    rows = {one["account"]: one for part in found.json()["departments"] for one in part["doctors"]}
    _ = world.doctor
    assert set(rows[doctor.account]) == {"account", "title", "antimicrobials", "online"}
    assert rows[doctor.account]["online"] is False
    assert "测试员工" not in found.text
    assert raw(world.doctor, "GET", "/api/organisations/nowhere/departments").json() == {
        "departments": []
    }


every_signed = pytest.mark.parametrize("make", writes.OF_CONSULTATIONS, ids=writes.named)


@every_signed
@pytest.mark.parametrize(
    ("table", "event", "condition"),
    [
        ("ledger_event", "INSERT", "NEW.kind LIKE 'consultation.%'"),
        ("consultations_consultation", "UPDATE", "true"),
    ],
)
def test_state_and_entry_are_one(world, patient, make, table, event, condition):
    """L9, L10: without its entry no move, without the move no entry; then the same succeeds."""
    ready, key = make(world, patient), uuid4().hex

    with failing(table, event, condition):
        fails(ready, key)

    assert raw(ready.by, "POST", ready.path, key=key, body=ready.body).status_code == 200


@every_signed
def test_the_same_signed_note_twice_at_once(world, patient, make):
    """R2, K3: under two Idempotency-Keys; one entry."""
    ready = make(world, patient)
    before = count_entries(kind=statement_of(ready).kind)

    results = at_once(*[lambda: ready.by.write(ready.path, ready.body)] * 2)

    assert outcomes(results).count("done") == 1
    assert count_entries(kind=statement_of(ready).kind) == before + 1


def statement_of(ready: writes.Write) -> Statement:
    return Statement.parse(parse(ready.body["note"].encode()).text)


rounds = pytest.mark.parametrize("turn", [1, 2, 3])


@rounds
def test_two_doctors_accept_one_question(world, patient, turn):
    """R1: one of them has it."""
    asked = world.asked(patient)
    path = f"/api/consultations/{asked}/accept"
    both = (world.doctor, world.other_doctor)
    ready = [(by, drawn(by, path, {"follow_up": True})) for by in both]

    results = at_once(*[lambda by=by, body=body: by.write(path, body) for by, body in ready])

    lost = [code for code in outcomes(results) if code != "done"]
    assert lost == ["consultation.wrong_doctor"]
    assert [one.kind for one in statements(asked)].count("consultation.accept") == 1
    winner = both[0] if isinstance(results[0], dict) else both[1]
    assert str(Consultation.objects.get(id=asked).doctor_id) == winner.account


@rounds
def test_messages_written_at_once_have_numbers_of_their_own(world, patient, turn):
    """R13"""
    talk = world.consulted(patient)
    path = f"/api/consultations/{talk}/messages"
    calls = [(patient.client, "甲"), (world.doctor, "乙")] * 4

    results = at_once(*[lambda by=by, t=t: by.write(path, {"text": t}) for by, t in calls])

    assert outcomes(results) == ["done"] * 8
    numbers = Message.objects.filter(consultation=talk).values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, 9))
    assert Consultation.objects.get(id=talk).messages_count == 8


@rounds
def test_a_message_against_the_close(world, patient, turn):
    """R3: it is in the transcript, or it was refused."""
    talk = world.answered(patient)
    path = f"/api/consultations/{talk}"
    ready = drawn(world.doctor, f"{path}/close", {})

    said, closed = at_once(
        lambda: patient.client.write(f"{path}/messages", {"text": "还有！"}),
        lambda: world.doctor.write(f"{path}/close", ready),
    )

    if isinstance(closed, dict):
        assert said.code == "consultation.wrong_state"
        assert statements(talk)[-1].facts["messages"] == 2
    else:
        assert closed.code == "consultation.new_messages"
        assert said["number"] == 3


@rounds
def test_issue_against_the_close(world, patient, turn):
    """R3: the prescription came before the end, or not at all."""
    talk = world.answered(patient)
    rx = world.drafted(patient, online=True, consultation=talk)
    issue, close = f"/api/prescriptions/{rx}/issue", f"/api/consultations/{talk}/close"
    signed = [(one, drawn(world.doctor, one, {})) for one in (issue, close)]

    issued, closed = at_once(*[lambda p=p, b=b: world.doctor.write(p, b) for p, b in signed])

    assert isinstance(closed, dict)
    assert state(talk) == "closed"
    if not isinstance(issued, dict):
        assert issued.code == "prescription.consultation_ended"


def test_an_issue_waits_for_a_close_that_is_under_way(world, patient):
    """R3: the close has not committed yet; the issue neither overtakes it nor overlooks it."""
    talk = world.answered(patient)
    rx = world.drafted(patient, online=True, consultation=talk)
    issue = f"/api/prescriptions/{rx}/issue"
    signed = drawn(world.doctor, issue, {})
    closing = drawn(world.doctor, f"/api/consultations/{talk}/close", {})
    doctor = replace(account(world.doctor).actor, key_login_at=timezone.now())
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ending.close(UUID(talk), closing["note"], by=doctor, at=timezone.now())
            issued = pool.submit(at_once, lambda: world.doctor.write(issue, signed))
            with pytest.raises(TimeoutError):
                issued.result(timeout=0.7)
        (problem,) = issued.result(timeout=10)
    assert problem.code == "prescription.consultation_ended"


COSTS = {"question": 10, "ask": 13, "accept": 14, "say": 10, "close": 15}


@pytest.mark.parametrize("name", COSTS)
def test_a_write_costs_a_fixed_number_of_queries(world, patient, name):
    ready = getattr(writes, name)(world, patient)

    sql = queries_of(lambda: ready.by.write(ready.path, ready.body))

    assert len(sql) <= COSTS[name], "\n".join([str(len(sql)), *sql])


def test_reads_cost_the_same_however_many_there_are(world, patient):
    """D3"""
    talk = world.answered(patient)
    looks = [
        (patient.client, f"/api/consultations/{talk}"),
        (patient.client, f"/api/consultations/{talk}/messages"),
        (patient.client, "/api/consultations"),
        (world.doctor, "/api/consultations/awaiting"),
        (patient.client, f"/api/organisations/{world.hospital.slug}/departments"),
    ]
    few = [len(queries_of(lambda c=c, p=p: c.get(p))) for c, p in looks]
    for _ in range(4):
        patient.client.write(f"/api/consultations/{talk}/messages", {"text": "再问"})
        world.asked(patient)
    a_doctor(world.hospital, "外科")
    many = [len(queries_of(lambda c=c, p=p: c.get(p))) for c, p in looks]
    assert many == few
    assert max(many) <= 8
