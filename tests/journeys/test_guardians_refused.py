"""What is refused of guardians, each with its code, and nothing is changed; what is done once."""

import json
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from hospital import calendar, permissions
from hospital.consents import Purpose
from hospital.guardians import rules
from hospital.guardians.actions import appointing, registering
from hospital.guardians.actions.registering import Papers
from hospital.guardians.models import Guardianship
from ledger.models import Event
from tests import lawfulness
from tests.journeys import writes
from tests.journeys.guarding import (
    ALL,
    CERTIFICATE,
    appoints,
    code_of,
    looks,
    refused,
    registers,
    years_ago,
)
from tests.journeys.watching import account, at_once, drawn, everything, outcomes, raw
from tests.world import an_id_number

MOMENT = timedelta(microseconds=1)


def test_others_see_nothing(world, mother, child, daughter):
    """A guardian of another child, a stranger, the ward, an id that nothing has: one answer."""
    made = registers(mother, child)
    other = registers(daughter, world.a_patient(years_ago(7)))
    stranger = world.other_patient
    nothing = (403, "access.not_granted")
    assert refused(looks, daughter, made.id) == nothing
    assert refused(looks, mother, other.id) == nothing
    assert refused(looks, stranger, made.id) == nothing
    assert refused(looks, child, made.id) == nothing
    assert refused(looks, mother, uuid4()) == nothing
    for who in (daughter, stranger, child):
        with pytest.raises(permissions.NotGranted):
            permissions.basis_to_read(
                made.patient_id,
                Purpose.TREATMENT,
                by=account(who.client).actor,
                at=timezone.now(),
            )


def test_a_guardian_is_registered_once(mother, child):
    registers(mother, child)
    assert code_of(registers, mother, child) == "guardianship.exists"
    assert Guardianship.objects.filter(patient_id=child.account).count() == 1


def test_two_phones_appoint_once(patient, daughter):
    """The ward's account is locked."""
    one, other = (drawn(patient.client, ALL, writes.appointing(daughter)) for _ in range(2))
    done = at_once(lambda: patient.client.write(ALL, one), lambda: patient.client.write(ALL, other))
    assert outcomes(done) == ["done", "guardianship.exists"]
    assert Guardianship.objects.filter(patient_id=patient.account).count() == 1


def test_what_is_not_registered(world, mother, child, patient):
    nobody = replace(child, id_number=an_id_number(years_ago(5)))
    misspelt = replace(child, id_number="no number")
    for code, guardian, ward, changes in (
        ("guardianship.no_evidence", mother, child, {"evidence": " "}),
        ("guardianship.own", child, child, {}),
        ("guardianship.guardian_is_a_child", world.a_patient(years_ago(16)), child, {}),
        ("guardianship.ward_is_an_adult", mother, patient, {}),
        ("patient.unknown", mother, nobody, {}),
        ("patient.unknown", nobody, child, {}),
        ("identity.bad_id_number", mother, misspelt, {}),
    ):
        before = everything()
        assert code_of(registers, guardian, ward, **changes) == code
        assert everything() == before


@pytest.mark.parametrize("late", [-MOMENT, timedelta(0)])
def test_who_is_18_is_so_from_the_first_moment_of_that_day(world, mother, late):
    """F11: before it somebody is registered as the guardian, from it on the ward appoints."""
    born = years_ago(18, days=40)
    young, adult = world.a_patient(born), not late
    at = calendar.begins(date(born.year + 18, born.month, born.day)) + late
    assert rules.is_adult(rules.patient(UUID(young.account)), at) is adult
    papers = Papers(ward=young.id_number, guardian=mother.id_number, evidence=CERTIFICATE)
    with transaction.atomic():
        if adult:
            with pytest.raises(registering.WardIsAdult):
                registering.register(papers, at=at)
        else:
            assert registering.register(papers, at=at).until == at + MOMENT
        transaction.set_rollback(True)
    wish = appointing.Wish(UUID(mother.account), mother.id_number, at + timedelta(days=1))
    drawn_by = {"by": account(young.client).actor, "key": young.client.key_name, "at": at}
    if adult:
        assert appointing.draw_appointment(wish, **drawn_by)
    else:
        with pytest.raises(appointing.WardIsChild):
            appointing.draw_appointment(wish, **drawn_by)


def test_what_is_not_appointed(world, patient, mother, child):
    past = (timezone.now() - timedelta(seconds=1)).isoformat()
    far = (timezone.now() + timedelta(days=732)).isoformat()
    for refusal, ward, guardian, changes in (
        ((403, "guardianship.ward_is_a_child"), child, mother, {}),
        ((422, "guardianship.guardian_is_a_child"), patient, child, {}),
        ((422, "guardianship.own"), patient, patient, {}),
        ((422, "guardianship.wrong_period"), patient, mother, {"until": past}),
        ((422, "guardianship.wrong_period"), patient, mother, {"until": far}),
        ((422, "guardianship.unknown_guardian"), patient, mother, {"guardian": str(uuid4())}),
        ((422, "guardianship.unknown_guardian"), patient, mother, {"id_number": child.id_number}),
    ):
        assert refused(appoints, ward, guardian, **changes) == refusal


def test_no_more_than_ten_guardians(world, patient, daughter, monkeypatch):
    monkeypatch.setattr(rules, "GUARDIANS_MAX", 1)
    appoints(patient, daughter)
    assert refused(appoints, patient, world.other_patient) == (409, "guardianship.too_many")


def test_nobody_else_ends_it(world, mother, child, patient, daughter):
    """Not a stranger, and not the child, who appointed nobody."""
    appointed, registered = appoints(patient, daughter)["id"], registers(mother, child).id
    for refusal, who, which in (
        ((404, "guardianship.unknown"), mother, appointed),
        ((404, "guardianship.unknown"), world.other_patient, appointed),
        ((404, "guardianship.unknown"), patient, uuid4()),
        ((403, "guardianship.not_appointed"), child, registered),
    ):
        body = {"key": who.client.key_name}
        path = f"{ALL}/{which}/end/statement"
        assert refused(who.client.post, path, body) == refusal


def test_the_operator_registers_and_ends(tmp_path, mother, child, capsys):
    """Numbers come in a file; what is printed names nobody."""
    file = tmp_path / "papers.json"
    said = {"ward": child.id_number, "guardian": mother.id_number, "evidence": CERTIFICATE}
    file.write_text(json.dumps(said))
    call_command("guardian", "register", str(file))
    made = Guardianship.objects.get(patient_id=child.account)
    call_command("guardian", "end", str(made.id))

    printed = capsys.readouterr().out
    assert made.subject in printed
    assert not [one for one in said.values() if one in printed]
    assert refused(looks, mother, made.id) == (403, "guardianship.over")
    with pytest.raises(CommandError):
        call_command("guardian", "end", str(made.id))
    assert lawfulness.faults() == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"ward": 1, "guardian": "", "evidence": ""}'])
def test_the_operators_file_has_its_members(tmp_path, content):
    file = tmp_path / "papers.json"
    file.write_text(content)
    with pytest.raises(CommandError):
        call_command("guardian", "register", str(file))


def test_a_refused_look_is_written_down(mother, child):
    path = f"{ALL}/{uuid4()}/history"
    answer = raw(mother.client, "POST", path, key=None, body={})
    assert answer.json()["code"] == "access.not_granted"
    written = Event.objects.filter(kind="record.refuse").order_by("-id")[:5]
    assert any(path in bytes(entry.note).decode() for entry in written)
