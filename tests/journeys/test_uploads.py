"""A hospital's own system uploads: once by its number, a line at a time, and never what is void."""

import json
import re
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from hospital.actions import login, people
from hospital.client import Problem
from hospital.models import Account, SealedRecord
from hospital.rights import Title
from hospital.roles import Role
from ledger import queries as ledger
from ledger.entry import Statement
from ledger.note import parse
from prescriptions import lifecycle, uploader
from prescriptions.actions import uploading
from prescriptions.models import Medicine, Prescription
from tests import lawfulness
from tests.journeys import sampled, uploads, writes
from tests.journeys.test_interleavings import VOID, never_effective, signed_void, status
from tests.journeys.turns import in_turn
from tests.journeys.watching import at_once, drawn, everything, kinds, raw, subject
from tests.world import BASE, a_doctor, a_medicine, a_member, application

Json = dict[str, Any]


def number() -> str:
    return f"H{uuid4().hex}"


def first_entry(rx: str) -> Statement:
    return Statement.parse(parse(ledger.entries_about(subject(rx))[0].note).text)


def refused(world, line, by=None) -> Json:
    """Why the one line is refused; nothing is stored of it."""
    by = by or world.system
    before = everything()
    (answer,) = uploads.bring(by, line)
    assert everything() == before
    told: Json = answer["refused"]
    return told


def test_what_is_uploaded_goes_the_way_of_every_other(world, patient):
    """R9: issued, and reviewed here."""
    (done,) = uploads.upload(world.system, uploads.content(world, patient, number()))
    rx = done["id"]

    assert done["status"] == status(rx) == "issued"
    said = first_entry(rx)
    doctor = Account.objects.with_actor().get(id=world.doctor.account)
    assert (said.kind, said.facts["move"]) == ("prescription.upload", "upload")
    assert said.by == world.system.key_name
    assert (said.facts["doctor"], said.facts["hospital"]) == (
        doctor.actor.name,
        world.hospital.slug,
    )
    world.reviewer.command(writes.of(rx, "review"), {"decision": "approve"})
    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
    world.pay(patient, rx)
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    assert status(rx) == "dispensed"


def test_what_was_reviewed_there_is_approved(world, patient):
    """K8: the entry names who reviewed it, and the patient chooses a pharmacy at once."""
    (done,) = uploads.upload(world.system, uploads.reviewed(world, patient, number()))

    assert done["status"] == status(done["id"]) == "approved"
    said = first_entry(done["id"])
    reviewer = Account.objects.with_actor().get(id=world.reviewer.account)
    assert said.facts["reviewer"] == reviewer.actor.name
    assert said.facts["reviewed_by"] != said.facts["prescriber"]
    patient.client.command(writes.of(done["id"], "authorize"), world.choice(patient))


def test_the_doctor_whom_it_names_is_its_doctor(world, patient):
    """R7: reads, cancels; another of the hospital does neither."""
    (done,) = uploads.upload(world.system, uploads.content(world, patient, number()))
    rx = done["id"]
    assert world.doctor.get(f"/api/prescriptions/{rx}")["status"] == "issued"
    with pytest.raises(Problem) as other:
        world.other_doctor.command(writes.of(rx, "cancel"), VOID)
    assert other.value.code == "cancel.other_prescriber"
    world.doctor.command(writes.of(rx, "cancel"), VOID)
    never_effective(world, patient, rx)


# --- once -------------------------------------------------------------------------------------


def test_a_repeated_line_answers_what_it_did_the_first_time(world, patient):
    """I2: under another Idempotency-Key, with its fields in another order."""
    line = uploads.content(world, patient, number())
    (done,) = uploads.upload(world.system, line)
    before = Prescription.objects.count(), SealedRecord.objects.count()

    (again,) = uploads.bring(world.system, dict(reversed(line.items())))

    assert (again["id"], again["status"]) == (done["id"], "issued")
    assert again["entry"]["leaf"] == done["entry"]["leaf"]
    assert "statement" not in again
    assert (Prescription.objects.count(), SealedRecord.objects.count()) == before


def test_a_line_that_was_brought_and_not_sent_is_drawn_again(world, patient):
    """I9: the system crashed in between; the next run goes on."""
    line = uploads.content(world, patient, number())
    (first,) = uploads.bring(world.system, line)

    (again,) = uploads.bring(world.system, line)
    (done,) = uploads.send(world.system, again)

    assert (again["id"], done["id"], done["status"]) == (first["id"], first["id"], "issued")
    (late,) = uploads.send(world.system, first)
    assert (late["refused"]["code"], late["refused"]["status"]) == (
        "prescription.wrong_state",
        "issued",
    )
    assert len(kinds(first["id"])) == 1


@pytest.mark.parametrize("sent", [False, True], ids=["brought", "sent"])
def test_the_same_number_with_another_content_is_refused(world, patient, sent):
    """I3"""
    line = uploads.content(world, patient, number())
    (one,) = (uploads.upload if sent else uploads.bring)(world.system, line)

    told = refused(world, {**line, "valiDays": 2, "valiEndTime": later(line, 2)})

    assert (told["code"], told["id"]) == ("upload.number_taken", one["id"])


def later(line: Json, days: int) -> str:
    return uploads.written(prescribed(line) + timedelta(days=days))


def prescribed(line: Json) -> datetime:
    return datetime.strptime(f"{line['prscTime']} +0800", "%Y-%m-%d %H:%M:%S %z")


def test_a_number_is_one_hospitals(world, patient):
    """Z1: another hospital's same number is another, and nobody uploads for another hospital."""
    line = uploads.content(world, patient, number())
    (mine,) = uploads.upload(world.system, line)
    foreign = {
        "fixmedinsCode": world.foreign_hospital.slug,
        "drCode": uploads.licence(world.foreign_doctor),
    }
    theirs = {**line, "mdtrtinfo": {**line["mdtrtinfo"], **foreign}}

    (other,) = uploads.upload(world.foreign_system, theirs)

    assert other["id"] != mine["id"]
    assert refused(world, line, world.foreign_system)["code"] == "access.wrong_hospital"


def test_two_at_once_under_one_number_make_one(world, patient):
    """R2: in forced order, and at once."""
    line = uploads.content(world, patient, number())
    first, second = in_turn(
        lambda: uploads.bring(world.system, line), lambda: uploads.bring(world.system, line)
    )
    assert first[0]["id"] == second[0]["id"]
    assert Prescription.objects.filter(id=first[0]["id"]).count() == 1

    other = uploads.content(world, patient, number())
    answers = at_once(*[lambda: uploads.bring(world.system, other)] * 4)
    assert len({answer[0]["id"] for answer in answers}) == 1


def test_two_contents_at_once_under_one_number(world, patient):
    """R2, I3: who was first has the number."""
    line = uploads.content(world, patient, number())
    other = {**line, "valiDays": 2, "valiEndTime": later(line, 2)}
    first, second = in_turn(
        lambda: uploads.bring(world.system, line), lambda: uploads.bring(world.system, other)
    )
    assert "statement" in first[0]
    assert second[0]["refused"]["code"] == "upload.number_taken"


# --- a batch ----------------------------------------------------------------------------------


BAD = ["", " ", "x", "[]", "{}", "null", '"\\ud800"', "[" * 5_000, "1e999"]
BAD += ['{"hospRxno": "\\u0000"}', '{"hospRxno": "\\ud800"}']


def test_bad_lines_never_stop_good_ones(world, patient):
    """D4: each is refused with its problems, in its place."""
    good = [uploads.content(world, patient, number()) for _ in range(2)]
    lines: list[Json | str] = [good[0], *BAD, good[1]]

    answers = uploads.bring(world.system, *lines)

    assert [one["number"] for one in answers] == list(range(1, len(lines) + 1))
    assert [number for number, one in enumerate(answers) if "statement" in one] == [
        0,
        len(lines) - 1,
    ]
    for one in answers[1:-1]:
        assert one["refused"]["code"] == "upload.bad_line"
        assert one["refused"]["problems"][0]["reason"]
    notes = [world.system.sign(answers[0]["statement"]), "x", world.system.sign("y\n")]
    notes.append(world.system.sign(answers[-1]["statement"]))
    sent = world.system.write("/api/uploads/sign", {"notes": notes})["results"]
    assert [one.get("status") for one in sent] == ["issued", None, None, "issued"]
    assert {one["refused"]["code"] for one in sent[1:3]} == {"note.malformed"}


def test_limits_of_a_batch(world, patient):
    """D2: in number, in length, and of nothing."""
    system = world.system
    before = everything()
    for lines, code in ((["x"] * 101, 422), ([], 422), ([1], 422), (["x" * 2_600_000], 413)):
        body = {"lines": lines, "key": system.key_name}
        assert raw(system, "POST", "/api/uploads", body=body).status_code == code
    assert everything() == before
    long = json.dumps({"hospRxno": "x" * 300_000})
    assert refused(world, long)["problems"][0]["code"] == "too_long"


def test_a_batch_that_dies_midway_is_finished_by_the_same_call(world, patient, monkeypatch):
    """I8, I9: line by line: what was done is answered as it was, the rest is done."""
    lines = [uploads.content(world, patient, number()) for _ in range(3)]
    body, key = uploads.bringing(world.system, *lines), uuid4().hex
    real, seen = uploading.bring, []

    def dies(line, *args, **kwargs):
        seen.append(line)
        if len(seen) == 2:
            raise OperationalError("the connection was cut")
        return real(line, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(uploading, "bring", dies)
        assert raw(world.system, "POST", "/api/uploads", key=key, body=body).status_code == 503
    (known,) = Prescription.objects.filter(patient_id=patient.account)

    again = raw(world.system, "POST", "/api/uploads", key=key, body=body)

    assert again.status_code == 200
    assert again.json()["results"][0]["id"] == str(known.id)
    assert "Idempotency-Replayed" not in again.headers
    assert Prescription.objects.filter(patient_id=patient.account).count() == 3
    third = raw(world.system, "POST", "/api/uploads", key=key, body=body)
    assert (third.content, third.headers["Idempotency-Replayed"]) == (again.content, "true")


def run(monkeypatch, file, key, **more) -> tuple[str, str]:
    """What ``manage.py upload`` prints, and the error with which it ends."""
    real = httpx.Client

    def here(**_: Any) -> httpx.Client:
        return real(transport=httpx.WSGITransport(app=application), base_url=BASE)

    monkeypatch.setattr(httpx, "Client", here)
    out = StringIO()
    try:
        call_command("upload", file, url="http://x", key=key, stdout=out, **more)
    except CommandError as fault:
        return out.getvalue(), str(fault)
    return out.getvalue(), ""


def test_the_command_uploads_a_file_and_can_be_repeated(world, patient, monkeypatch, tmp_path):
    """I9: it says what happened to each; the second run finds what the first has done."""
    lines = [uploads.text(uploads.content(world, patient, number())) for _ in range(3)]
    lines.append(uploads.text(uploads.reviewed(world, patient, number())))
    (tmp_path / "lines.jsonl").write_text("\n\n".join([*lines, "x"]) + "\n")
    account = people.employ(Role.SYSTEM, world.hospital, at=timezone.now())
    code = login.make_enrolment_code(account, at=timezone.now())
    monkeypatch.setattr(uploader, "MOST", 2)
    call = (monkeypatch, tmp_path / "lines.jsonl", tmp_path / "system.key")

    out, fault = run(*call, enrol=code)

    assert fault == "1 of 5 lines were refused."
    assert "2 lines\n4 lines\n5 lines" in out
    assert re.search(r"^issued +3$", out, re.MULTILINE)
    assert re.search(r"^approved +1$", out, re.MULTILINE)
    assert "line 9: refused, upload.bad_line" in out
    assert (tmp_path / "system.key").stat().st_mode & 0o077 == 0
    before = Prescription.objects.count()
    out, _ = run(*call)
    assert re.search(r"^issued before +3$", out, re.MULTILINE)
    assert re.search(r"^approved before +1$", out, re.MULTILINE)
    assert Prescription.objects.count() == before


def test_the_command_tells_what_it_lacks(world, monkeypatch, tmp_path):
    """In words, and with an error."""
    (tmp_path / "lines.jsonl").write_text("")
    file = tmp_path / "lines.jsonl"
    assert "FileNotFoundError" in run(monkeypatch, file, tmp_path / "no.key")[1]
    (tmp_path / "no.key").write_text("nonsense")
    assert "Malformed" in run(monkeypatch, file, tmp_path / "no.key")[1]
    assert "login.failed" in run(monkeypatch, file, tmp_path / "new.key", enrol="0" * 20)[1]


# --- what is refused --------------------------------------------------------------------------


def visit(line: Json, **changes) -> Json:
    return {**line, "mdtrtinfo": {**line["mdtrtinfo"], **changes}}


def test_what_needs_the_doctors_own_key(world, patient):
    """R7: online, in several issues."""
    line = uploads.content(world, patient, number())
    online = {**line, "bizTypeCode": "02", "authNo": "A1"}
    parts = {**line, "longRxFlag": "1", "extras": {"issues": 2, "interval_days": 7}}
    for bad, because in ((online, "online"), (parts, "issues")):
        told = refused(world, bad)
        assert (told["code"], told["because"]) == ("upload.needs_doctor", because)


@pytest.mark.parametrize("right", [{"trainee": True}, {"title": Title.ASSISTANT}], ids=str)
def test_what_waits_for_a_countersignature_needs_the_doctors_own_key(world, patient, right):
    """R7: also when the right was lost between the two calls."""
    doctor = a_doctor(world.hospital)
    line = visit(uploads.content(world, patient, number()), drCode=uploads.licence(doctor))
    (brought,) = uploads.bring(world.system, line)
    Account.objects.filter(id=doctor.account).update(**right)

    (sent,) = uploads.send(world.system, brought)
    told = refused(world, {**line, "hospRxno": number()})

    for one in (sent["refused"], told):
        assert (one["code"], one["because"]) == ("upload.needs_doctor", "countersignature")
    assert (status(brought["id"]), kinds(brought["id"])) == ("draft", [])


def test_a_controlled_medicine_needs_the_doctors_own_key(world, patient):
    line = uploads.content(world, patient, number())
    medicine = a_medicine(control="psychotropic_2")
    details = [{**line["rxdrugdetail"][0], "medListCodg": medicine.code}]
    details[0]["drugGenname"] = medicine.generic_name
    told = refused(world, {**line, "rxDrugCnt": 1, "rxdrugdetail": details})
    assert (told["code"], told["because"]) == ("upload.needs_doctor", "controlled")


def test_a_medicine_that_is_put_under_control_in_between_is_not_uploaded(world, patient):
    """R7: the draft is written on one form, and signed it would be on another."""
    medicine = a_medicine()
    line = uploads.content(world, patient, number())
    details = [{**line["rxdrugdetail"][0], "medListCodg": medicine.code}]
    details[0]["drugGenname"] = medicine.generic_name
    (brought,) = uploads.bring(world.system, {**line, "rxDrugCnt": 1, "rxdrugdetail": details})
    Medicine.objects.filter(code=medicine.code).update(control="psychotropic_2")

    (sent,) = uploads.send(world.system, brought)

    assert (sent["refused"]["code"], sent["refused"]["because"]) == (
        "upload.needs_doctor",
        "controlled",
    )
    assert status(brought["id"]) == "draft"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"certno": "110101196001010015"}, "upload.bad_line"),
        ({"patnName": "测试他人"}, "upload.wrong_name"),
        ({"prscDrName": "测试他人"}, "upload.wrong_name"),
        ({"drCode": "nobody"}, "doctor.unknown"),
        ({"fixmedinsCode": "elsewhere"}, "access.wrong_hospital"),
    ],
)
def test_whose_it_is_must_fit(world, patient, changes, code):
    """Z1: by number and by name."""
    line = uploads.content(world, patient, number())
    assert refused(world, visit(line, **changes))["code"] == code


def test_the_times_must_fit(world, patient):
    """F11: in the order prescribed, reviewed, uploaded; and not when its time is up."""
    now = timezone.now()
    tomorrow = uploads.content(world, patient, number(), prescribed=now + timedelta(hours=1))
    assert refused(world, tomorrow)["code"] == "upload.wrong_time"
    old = uploads.content(world, patient, number(), prescribed=now - timedelta(days=4))
    assert refused(world, old)["code"] == "prescription.out_of_time"
    for moved in (timedelta(hours=-1), timedelta(hours=1)):
        line = uploads.reviewed(world, patient, number(), pharChkTime=uploads.written(now + moved))
        assert refused(world, line)["code"] == "upload.wrong_time"


def test_its_end_counts_from_when_it_was_prescribed(world, patient):
    """F11"""
    yesterday = timezone.now() - timedelta(days=1)
    (old,) = uploads.upload(
        world.system, uploads.content(world, patient, number(), prescribed=yesterday)
    )
    (new,) = uploads.upload(world.system, uploads.content(world, patient, number()))
    ends = [Prescription.objects.get(id=one["id"]).valid_until for one in (old, new)]
    assert ends[1] - ends[0] == timedelta(days=1)


def test_its_reviewer_must_fit(world, patient):
    """K8: of this hospital, at work, and another person than prescribed it or receives it."""
    line = uploads.reviewed(world, patient, number())
    foreign = uploads.licence(world.foreign_reviewer)
    assert refused(world, {**line, "pharCode": foreign})["code"] == "upload.unknown_reviewer"
    gone = a_member(Role.REVIEWER, world.hospital)
    Account.objects.filter(id=gone.account).update(is_active=False)
    told = refused(world, {**line, "pharCode": uploads.licence(gone)})
    assert told["code"] == "upload.unknown_reviewer"
    doctor = Account.objects.get(id=world.doctor.account)
    own = a_member(Role.REVIEWER, world.hospital, person=doctor.person)
    told = refused(world, {**line, "pharCode": uploads.licence(own)})
    assert told["code"] == "access.own_prescription"
    assert refused(world, {**line, "pharChkTime": ""})["code"] == "upload.bad_line"


def test_the_doctor_is_judged_as_for_an_own_issue(world, patient):
    """R7: the rules name article and text; and they look again when the system signs."""
    doctor = a_doctor(world.hospital)
    line = visit(uploads.content(world, patient, number()), drCode=uploads.licence(doctor))
    long = {**line, "hospRxno": number()}
    long["rxdrugdetail"] = [{**one, "medcDays": 8} for one in line["rxdrugdetail"]]
    told = refused(world, long)
    assert told["code"] == "prescription.rule_broken"
    assert all(finding["article"] for finding in told["findings"])

    (brought,) = uploads.bring(world.system, line)
    Account.objects.filter(id=doctor.account).update(is_active=False)
    (sent,) = uploads.send(world.system, brought)
    assert sent["refused"]["code"] == "prescription.rule_broken"
    assert status(brought["id"]) == "draft"
    assert kinds(brought["id"]) == []


def test_nobody_elses_signature_uploads(world, patient):
    """K3: another hospital's system, and a draft that a doctor wrote."""
    (brought,) = uploads.bring(world.system, uploads.content(world, patient, number()))
    (foreign,) = uploads.send(world.foreign_system, brought)
    assert foreign["refused"]["code"] == "access.wrong_hospital"
    written = world.drafted(patient)
    forged = brought["statement"].replace(brought["id"].replace("-", ""), written.replace("-", ""))
    (sent,) = uploads.send(world.system, {"statement": forged})
    assert sent["refused"]["code"] == "access.not_uploaded"
    (nowhere,) = uploads.send(
        world.system, {"statement": forged.replace(f"rx/{written.replace('-', '')}", "rx/x")}
    )
    assert nowhere["refused"]["code"] in {"prescription.unknown", "note.malformed"}
    assert status(written) == status(brought["id"]) == "draft"


def test_a_medicine_that_left_the_catalogue_is_told(world, patient):
    medicine = a_medicine()
    line = uploads.content(world, patient, number())
    details = [{**line["rxdrugdetail"][0], "medListCodg": medicine.code}]
    details[0]["drugGenname"] = medicine.generic_name
    (brought,) = uploads.bring(world.system, {**line, "rxDrugCnt": 1, "rxdrugdetail": details})
    Medicine.objects.filter(code=medicine.code).delete()
    (sent,) = uploads.send(world.system, brought)
    assert sent["refused"]["code"] == "medicine.unknown"


# --- void while the upload runs: the national defect ---------------------------------------------


def by_system(world, rx):
    body = drawn(world.system, writes.of(rx, "cancel"), VOID)
    return lambda: world.system.write(writes.of(rx, "cancel"), body)


VOIDS = {"doctor": signed_void, "system": by_system}
both = pytest.mark.parametrize("void", VOIDS.values(), ids=VOIDS)
KINDS = {"plain": uploads.content, "reviewed": uploads.reviewed}
each = pytest.mark.parametrize("line", KINDS.values(), ids=KINDS)


@both
@each
def test_the_void_first_and_the_upload_never_counts(world, patient, void, line):
    """R4: the upload runs on, waits for the void, and is told that it is cancelled."""
    text = line(world, patient, number())
    (brought,) = uploads.bring(world.system, text)
    rx = brought["id"]
    body = uploads.signing(world.system, brought)

    voided, sent = in_turn(
        void(world, rx), lambda: world.system.write("/api/uploads/sign", body)["results"][0]
    )

    assert (voided["status"], voided["eps"]) == ("cancelled", "R-0001")
    assert (sent["refused"]["code"], sent["refused"]["status"]) == (
        "prescription.wrong_state",
        "cancelled",
    )
    assert kinds(rx) == ["prescription.cancel"]
    assert uploads.bring(world.system, text)[0]["status"] == "cancelled"
    never_effective(world, patient, rx)


@both
@each
def test_the_upload_first_and_the_void_is_told(world, patient, void, line):
    """R4: what was signed before is stale; a second void ends what has begun to count."""
    (brought,) = uploads.bring(world.system, line(world, patient, number()))
    rx = brought["id"]
    body = uploads.signing(world.system, brought)

    sent, voided = in_turn(
        lambda: world.system.write("/api/uploads/sign", body)["results"][0], void(world, rx)
    )

    assert sent["status"] in ("issued", "approved")
    assert (voided.status, voided.code) == (409, "statement.stale")
    by = world.doctor if void is signed_void else world.system
    by.command(writes.of(rx, "cancel"), VOID)
    never_effective(world, patient, rx)


@pytest.mark.parametrize("who", ["doctor", "system"])
def test_a_void_begun_while_the_upload_runs_waits_and_then_voids(world, patient, who):
    """R4"""
    (brought,) = uploads.bring(world.system, uploads.reviewed(world, patient, number()))
    body = uploads.signing(world.system, brought)
    by = getattr(world, who)

    sent, voided = in_turn(
        lambda: world.system.write("/api/uploads/sign", body)["results"][0],
        lambda: by.command(writes.of(brought["id"], "cancel"), VOID),
    )

    assert (sent["status"], voided["status"]) == ("approved", "cancelled")
    never_effective(world, patient, brought["id"])


@pytest.mark.parametrize("make", [writes.review, writes.authorize, writes.dispense])
def test_the_system_voids_while_something_else_runs(world, patient, make, monkeypatch):
    """R4, R7: the review, the patient's choice, the counter: whoever is later is told."""
    monkeypatch.setattr(world, "issued", lambda _: uploaded(world, patient))
    ready = make(world, patient)

    voided, other = in_turn(
        by_system(world, ready.rx), lambda: ready.by.write(ready.path, ready.body)
    )

    assert voided["eps"] == "R-0001"
    assert (other.code, other.body["status"]) == ("prescription.wrong_state", "cancelled")
    never_effective(world, patient, ready.rx)


def uploaded(world, patient) -> str:
    (done,) = uploads.upload(world.system, uploads.content(world, patient, number()))
    return str(done["id"])


def test_a_void_waits_for_the_one_line_and_not_for_the_batch(world, patient):
    """R4: each line is a transaction of its own; one that is void stops no other."""
    lines = [uploads.content(world, patient, number()) for _ in range(3)]
    brought = uploads.bring(world.system, *lines)
    rx = brought[1]["id"]

    voided, sent = in_turn(signed_void(world, rx), lambda: uploads.send(world.system, *brought))

    assert voided["status"] == "cancelled"
    assert [one.get("status") for one in sent] == ["issued", None, "issued"]
    never_effective(world, patient, rx)


def test_a_doctor_signs_nothing_that_the_system_is_uploading(world, patient):
    """R7: or the system could undo what it has not signed."""
    line = uploads.text(uploads.content(world, patient, number()))
    (brought,) = uploads.bring(world.system, line)
    before = everything()
    with pytest.raises(Problem) as told:
        world.doctor.command(writes.of(brought["id"], "issue"))
    assert (told.value.status, told.value.code) == (409, "prescription.being_uploaded")
    assert everything() == before
    assert [one["status"] for one in uploads.send(world.system, brought)] == ["issued"]


def test_a_system_cancels_nothing_that_a_doctor_has_signed(world, patient):
    """R7"""
    rx = world.issued(patient)
    for by in (world.system, world.foreign_system):
        with pytest.raises(Problem) as told:
            by.command(writes.of(rx, "cancel"), VOID)
        assert (told.value.status, told.value.code) == (403, "cancel.other_system")
    draft = world.drafted(patient)
    with pytest.raises(Problem) as told:
        world.system.command(writes.of(draft, "cancel"), VOID)
    assert told.value.code == "cancel.other_system"


# --- appraisal -----------------------------------------------------------------------------------


def test_what_was_uploaded_is_appraised(world, patient):
    """L15: not by who reviewed it at the hospital before."""
    (done,) = uploads.upload(world.system, uploads.reviewed(world, patient, number()))
    rx = sampled.drawn(world, done["id"])
    assert sampled.refusal_of(world.reviewer, rx) == (403, "appraisal.own_review")
    assert sampled.judges(sampled.appraiser(world), rx)["verdict"] == "reasonable"
    assert lawfulness.faults() == []


def test_the_moves_of_a_system_are_these():
    """R9"""
    own = {move.name for move in lifecycle.MOVES if Role.SYSTEM in move.by}
    assert own == {"upload", "upload_reviewed", "void", "undo"}
