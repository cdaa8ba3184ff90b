"""Narcotics are given out by one pharmacist and checked by another: two persons, two signatures."""

from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.utils import timezone

from config.demo import second
from hospital.client import Problem
from hospital.models import Account
from hospital.roles import Role
from pharmacy.models import Dispensing, Scan
from pharmacy.queries import SCAN_LIFE
from prescriptions.models import Prescription
from tests import lawfulness
from tests.journeys import narcotics
from tests.journeys.narcotics import LINES, to_check
from tests.journeys.watching import at_once, everything, kinds, outcomes, raw
from tests.journeys.writes import asking, of
from tests.world import a_member

GIVE = {"lines": LINES}


def refused(client, rx, verb, body):
    """The code with which the draft of the statement is refused; nothing was changed."""
    before = everything()
    with pytest.raises(Problem) as problem:
        client.command(of(rx, verb), body)
    assert everything() == before
    return problem.value.code


def refused_though_drawn(client, rx, verb, drawn, body):
    """The same of a statement that was drawn while it was lawful."""
    before = everything()
    with pytest.raises(Problem) as problem:
        client.write(of(rx, verb), {**body, "note": client.sign(drawn["statement"])})
    assert everything() == before
    return problem.value.code


def draw(client, rx, verb, body):
    return client.post(f"{of(rx, verb)}/statement", {**body, "key": client.key_name})


def check(world, rx, **changes):
    world.second_own_pharmacist.command(of(rx, "double-check"), to_check(rx, **changes))


def test_one_gives_out_what_another_has_checked(world, patient):
    """K8: the second sees what the first scanned, and both sign; the state does not change."""
    rx = narcotics.scanned(world, patient)
    first, second = world.own_pharmacist, world.second_own_pharmacist
    assert refused(first, rx, "dispense", GIVE) == "dispensing.not_checked"
    scan = Scan.objects.get(prescription__id=rx)

    seen = second.get(of(rx, f"double-check/{scan.id}"))
    assert [seen["lines"][line]["quantity"] for line in LINES] == [1]
    assert second.command(of(rx, "double-check"), to_check(rx))["status"] == "paid"
    assert first.command(of(rx, "dispense"), GIVE)["status"] == "dispensed"

    assert kinds(rx)[-2:] == ["pharmacy.double_check", "pharmacy.dispense"]
    found = Prescription.objects.get(id=rx)
    people = [Account.objects.get(id=one.account).person_id for one in (first, second)]
    assert [found.dispensed_by_id, found.double_checker_id] == people
    assert found.double_checked_scan == scan.id
    assert Dispensing.objects.get(prescription__id=rx).scan_id == scan.id
    assert lawfulness.faults() == []


def test_nobody_checks_for_oneself(world, patient):
    """K8: neither from another account, nor who prescribed it, nor in another pharmacy."""
    rx = narcotics.scanned(world, patient)
    first = Account.objects.select_related("person").get(id=world.own_pharmacist.account)
    again = a_member(Role.PHARMACIST, world.own_pharmacy, person=first.person)
    doctor = Account.objects.select_related("person").get(id=world.prescriber.account)
    moonlighter = a_member(Role.PHARMACIST, world.own_pharmacy, person=doctor.person)
    verb, body = "double-check", to_check(rx)

    assert refused(world.own_pharmacist, rx, verb, body) == "access.same_pharmacist"
    assert refused(again, rx, verb, body) == "access.same_pharmacist"
    assert refused(moonlighter, rx, verb, body) == "access.own_prescription"
    assert refused(world.pharmacist, rx, verb, body) == "access.wrong_pharmacy"
    assert refused(world.reviewer, rx, verb, body) == "access.wrong_role"
    for client in (again, world.pharmacist):
        answer = raw(client, "GET", of(rx, f"double-check/{body['scan']}"))
        assert answer.status_code == 403


def test_who_checked_does_not_give_out(world, patient):
    """K8: not with a scan of the own either, and from no account."""
    rx = narcotics.scanned(world, patient)
    check(world, rx)
    second = world.second_own_pharmacist
    person = Account.objects.select_related("person").get(id=second.account).person
    again = a_member(Role.PHARMACIST, world.own_pharmacy, person=person)
    for client in (second, again):
        narcotics.scan(world, patient, rx, by=client)
        assert refused(client, rx, "dispense", GIVE) == "access.same_pharmacist"


def test_a_check_is_of_one_scan(world, patient):
    """R10: who scans again has it checked again, and the last check counts."""
    rx = narcotics.double_checked(world, patient)
    first = world.own_pharmacist
    before = draw(first, rx, "dispense", GIVE)
    narcotics.scan(world, patient, rx)

    assert refused(first, rx, "dispense", GIVE) == "dispensing.other_scan"
    code = refused_though_drawn(first, rx, "dispense", before, GIVE)
    assert code == "dispensing.other_scan"
    check(world, rx)
    first.command(of(rx, "dispense"), GIVE)
    assert lawfulness.faults() == []


def test_a_check_is_of_what_was_prescribed(world, patient):
    """R4: and of a scan that there is, of this prescription, that lasts."""
    rx, other = narcotics.scanned(world, patient), narcotics.scanned(world, patient)
    second, verb = world.second_own_pharmacist, "double-check"
    for lines in ({"1": 2}, {"2": 1}, {"1": 1, "2": 1}):
        found = refused(second, rx, verb, to_check(rx, lines=lines))
        assert found == "dispensing.wrong_quantity"
    for scan in (str(uuid4()), to_check(other)["scan"]):
        assert refused(second, rx, verb, to_check(rx, scan=scan)) == "scan.unknown"
        assert raw(second, "GET", of(rx, f"double-check/{scan}")).status_code == 404
    check(world, rx)
    assert refused(world.own_pharmacist, rx, "dispense", {"lines": {"1": 2}}) == (
        "dispensing.wrong_quantity"
    )
    Scan.objects.filter(prescription__id=rx).update(scanned_at=timezone.now() - SCAN_LIFE)
    assert refused(second, rx, verb, to_check(rx)) == "scan.unknown"
    assert refused(world.own_pharmacist, rx, "dispense", GIVE) == "scan.missing"


def test_a_check_ends_when_the_patient_takes_it_back(world, patient):
    """R3: what was chosen again is scanned and checked again."""
    rx = narcotics.double_checked(world, patient)
    before, former = draw(world.own_pharmacist, rx, "dispense", GIVE), to_check(rx)
    patient.client.command(of(rx, "withdraw"))
    assert unchecked(rx)
    narcotics.chosen(world, patient, rx)
    narcotics.scan(world, patient, rx)
    assert refused(world.second_own_pharmacist, rx, "double-check", former) == "scan.unknown"

    assert refused(world.own_pharmacist, rx, "dispense", GIVE) == "dispensing.not_checked"
    code = refused_though_drawn(world.own_pharmacist, rx, "dispense", before, GIVE)
    assert code == "dispensing.not_checked"
    check(world, rx)
    world.own_pharmacist.command(of(rx, "dispense"), GIVE)
    assert lawfulness.faults() == []


def test_a_check_ends_with_the_content(world, patient):
    """R3: what the doctor has changed is another thing."""
    rx = narcotics.double_checked(world, patient)
    content = {"diagnoses": world.draft(patient)["diagnoses"]}
    content["lines"] = world.narcotic_lines(patient)
    world.prescriber.write(of(rx, "versions"), content)
    world.prescriber.command(of(rx, "change"))
    assert unchecked(rx)
    narcotics.chosen(world, patient, narcotics.reviewed(world, rx))
    narcotics.scan(world, patient, rx)

    assert refused(world.own_pharmacist, rx, "dispense", GIVE) == "dispensing.not_checked"
    check(world, rx)
    world.own_pharmacist.command(of(rx, "dispense"), GIVE)
    assert lawfulness.faults() == []


def test_a_check_outlasts_a_question_that_changes_nothing(world, patient):
    rx = narcotics.double_checked(world, patient)
    world.own_pharmacist.command(of(rx, "change-request"), asking())
    world.prescriber.command(of(rx, "keep"), {"reason": "intended"})
    world.own_pharmacist.command(of(rx, "dispense"), GIVE)
    assert lawfulness.faults() == []


def test_other_forms_need_none(world, patient):
    rx = world.scanned(patient)
    scan = Scan.objects.get(prescription__id=rx)
    body = {"scan": str(scan.id), "lines": {"1": 1, "2": 1}}
    assert (
        refused(world.second_pharmacist, rx, "double-check", body) == "dispensing.check_not_needed"
    )
    answer = raw(world.second_pharmacist, "GET", of(rx, f"double-check/{body['scan']}"))
    assert (answer.status_code, answer.json()["code"]) == (409, "dispensing.check_not_needed")
    world.pharmacist.command(of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})


def test_a_check_and_a_withdrawal_at_one_moment(world, patient):
    """R3: whichever is second is refused; a check never outlives the withdrawal."""
    rx = narcotics.scanned(world, patient)
    second, verb = world.second_own_pharmacist, "double-check"
    body = to_check(rx)
    checking = {**body, "note": second.sign(draw(second, rx, verb, body)["statement"])}
    taking = {"note": patient.client.sign(draw(patient.client, rx, "withdraw", {})["statement"])}
    results = at_once(
        lambda: second.write(of(rx, verb), checking),
        lambda: patient.client.write(of(rx, "withdraw"), taking),
    )
    assert outcomes(results).count("done") == 1
    withdrawn = Prescription.objects.get(id=rx).status == "approved"
    assert unchecked(rx) == withdrawn


def unchecked(rx):
    found = Prescription.objects.get(id=rx)
    return (found.double_checker_id, found.double_checked_scan) == (None, None)


def test_the_demo_finds_what_waits_and_names_its_lot(world, patient):
    """What the second pharmacist of the demo does works against the list and the shelf."""
    rx = narcotics.scanned(world, patient)
    scan = {"id": to_check(rx)["scan"], "prescription": rx}
    cast = Mock()
    cast.member.return_value = world.second_own_pharmacist
    second.double_check(cast, (world.own_pharmacy.slug, 1), scan, LINES)
    world.own_pharmacist.command(of(rx, "dispense"), GIVE)
