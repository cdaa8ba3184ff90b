"""The patient's code at the counter: for several prescriptions, by any clock, and for guessers."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from hospital.client import Problem
from hospital.roles import OrganisationKind, Role
from pharmacy import codes
from pharmacy.actions import throttling
from pharmacy.codemodels import TRIES
from pharmacy.models import Scan, ScanRefusals
from tests.journeys import writes
from tests.journeys.scanning import SCANS, a_code, last_look, refused_as, scan, signed
from tests.journeys.watching import at_once, count_entries, outcomes, raw
from tests.world import a_member, an_organisation

MINUTES = timedelta(minutes=1)


def test_one_code_opens_all_that_it_names_and_each_by_its_own_look(world, patient):
    """Z3, L15"""
    mine = sorted(world.paid(patient) for _ in range(3))
    made = scan(world.pharmacist, world.code(patient, mine[0], more=mine[1:]))
    assert [one["prescription"] for one in made] == mine
    assert list(
        Scan.objects.filter(prescription__in=mine)
        .order_by("number")
        .values_list("number", flat=True)
    ) == [1, 2, 3]
    assert len(set(Scan.objects.filter(prescription__in=mine).values_list("nonce"))) == 1
    looks = count_entries(kind="record.view")
    for one in made:
        assert world.pharmacist.get(f"{SCANS}/{one['id']}")["id"] == one["prescription"]
        lines = {"lines": {"1": 1, "2": 1}}
        world.pharmacist.command(writes.of(one["prescription"], "dispense"), lines)
    assert count_entries(kind="record.view") == looks + 3


def test_two_codes_with_one_nonce_are_one_code(world, patient):
    """R1, T9: the database has one first place for each, whichever prescriptions it names."""
    one, two = world.paid(patient), world.paid(patient)
    nonce = uuid4().hex
    both = [signed(patient.client, a_code(world, rx, nonce=nonce)) for rx in (one, two)]
    tries = at_once(*[lambda code=code: scan(world.pharmacist, code) or {} for code in both])
    refusals = [one.code for one in tries if isinstance(one, Problem)]
    assert refusals == ["code.used"]
    assert Scan.objects.filter(nonce=nonce).count() == 1


def test_codes_that_overlap_wait_for_each_other(world, patient):
    """R1, F8: locks are taken in one order, so nothing is refused or stands still."""
    one, two, three = (world.paid(patient) for _ in range(3))
    several = [
        world.code(patient, *some[:1], more=some[1:])
        for some in ((one, two), (two, three), (three, one))
    ]
    both = (world.pharmacist, world.second_pharmacist, world.pharmacist)
    tries = at_once(
        *[
            lambda by=by, code=code: by.write(SCANS, {"code": code})
            for by, code in zip(both, several, strict=True)
        ]
    )
    assert outcomes(tries) == ["done"] * 3


@pytest.mark.parametrize("off", [5 * MINUTES, -5 * MINUTES])
def test_a_phone_sets_its_clock_by_the_refusal(world, patient, off):
    """F10: five minutes fast or slow; the refusal says the server's time, by which it goes on."""
    rx = world.paid(patient)
    with pytest.raises(Problem) as refusal:
        scan(world.pharmacist, world.code(patient, rx, life=codes.LIFE + off))
    now = datetime.fromisoformat(refusal.value.body["server_time"])
    correction = now - (timezone.now() + off)
    scan(world.pharmacist, world.code(patient, rx, life=codes.LIFE + off + correction))


def test_ten_thousand_guesses_are_twenty(world, patient):
    """T8, T9, Z6, D1: the lock comes first, and says until when; others scan on."""
    guesser = a_member(Role.PHARMACIST, world.pharmacy)
    code = world.code(world.other_patient, world.paid(patient))
    judged = [refused_as(guesser, {"code": code})[1] for _ in range(throttling.MOST)]
    assert set(judged) == {"access.wrong_patient"}
    written = count_entries(kind="record.refuse")
    for _ in range(100):
        answer = raw(guesser, "POST", SCANS, body={"code": code})
        assert (answer.status_code, answer.json()["code"]) == (429, "scan.too_many_refused")
    assert 0 < int(answer.headers["Retry-After"]) <= 601
    assert count_entries(kind="record.refuse") == written
    assert ScanRefusals.objects.get(pharmacist__id=guesser.account).refused == throttling.MOST
    # Ten thousand calls in ten minutes are judged twenty times; a nonce has 128 random bits and
    # stands under a signature. A birth date is one of some 36,525, and a paper takes five.
    assert throttling.MOST / 2**128 < 1e-36
    assert TRIES / 36_525 < 1 / 7_000
    scan(world.pharmacist, world.code(patient, world.paid(patient)))

    with time_machine.travel(timezone.now() + throttling.WINDOW, tick=True):
        guesser.enter_with_key()
        assert refused_as(guesser, {"code": code})[1] != "scan.too_many_refused"
        assert ScanRefusals.objects.get(pharmacist__id=guesser.account).refused == 1


def test_a_whole_pharmacy_guesses(world, patient):
    """D1: five who guess lock their pharmacy, and no other."""
    pharmacy = an_organisation(OrganisationKind.PHARMACY)
    staff = [a_member(Role.PHARMACIST, pharmacy) for _ in range(6)]
    for one in staff[:5]:
        ScanRefusals.objects.create(
            pharmacist_id=one.account, since=timezone.now(), refused=throttling.MOST
        )
    body = {"code": world.code(patient, world.paid(patient), pharmacy=pharmacy.slug)}
    assert refused_as(staff[5], body) == (429, "scan.too_many_refused")
    ScanRefusals.objects.filter(pharmacist__id=staff[0].account).update(refused=throttling.MOST - 1)
    assert refused_as(staff[5], body) == (403, "access.wrong_pharmacy")
    scan(world.pharmacist, world.code(patient, world.paid(patient)))


def test_what_says_nothing_of_a_code_is_not_counted(world, patient):
    """I1, I4, Z5: a missing key, a wrong body, another's role."""
    code = world.code(patient, world.paid(patient))
    for key, body in ((None, {"code": code}), ("", {"code": code, "more": 1}), ("", {})):
        assert raw(world.pharmacist, "POST", SCANS, key=key, body=body).status_code in (400, 422)
    assert raw(patient.client, "POST", SCANS, body={"code": code}).status_code == 403
    assert not ScanRefusals.objects.exists()


def test_an_order_for_a_courier_is_taken_up_without_a_code(world, patient):
    """The patient is at home: the signed authorization names the pharmacy and the way."""
    rx = world.paid(patient, "courier")

    (made,) = world.pharmacist.write(writes.of(rx, "take-up"), {})["scans"]

    read = world.pharmacist.get(f"/api/scans/{made['id']}")["lines"]
    assert last_look()["basis"] == "courier_order"
    lines = {number: line["quantity"] for number, line in read.items()}
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": lines})


def test_nothing_else_is_taken_up_without_a_code(world, patient):
    """R4, Z2: what the patient fetches, another pharmacy's, what is not paid, what is done."""
    fetched, brought = world.paid(patient), world.paid(patient, "courier")
    waits = world.authorized(patient, "courier")

    def refused(by, rx):
        with pytest.raises(Problem) as refusal:
            by.write(writes.of(rx, "take-up"), {})
        return refusal.value.code

    assert refused(world.pharmacist, fetched) == "scan.no_parcel"
    assert refused(world.other_pharmacist, brought) == "access.wrong_pharmacy"
    assert refused(world.pharmacist, waits) == "prescription.wrong_state"
    assert refused(world.pharmacist, str(uuid4())) == "prescription.unknown"
    patient.client.command(f"/api/prescriptions/{brought}/withdraw")
    assert refused(world.pharmacist, brought) == "access.wrong_pharmacy"
