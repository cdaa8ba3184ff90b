"""The register of narcotics: every sheet has a number, by hospital and day, and none is missing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hospital import calendar
from hospital.client import Client, Problem
from hospital.models import Organisation
from hospital.roles import OrganisationKind, Role
from ledger import note
from ledger import queries as ledger
from ledger.entry import Statement
from prescriptions.actions import issuing, numbering
from prescriptions.facts import Control
from prescriptions.models import Medicine, Prescription
from prescriptions.registers import Register, Serial
from tests.journeys import writes
from tests.journeys.test_looks import last_view
from tests.journeys.watching import at_once, count_entries, drawn, everything, outcomes
from tests.world import NARCOTICS, World, a_medicine, a_member, an_organisation

THREADS = 8


@pytest.fixture
def hospital() -> Organisation:
    """A hospital with a pharmacy of its own, of which no other test knows."""
    made = an_organisation(OrganisationKind.HOSPITAL)
    an_organisation(OrganisationKind.PHARMACY, hospital=made)
    return made


def a_prescriber(hospital: Organisation) -> Client:
    return a_member(Role.DOCTOR, hospital, rights=NARCOTICS)


def drafted(world: World, doctor: Client, patient: Any) -> str:
    medicine = a_medicine(control=Control.NARCOTIC)
    body = writes.of_narcotics(world, patient, medicine)
    return str(doctor.write("/api/prescriptions", body)["id"])


def issued(world: World, doctor: Client, patient: Any) -> str:
    rx = drafted(world, doctor, patient)
    doctor.command(writes.of(rx, "issue"))
    return rx


def entries(hospital: Organisation) -> list[Statement]:
    about = numbering.subject(hospital, calendar.legal_day(timezone.now()))
    return [Statement.parse(note.parse(one.note).text) for one in ledger.entries_about(about)]


def numbers(hospital: Organisation) -> list[int]:
    found = Serial.objects.filter(register__hospital=hospital).order_by("number")
    return list(found.values_list("number", flat=True))


def rows(reader: Client, **asked: Any) -> list[dict[str, Any]]:
    return list(reader.get("/api/register", **asked)["register"])


def every_row(reader: Client) -> Iterator[dict[str, Any]]:
    """Of all pages: other tests have registers of their own."""
    page = reader.get("/api/register", size=50)
    yield from page["register"]
    while page["next"]:
        page = reader.get("/api/register", size=50, cursor=page["next"])
        yield from page["register"]


class TestNumbers:
    def test_count_from_one_in_entries_of_their_own(self, world, patient, hospital):
        doctor = a_prescriber(hospital)
        two = [issued(world, doctor, patient) for _ in range(2)]

        found = entries(hospital)

        assert [one.facts["number"] for one in found] == [1, 2]
        for rx, one in zip(two, found, strict=True):
            stored = Prescription.objects.select_related("record").get(id=rx)
            assert one.facts["prescription"] == stored.subject
            assert one.facts["hospital"] == hospital.slug
            assert one.commitment == bytes(stored.record.commitment)
            assert one.patient == ""
            assert one.by.endswith("/registrar")

    def test_are_not_given_to_other_forms(self, world, patient):
        before = Serial.objects.count()
        world.issued(patient)
        assert Serial.objects.count() == before

    def test_a_changed_sheet_has_a_number_of_its_own(self, world, patient, hospital):
        doctor = a_prescriber(hospital)
        rx = issued(world, doctor, patient)
        content = writes.of_narcotics(world, patient, a_medicine(control=Control.NARCOTIC))
        asked = {name: content[name] for name in ("diagnoses", "lines")}
        doctor.write(writes.of(rx, "versions"), asked)
        doctor.command(writes.of(rx, "change"))

        reader = a_member(Role.REVIEWER, hospital)
        assert [(one["number"], one["in_force"]) for one in rows(reader)] == [(1, False), (2, True)]

    def test_a_refused_issue_gives_its_number_back(self, world, patient, hospital, monkeypatch):
        """I9: what fails after the number was drawn leaves no gap."""
        doctor = a_prescriber(hospital)
        issued(world, doctor, patient)
        rx = drafted(world, doctor, patient)
        body = drawn(doctor, writes.of(rx, "issue"), {})
        before = everything()

        def fails(*_: Any, **__: Any) -> None:
            raise issuing.ConsultationEnded

        with monkeypatch.context() as patch:
            patch.setattr(numbering, "_enter", fails)
            with pytest.raises(Problem):
                doctor.write(writes.of(rx, "issue"), body)
        assert everything() == before
        issued(world, doctor, patient)
        assert numbers(hospital) == [1, 2]

    def test_have_no_gap_and_no_repetition_when_all_sign_at_once(self, world, patient, hospital):
        """R1: real threads; on the first of a day too, when there is no register yet."""
        doctors = [a_prescriber(hospital) for _ in range(THREADS)]
        drafts = [drafted(world, one, patient) for one in doctors]
        ready = [
            writes.signed(one, writes.of(rx, "issue"))
            for one, rx in zip(doctors, drafts, strict=True)
        ]

        results = at_once(*[lambda one=one: one.by.write(one.path, one.body) for one in ready])

        assert outcomes(results) == ["done"] * THREADS
        assert numbers(hospital) == list(range(1, THREADS + 1))
        assert [one.facts["number"] for one in entries(hospital)] == numbers(hospital)
        assert Register.objects.get(hospital=hospital).last == THREADS

    def test_begin_again_with_the_shanghai_day(self, world, patient, hospital):
        rx = Prescription.objects.select_related("hospital", "record").get(
            id=issued(world, a_prescriber(hospital), patient)
        )
        evening = datetime(2027, 3, 1, 15, 59, 59, 999_999, tzinfo=UTC)
        days = [calendar.legal_day(evening + timedelta(microseconds=one)) for one in (0, 1)]
        assert [day.isoformat() for day in days] == ["2027-03-01", "2027-03-02"]
        assert len({numbering.subject(rx.hospital, day) for day in days}) == 2


class TestTheRegister:
    @pytest.fixture
    def two(self, world, patient, hospital) -> list[str]:
        doctor = a_prescriber(hospital)
        return [issued(world, doctor, patient) for _ in range(2)]

    def test_is_read_by_who_is_concerned(self, hospital, two):
        own = Organisation.objects.get(hospital=hospital)
        regulator = a_member(Role.REGULATOR, an_organisation(OrganisationKind.REGULATOR))
        today = calendar.legal_day(timezone.now()).isoformat()

        for reader, asked in (
            (a_member(Role.REVIEWER, hospital), {}),
            (a_member(Role.PHARMACIST, own), {}),
            (regulator, {"hospital": hospital.slug}),
        ):
            found = rows(reader, **asked)
            assert [one["prescription"] for one in found] == two
            assert [one["number"] for one in found] == [1, 2]
            assert {one["day"] for one in found} == {today}
            assert {one["status"] for one in found} == {"issued"}
            assert {one["form"] for one in found} == {"narcotic"}
        assert hospital.slug in {one["hospital"] for one in every_row(regulator)}

    def test_says_medicine_quantity_doctor_and_patient(self, world, patient, hospital, two):
        """L15: one entry for the page, with the number of records; for who keeps the register."""
        own = Organisation.objects.get(hospital=hospital)
        for reader in (a_member(Role.REVIEWER, hospital), a_member(Role.PHARMACIST, own)):
            before = count_entries(kind="record.view")
            found = rows(reader)
            assert count_entries(kind="record.view") == before + 1
            facts = last_view().facts
            assert (facts["records"], facts["of"], facts["basis"]) == (
                2,
                "register",
                "own_register",
            )
            assert facts["fields"] == ["doctor/license", "line/", "patient/name"]
            for one in found:
                sheet = one["sheet"]
                doctor = Prescription.objects.get(id=one["prescription"]).doctor
                assert (sheet["patient"], sheet["doctor"]) == ("测试患者", doctor.license_number)
                (line,) = sheet["lines"]
                medicine = Medicine.objects.get(code=line["code"])
                assert line["generic_name"] == medicine.generic_name
                assert (line["quantity"], line["unit"]) == (1, medicine.unit)
                assert set(sheet) == {"patient", "doctor", "lines"}

    def test_opens_nothing_for_a_regulator(self, hospital, two):
        """L15: who supervises reads numbers, and asks the patient for more."""
        regulator = a_member(Role.REGULATOR, an_organisation(OrganisationKind.REGULATOR))
        before = count_entries(kind="record.view")
        found = rows(regulator, hospital=hospital.slug)
        assert count_entries(kind="record.view") == before
        assert [set(one) & {"sheet"} for one in found] == [set(), set()]

    def test_keeps_the_number_of_what_was_erased(self, hospital, two):
        record = Prescription.objects.select_related("record").get(id=two[0]).record
        record.wrapped_key, kept = b"", record.wrapped_key
        record.save(update_fields=["wrapped_key"])
        try:
            found = rows(a_member(Role.REVIEWER, hospital))
        finally:
            record.wrapped_key = kept
            record.save(update_fields=["wrapped_key"])
        assert [one["number"] for one in found] == [1, 2]
        assert [one["sheet"] is None for one in found] == [True, False]

    def test_is_nothing_to_the_others(self, world, hospital, two):
        """Z1: the wrong hospital's reviewer and a retail pharmacist read no line of it."""
        foreign = a_member(Role.REVIEWER, an_organisation(OrganisationKind.HOSPITAL))
        for reader in (foreign, world.pharmacist):
            assert rows(reader) == []
            assert rows(reader, hospital=hospital.slug) == []

    def test_has_pages_and_a_fixed_number_of_queries(self, world, patient, hospital, two):
        """The session, the page with its sheets, and the entry of the look."""
        reader = a_member(Role.REVIEWER, hospital)
        first = reader.get("/api/register", size=1)
        second = reader.get("/api/register", size=1, cursor=first["next"])

        assert [one["number"] for one in first["register"] + second["register"]] == [1, 2]
        assert second["next"] is None
        counts = []
        for size in (1, 2):
            with CaptureQueriesContext(connection) as captured:
                reader.get("/api/register", size=size)
            counts.append(len(captured))
        assert counts[0] == counts[1] <= 7

    def test_is_of_the_days_asked_for(self, hospital, two):
        reader = a_member(Role.REVIEWER, hospital)
        today = calendar.legal_day(timezone.now())
        day = timedelta(days=1)

        def found(since: Any, until: Any) -> int:
            return len(rows(reader, since=since.isoformat(), until=until.isoformat()))

        assert found(today, today + day) == 2
        assert found(today - day, today) == 0
        assert found(today + day, today + 2 * day) == 0
        for since, until in ((today, today), (today, today + 367 * day)):
            with pytest.raises(Problem) as refusal:
                found(since, until)
            assert refusal.value.code == "register.bad_period"
        with pytest.raises(Problem) as refusal:
            rows(reader, since="26.11.2026")
        assert refusal.value.code == "register.bad_period"

    @pytest.mark.parametrize("value", ["\x00", "ä", "9999-12-31", "0001-01-01", "x" * 500])
    def test_is_not_broken_by_what_is_asked(self, value):
        """D4: a page, or 422 with the field."""
        regulator = a_member(Role.REGULATOR, an_organisation(OrganisationKind.REGULATOR))
        for name in ("since", "until", "hospital", "cursor", "size"):
            asked = {"hospital": "none", name: value}
            answer = regulator.http.get(
                "/api/register",
                params=asked,
                headers={"Authorization": f"Bearer {regulator.token}"},
            )
            assert answer.status_code in (200, 422), (name, answer.text)
            if answer.status_code == 422:
                assert answer.json()["field"] in {name, "until"}
