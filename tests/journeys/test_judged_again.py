"""A prescription is lawful when it is issued: what was withdrawn since the draft counts."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from hospital.client import Problem
from hospital.models import Account
from hospital.rights import Rights
from hospital.roles import Role
from ledger import note
from ledger import queries as ledger
from ledger.entry import Statement
from prescriptions import rules
from prescriptions.facts import Control
from prescriptions.models import Medicine, Prescription
from tests.journeys.watching import drawn, subject
from tests.world import LONG_AGO, a_medicine, a_member

NARCOTICS = Rights(practising_since=LONG_AGO, controlled=True)


@pytest.fixture
def doctor(world):
    """A doctor with the right to narcotics, whom no other test knows."""
    return a_member(Role.DOCTOR, world.hospital, rights=NARCOTICS)


@pytest.fixture
def morphine(world):
    return a_medicine(control=Control.NARCOTIC)


def line(medicine: Medicine, **changes) -> dict[str, Any]:
    usual = {"dose": "0.5", "dose_unit": "g", "frequency": "tid", "days": 3, "quantity": 1}
    return {"medicine": medicine.code, **usual, **changes}


def drafted(doctor, world, patient, medicine, **changes) -> str:
    body = world.draft(patient, lines=[line(medicine)], **changes)
    return f"/api/prescriptions/{doctor.write('/api/prescriptions', body)['id']}/issue"


def entries_of(rx: str) -> list[Statement]:
    notes = [one.note for one in ledger.entries_about(subject(rx))]
    return [Statement.parse(note.parse(one).text) for one in notes]


def change(doctor, **columns) -> None:
    Account.objects.filter(id=doctor.account).update(**columns)


def refused(call) -> dict[str, Any]:
    with pytest.raises(Problem) as refusal:
        call()
    return refusal.value.body


class TestRightsWithdrawn:
    """K7: what a hospital takes from a doctor counts from the next signature on."""

    def test_between_draft_and_statement(self, world, patient, doctor, morphine):
        issue = drafted(doctor, world, patient, morphine)
        change(doctor, controlled=False)

        problem = refused(lambda: doctor.command(issue))

        assert problem["code"] == "prescription.rule_broken"
        assert [one["rule"] for one in problem["findings"]] == ["rx.controlled_right"]
        assert problem["findings"][0]["article"] == "第十一条 unconfirmed"

    def test_between_statement_and_signature(self, world, patient, doctor, morphine):
        issue = drafted(doctor, world, patient, morphine)
        body = drawn(doctor, issue, {})
        change(doctor, controlled=False)

        assert refused(lambda: doctor.write(issue, body))["code"] == "prescription.rule_broken"
        assert entries_of(issue.split("/")[3]) == []

    def test_the_licence_too(self, world, patient, doctor, morphine):
        issue = drafted(doctor, world, patient, morphine)
        change(doctor, license_number="")

        problem = refused(lambda: doctor.command(issue))

        assert [one["rule"] for one in problem["findings"]] == ["rx.prescriber_registered"]

    def test_but_not_of_what_was_signed_before(self, world, patient):
        """K7: a prescription that was lawful when it was signed is reviewed and dispensed."""
        rx = world.issued(patient)
        before = Account.objects.filter(id=world.doctor.account)
        number = before.values_list("license_number", flat=True)[0]
        change(world.doctor, license_number="")
        try:
            world.reviewer.command(f"/api/prescriptions/{rx}/review", {"decision": "approve"})
        finally:
            change(world.doctor, license_number=number)

        assert Prescription.objects.get(id=rx).status == "approved"


def test_a_medicine_that_was_put_under_control_since(world, patient, doctor):
    medicine = a_medicine()
    issue = drafted(doctor, world, patient, medicine, emergency=True)
    Medicine.objects.filter(code=medicine.code).update(control=Control.TOXIC)

    problem = refused(lambda: doctor.command(issue))

    assert [one["rule"] for one in problem["findings"]] == ["rx.toxic_days"]


def test_a_medicine_that_has_left_the_catalogue(world, patient, doctor):
    medicine = a_medicine()
    issue = drafted(doctor, world, patient, medicine)
    medicine.delete()

    assert refused(lambda: doctor.command(issue))["code"] == "medicine.unknown"


def test_the_entry_states_what_the_rules_say_now(world, patient, doctor):
    """A newer version of the rules, and warnings that have come since."""
    issue = drafted(doctor, world, patient, a_medicine())
    rx = issue.split("/")[3]
    Prescription.objects.filter(id=rx).update(rules_version="rx-rules/0")
    change(doctor, trainee=True)

    doctor.command(issue)

    issued = Prescription.objects.get(id=rx)
    assert (issued.rules_version, issued.warnings) == (rules.VERSION, ["rx.countersignature"])
    (entry,) = entries_of(rx)
    assert (entry.facts["rules"], entry.facts["warnings"]) == (
        rules.VERSION,
        ["rx.countersignature"],
    )


def test_warnings_that_came_after_the_statement_are_not_signed_unseen(world, patient, doctor):
    """K9: the signature is under the warnings that the doctor has read."""
    issue = drafted(doctor, world, patient, a_medicine())
    body = drawn(doctor, issue, {})
    change(doctor, trainee=True)

    assert refused(lambda: doctor.write(issue, body))["code"] == "statement.altered"


def test_who_gives_more_than_usual_signs_that_again(world, patient, doctor):
    """K9: order 53, art. 6: the reason, and the signature under a statement that says so."""
    paracetamol = a_medicine(atc="N02BE01", strength="0.5", strength_unit="g")
    body = world.draft(patient, lines=[line(paracetamol, dose="2")])
    problem = refused(lambda: doctor.write("/api/prescriptions", body))
    assert [one["rule"] for one in problem["findings"]] == ["rx.overdose"]

    reasoned = {**body, "reason_for_overdose": "会诊意见"}
    rx = doctor.write("/api/prescriptions", reasoned)["id"]
    statement = doctor.post(f"/api/prescriptions/{rx}/issue/statement", {"key": doctor.key_name})

    assert "超剂量用药，已注明理由，本次签名即为再次签名" in statement["shows"]["zh"]
    assert "rx.overdose_reasoned" in statement["statement"]
    doctor.command(f"/api/prescriptions/{rx}/issue")


def test_only_the_doctor_of_a_draft_learns_what_is_wrong_with_it(world, patient, doctor, morphine):
    """Z1: a stranger is refused before anything is opened."""
    issue = drafted(doctor, world, patient, morphine)
    change(doctor, controlled=False)

    assert refused(lambda: world.doctor.command(issue))["code"] == "access.wrong_doctor"


def test_a_prescription_says_how_long_it_is_kept(world, patient):
    rx = world.issued(patient)

    shown = patient.client.get(f"/api/prescriptions/{rx}")

    kept = rules.legal_day(datetime.fromisoformat(shown["kept_until"]))
    today = rules.legal_day(timezone.now())
    assert (kept.year - today.year, shown["fields"]["patient/age"][-1]) == (1, "岁")
