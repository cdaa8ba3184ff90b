"""What the law keeps of what a patient had erased: the regulator reads it, and nobody else."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from config.demo import form
from hospital import records
from hospital.client import Client, Json
from hospital.consultations.models import Consultation, Message
from hospital.corrections.models import Correction
from hospital.guardians.models import Guardianship
from hospital.models import Emergency, SealedRecord
from insurance import kept
from prescriptions.models import ChangeRequest, Prescription, Version
from tests.journeys import writes
from tests.journeys.guarding import CERTIFICATE, looks, registers, years_ago
from tests.journeys.looking import breaks_glass, pleads
from tests.journeys.series import refused
from tests.journeys.test_erasure import MOMENT, cancelled, erases
from tests.journeys.test_looks import last_view
from tests.journeys.test_query_counts import queries_of
from tests.journeys.watching import count_entries, raw
from tests.openings import watched
from tests.world import Patient, World

KEPT = "/api/kept"


@dataclass(frozen=True)
class Case:
    """
    What was there before its patient left: the records of a kind, a word of one of them, and where
    its readers of then read it.
    """

    patient: Patient
    subject: str
    records: list[SealedRecord]
    word: str
    paths: tuple[str, ...]

    @property
    def page(self) -> str:
        return page_of(self.subject)


def page_of(subject: str) -> str:
    family, _, name = subject.partition("/")
    return f"{KEPT}/{family}/{UUID(name)}"


def of_rx(patient, rx, found, word, *verbs: str) -> Case:
    paths = (f"/api/prescriptions/{rx}", *(writes.of(rx, verb) for verb in verbs))
    return Case(patient, f"rx/{rx.replace('-', '')}", found, word, paths)


def content(world: World, patient: Patient) -> Case:
    rx = cancelled(world, patient, world.issued(patient))
    return of_rx(patient, rx, [Prescription.objects.get(id=rx).record], "急性", "fields")


def version(world: World, patient: Patient) -> Case:
    """A former content, and one that waited for the doctor's key."""
    rx = world.issued(patient)
    world.change(rx, "1")
    world.doctor.write(writes.of(rx, "versions"), world.content("2"))
    cancelled(world, patient, rx)
    found = [one.record for one in Version.objects.filter(prescription_id=rx)]
    assert len(found) == 2
    return of_rx(patient, rx, found, "急性", "versions")


def question_of_a_pharmacist(world: World, patient: Patient) -> Case:
    rx = world.authorized(patient)
    asked = writes.asking(reason="out_of_stock", words="百灵鸟片缺货。")
    world.pharmacist.command(writes.of(rx, "change-request"), asked)
    cancelled(world, patient, rx)
    found = [ChangeRequest.objects.get(prescription_id=rx).record]
    return of_rx(patient, rx, found, "百灵鸟片缺货", "consultation")


def consultation(world: World, patient: Patient) -> Case:
    return _talk(world, patient, Consultation)


def message(world: World, patient: Patient) -> Case:
    """Words of both, and a picture."""
    return _talk(world, patient, Message)


def _talk(world: World, patient: Patient, kind: type) -> Case:
    talk = world.answered(patient)
    path = f"/api/consultations/{talk}"
    patient.client.write(f"{path}/pictures", {"picture": form.PICTURE})
    world.doctor.command(f"{path}/close")
    paths = (path, f"{path}/messages", f"{path}/messages/3")
    subject = f"consultation/{talk.replace('-', '')}"
    if kind is Consultation:
        return Case(patient, subject, [Consultation.objects.get(id=talk).record], "症状平稳", paths)
    said = [one.record for one in Message.objects.filter(consultation_id=talk).order_by("number")]
    return Case(patient, subject, said, "可以续方", paths)


def emergency(world: World, patient: Patient) -> Case:
    opened = breaks_glass(world.foreign_doctor, patient)
    found = Emergency.objects.get(id=opened["id"])
    path = f"/api/break-glass/{found.id}"
    return Case(patient, found.subject, [found.record], "昏迷", (path,))


def guardianship(world: World, patient: Patient) -> Case:
    child = world.a_patient(born=years_ago(9))
    made = registers(patient, child)
    assert made.record is not None
    return Case(child, made.subject, [made.record], CERTIFICATE, ())


def correction(world: World, patient: Patient) -> Case:
    path = writes.appealed(world, patient)
    world.regulator.command(f"{path}/decide", {"decision": "uphold"})
    made = Correction.objects.select_related("request", "answer", "appeal").get(
        id=path.rpartition("/")[2]
    )
    assert made.answer is not None
    assert made.appeal is not None
    written = [made.request, made.answer, made.appeal]
    # Its doctors go on seeing that there was one, without a word of it
    return Case(patient, made.subject, written, "皮试阴性", ())


CASES = {
    Prescription: content,
    Version: version,
    ChangeRequest: question_of_a_pharmacist,
    Consultation: consultation,
    Message: message,
    Emergency: emergency,
    Guardianship: guardianship,
    Correction: correction,
}


def everybody_else(world: World) -> list[Client]:
    """Each role, the former doctor and pharmacist among them; ``patient`` is the guardian."""
    return [
        *(world.doctor, world.foreign_doctor, world.foreign_colleague, world.reviewer),
        *(world.pharmacist, world.courier, world.fund_agent, world.insurer_agent, world.system),
        world.other_patient.client,
    ]


def one(record: SealedRecord) -> str:
    return f"{KEPT}/records/{record.id}"


def test_every_kind_that_the_law_keeps_is_tried_here():
    """G6: a further kind of record needs a way for the regulator, and a row here."""
    assert {kind.model for kind in kept.KINDS} == set(CASES)
    related = {relation.related_model for relation in SealedRecord._meta.related_objects}
    never_kept = {"Address", "Serial"}  # erased at once; a number for a prescription's record
    assert {model.__name__ for model in related} - never_kept == {m.__name__ for m in CASES}


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
def test_the_regulator_opens_it_and_nobody_else_does(world, patient, kind):
    """G6, L15, Z1: page and record, each a committed look; others their refusal; then nobody."""
    case = CASES[kind](world, patient)
    for path in (case.page, one(case.records[0])):
        with refused("kept.not_erased"):
            world.regulator.get(path)
    erases(case.patient)

    with watched() as watch:
        page = world.regulator.get(case.page)["records"]
        assert last_view().facts["records"] == len(page) >= len(case.records)
        mine = [row for row in page if row["record"] in {str(r.id) for r in case.records}]
        assert case.word in str(mine)
        assert "picture" not in str([row["fields"] for row in mine])
        for record in case.records:
            before = count_entries(kind="record.view")
            read = world.regulator.get(one(record))
            assert count_entries(kind="record.view") == before + 1
            looked = last_view().facts
            assert (looked["purpose"], looked["basis"]) == ("oversight", "retention")
            assert (looked["of"], read["of"]) == (case.subject, case.subject)
            assert read["fields"]
            assert not read["erased"]
    assert len(watch.opened) == len(page) + len(case.records)
    assert all(opening.is_lawful_for(world.regulator.account) for opening in watch.opened)

    nobody_reads(world, patient, case)
    for record in case.records:
        record.refresh_from_db()
        with pytest.raises(records.RecordErased):
            records.unsealed(record)  # as a program of the operator's would
        assert record.kept_until is not None
        overdue(record)
        with refused("record.erased"):
            world.regulator.get(one(record))  # though the sweeper has not come yet
        records.forget(SealedRecord.objects.filter(id=record.id))
        with refused("record.erased"):
            world.regulator.get(one(record))
    left = world.regulator.get(case.page)["records"]
    gone = [row for row in left if row["erased"]]
    assert {row["record"] for row in gone} == {str(record.id) for record in case.records}
    assert {str(row["fields"]) for row in gone} == {"{}"}


def overdue(record: SealedRecord) -> None:
    SealedRecord.objects.filter(id=record.id).update(kept_until=timezone.now())


def nobody_reads(world: World, guardian: Patient, case: Case) -> None:
    """Refused at the regulator's addresses and at those of before, without a word of it."""
    for client in (*everybody_else(world), guardian.client):
        for path in (KEPT, case.page, one(case.records[0])):
            answer = raw(client, "GET", path)
            assert (answer.status_code, answer.json()["code"]) in REFUSED_THERE, path
        for path in case.paths:
            answer = raw(client, "GET", path)
            assert answer.status_code in (401, 403, 404, 409, 410), (path, answer.text)
            assert case.word not in answer.text


REFUSED_THERE = {(403, "access.wrong_role"), (401, "token.invalid")}
"""The second is who has left."""


def test_a_former_reader_is_told_that_it_was_erased(world, patient):
    """G6: the doctor and the reviewer of then."""
    case = version(world, patient)
    erases(patient)
    for path in case.paths:
        with refused("record.erased"):
            world.doctor.get(path)


def test_a_guardian_sees_that_there_was_something(world, patient):
    """G6: what a ward had erased is in the history without its content."""
    child = world.a_patient(born=years_ago(9))
    made = registers(patient, child)
    rx = cancelled(world, child, world.issued(child))
    assert "测试药" in str(looks(patient, made.id)["prescriptions"])
    erases(child)
    (row,) = looks(patient, made.id)["prescriptions"]
    assert (row["id"], row["erased"]) == (rx, True)
    assert "测试药" not in str(row)


def test_a_picture_opens_by_itself_and_is_left_out_of_the_page(world, patient):
    case = message(world, patient)
    erases(patient)
    picture = world.regulator.get(one(case.records[2]))["fields"]
    assert (picture["picture"], picture["media_type"]) == (form.PICTURE, "image/png")
    page = world.regulator.get(case.page, after=3)["records"]
    assert [(row["kind"], "picture" in row["fields"]) for row in page] == [("message", False)]
    assert page[0]["fields"]["media_type"] == "image/png"


def test_the_list_of_all_that_is_kept_has_pages(world, patient):
    """What is destroyed first comes first; nothing is opened, nothing is asked per row."""
    cases = [message(world, patient), version(world, patient)]
    erases(patient)
    mine = {str(record.id) for case in cases for record in case.records}
    before = count_entries(kind="record.view")
    found: list[Json] = []
    more: Json = {}
    costs = set()
    while True:
        page: Json = {}
        costs.add(
            len(queries_of(lambda: page.update(world.regulator.get(KEPT, size=7, **more))))  # noqa: B023
        )
        found += page["kept"]
        if page["next"] is None:
            break
        more = {"cursor": page["next"]}
    assert mine <= {row["record"] for row in found}
    assert len(found) == len({row["record"] for row in found})
    assert [row["kept_until"] for row in found] == sorted(row["kept_until"] for row in found)
    assert costs == {2}, costs
    assert count_entries(kind="record.view") == before
    assert all(set(row) == {"record", "kind", "of", "kept_until"} for row in found)


def test_a_subject_in_pages_costs_the_same_for_few_and_many(world, patient):
    case = message(world, patient)
    erases(patient)
    first = world.regulator.get(case.page, size=2)
    rest = world.regulator.get(case.page, size=2, after=first["next"])
    assert [one["kind"] for one in (*first["records"], *rest["records"])] == [
        "consultation",
        *["message"] * 3,
    ]
    assert (first["next"], rest["next"]) == (2, None)
    few = queries_of(lambda: world.regulator.get(case.page, size=1))
    many = queries_of(lambda: world.regulator.get(case.page, size=50))
    assert len(few) == len(many), "\n".join(many)
    assert world.regulator.get(case.page, after=4)["records"] == []


def test_what_there_is_not_is_unknown(world):
    for path in (f"{KEPT}/rx/{uuid4()}", f"{KEPT}/bill/{uuid4()}", f"{KEPT}/records/{uuid4()}"):
        with refused("kept.unknown"):
            world.regulator.get(path)
    with refused("page.bad_number"):
        world.regulator.get(f"{KEPT}/rx/{uuid4()}", after="-1")


def test_a_plea_that_nobody_signed_second_is_kept_too(world, patient):
    """It opened nothing, so it is not among those judged; after the erasure it is evidence."""
    plea = pleads(world.foreign_doctor, patient)
    with refused("emergency.unknown"):
        world.regulator.get(f"/api/emergencies/{plea['id']}")
    erases(patient)
    (row,) = world.regulator.get(page_of(plea["subject"]))["records"]
    assert row["fields"]["reason"]


def test_the_moment_at_which_it_is_nobodys_any_more(world, patient):
    """The end is exclusive, whenever the sweeper comes."""
    case = content(world, patient)
    erases(patient)
    (record,) = case.records
    record.refresh_from_db()
    until = record.kept_until
    assert until is not None
    assert records.salted(record, overseen=until - MOMENT)
    with pytest.raises(records.RecordErased):
        records.salted(record, overseen=until)
