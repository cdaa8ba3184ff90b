"""Two at the same moment: one wins, the other is told, and the log has one entry. Real threads."""

import itertools
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from hospital.models import Key
from insurance.models import Bill, Refund
from pharmacy.models import Dispensing, Reservation, Scan, StockItem
from prescriptions.actions import issuing
from prescriptions.models import Prescription
from tests.journeys import writes
from tests.journeys.watching import at_once, drawn, kinds, outcomes, raw, subject
from tests.shelves import a_shelf
from tests.world import World, a_medicine

rounds = pytest.mark.parametrize(
    "turn", [1, 2, *[pytest.param(turn, marks=pytest.mark.slow) for turn in range(3, 9)]]
)
LINES = {"lines": {"1": 1, "2": 1}}


def status(rx: str) -> str:
    return Prescription.objects.get(id=rx).status


def on_hand(world: World) -> list[tuple[int, int]]:
    items = StockItem.objects.filter(pharmacy=world.pharmacy).order_by("id")
    return [(item.on_hand, item.reserved) for item in items]


def dispensing(by, rx):
    body = drawn(by, writes.of(rx, "dispense"), LINES)
    return lambda: by.write(writes.of(rx, "dispense"), body)


def taken(before: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """One unit of the first two items left the shelf, where it was reserved."""
    return [(hand - 1, kept - 1) for hand, kept in before[:2]] + before[2:]


def given_back(before: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(hand, kept - 1) for hand, kept in before[:2]] + before[2:]


@rounds
def test_two_pharmacists_scan_one_code(world, patient, turn):
    """R1, R12: one scan; its pharmacist dispenses, the other has nothing to dispense with."""
    rx = world.paid(patient)
    code = {"code": world.code(patient, rx)}
    both = (world.pharmacist, world.second_pharmacist)

    scans = at_once(*[lambda by=by: by.write("/api/scans", code) for by in both])

    assert outcomes(scans) == ["code.used", "done"]
    assert Scan.objects.filter(prescription=rx).count() == 1
    winner = both[0] if isinstance(scans[0], dict) else both[1]
    loser = both[1] if winner is both[0] else both[0]
    refused = raw(
        loser, "POST", writes.of(rx, "dispense/statement"), body={**LINES, "key": loser.key_name}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "scan.missing")
    dispensing(winner, rx)()
    assert kinds(rx).count("pharmacy.dispense") == 1


@rounds
def test_two_pharmacists_dispense_what_both_scanned(world, patient, turn):
    """R1, R2, R6: one 200, one 409; one entry, one dispensing, the shelf falls once."""
    rx = world.paid(patient)
    both = (world.pharmacist, world.second_pharmacist)
    for by in both:
        by.write("/api/scans", {"code": world.code(patient, rx)})
    ready = [dispensing(by, rx) for by in both]
    before = on_hand(world)

    results = at_once(*ready)

    assert outcomes(results) == ["done", "prescription.wrong_state"]
    assert kinds(rx).count("pharmacy.dispense") == 1
    assert Dispensing.objects.filter(prescription=rx).count() == 1
    assert on_hand(world) == taken(before)


def test_eight_dispenses_by_one_pharmacist(world, patient):
    """R2"""
    rx = world.scanned(patient)
    ready = [dispensing(world.pharmacist, rx) for _ in range(8)]
    before = on_hand(world)

    results = at_once(*ready)

    assert outcomes(results) == ["done"] + ["prescription.wrong_state"] * 7
    assert kinds(rx).count("pharmacy.dispense") == 1
    assert on_hand(world) == taken(before)


@rounds
def test_cancel_against_dispense(world, patient, turn):
    """R4: never both."""
    rx = world.scanned(patient)
    dispense = dispensing(world.pharmacist, rx)
    body = drawn(world.doctor, writes.of(rx, "cancel"), {"reason": "clinical"})

    results = at_once(dispense, lambda: world.doctor.write(writes.of(rx, "cancel"), body))

    assert outcomes(results) in (
        ["cancel.already_dispensed", "done"],
        ["done", "prescription.wrong_state"],
    )
    ended = {"dispensed": "pharmacy.dispense", "cancelled": "prescription.cancel"}[status(rx)]
    assert kinds(rx)[4:] == [ended]
    assert Dispensing.objects.filter(prescription=rx).exists() == (status(rx) == "dispensed")


@rounds
def test_expiry_against_dispense(world, patient, turn):
    """R4, F11: never both; expiry leaves a row that somebody holds for the next tick."""
    rx = world.scanned(patient)
    end = Prescription.objects.get(id=rx).valid_until

    dispensed, expired = at_once(
        dispensing(world.pharmacist, rx), lambda: issuing._expire(UUID(rx), end)
    )

    ended = kinds(rx)[4:]
    assert ended == (["prescription.expire"] if expired else ["pharmacy.dispense"])
    assert status(rx) == ("expired" if expired else "dispensed")
    assert isinstance(dispensed, dict) != expired


@rounds
def test_withdraw_against_dispense(world, patient, turn):
    """R3: no dispensing after a withdrawal."""
    rx = world.scanned(patient)
    body = drawn(patient.client, writes.of(rx, "withdraw"), {})
    dispense = dispensing(world.pharmacist, rx)
    before = on_hand(world)

    results = at_once(dispense, lambda: patient.client.write(writes.of(rx, "withdraw"), body))

    (problem,) = [code for code in outcomes(results) if code != "done"]
    if status(rx) == "dispensed":
        assert problem == "prescription.wrong_state"
        assert kinds(rx)[4:] == ["pharmacy.dispense"]
        assert on_hand(world) == taken(before)
    else:
        assert problem == "access.wrong_pharmacy"
        assert (status(rx), kinds(rx)[4:]) == ("approved", ["prescription.withdraw"])
        assert on_hand(world) == given_back(before)
        assert Refund.objects.filter(payment__bill__prescription=rx).count() == 1


@rounds
def test_two_devices_authorize_two_pharmacies(world, patient, turn):
    """R5: one authorization in force, stock kept at one pharmacy."""
    rx = world.approved(patient)
    path, client = writes.of(rx, "authorize"), patient.client
    bodies = [
        drawn(client, path, {"pharmacy": pharmacy.slug, "way": "collect"})
        for pharmacy in (world.pharmacy, world.other_pharmacy)
    ]

    results = at_once(*[lambda body=body: client.write(path, body) for body in bodies])

    assert outcomes(results) == ["done", "prescription.wrong_state"]
    assert kinds(rx).count("prescription.authorize") == 1
    assert Bill.objects.filter(prescription=rx).count() == 1
    held = Reservation.objects.filter(prescription=rx).values_list("item__pharmacy", flat=True)
    assert set(held) == {Prescription.objects.get(id=rx).pharmacy_id}


def test_the_last_box_goes_to_one_of_eight_patients(world):
    """R14: nobody is promised what is not there."""
    medicine = a_medicine()
    item = a_shelf(world.pharmacy, medicine, on_hand=1)
    ready = []
    for _ in range(8):
        patient = world.a_patient()
        line = {**world.draft(patient)["lines"][0], "medicine": medicine.code}
        ready.append(
            writes.signed(
                patient.client,
                writes.of(world.approved(patient, lines=[line]), "authorize"),
                {"pharmacy": world.pharmacy.slug, "way": "collect"},
            )
        )

    results = at_once(*[lambda one=one: one.by.write(one.path, one.body) for one in ready])

    assert outcomes(results) == ["done"] + ["stock.out"] * 7
    item.refresh_from_db()
    assert (item.on_hand, item.reserved) == (1, 1)


@pytest.mark.parametrize(
    "make",
    [*writes.MOVES, writes.revocation, writes.settle, *writes.CONSENTS],
    ids=writes.named,
)
def test_the_same_signed_note_twice_at_once(world, patient, make):
    """R2, K3: under two Idempotency-Keys; one entry."""
    ready = make(world, patient)
    before = kinds(ready.rx) if ready.rx else []

    results = at_once(*[lambda: ready.by.write(ready.path, ready.body)] * 2)

    codes = outcomes(results)
    assert codes.count("done") == 1, codes
    if ready.rx and make is not writes.settle:
        assert len(kinds(ready.rx)) == len(before) + 1


@rounds
def test_revocation_against_dispense(world, patient, turn):
    """K1, K6: signed while the key lived, or refused; the log shows which was first."""
    rx = world.scanned(patient)
    first, world.pharmacist.signer = world.pharmacist.signer, writes.another_key(world.pharmacist)
    name = world.pharmacist.key_name
    dispense = dispensing(world.pharmacist, rx)
    world.pharmacist.signer = first
    body = drawn(world.pharmacist, "/api/keys/revoke", {"name": name})

    dispensed, revoked = at_once(
        dispense, lambda: world.pharmacist.write("/api/keys/revoke", {**body, "name": name})
    )

    assert isinstance(revoked, dict)
    assert Key.objects.get(name=name).revoked_at is not None
    if isinstance(dispensed, dict):
        assert status(rx) == "dispensed"
    else:
        assert (dispensed.code, status(rx)) == ("key.revoked", "paid")


def test_wrong_codes_at_once_are_counted(world, patient):
    """T9: five guesses, however they come."""
    rx = world.shipped(patient)
    right = writes.told_code(patient, rx)["code"]
    wrong = [f"{(int(right) + n) % 10**6:06d}" for n in range(1, 13)]
    body = {"key": world.courier.key_name}
    path = writes.of(rx, "deliver/statement")

    results = at_once(
        *[lambda code=code: world.courier.post(path, {**body, "code": code}) for code in wrong]
    )

    counted = {code: len(list(group)) for code, group in itertools.groupby(outcomes(results))}
    assert counted.get("delivery.wrong_code", 0) <= 5, counted
    locked = raw(world.courier, "POST", path, body={**body, "code": right})
    assert (locked.status_code, locked.json()["code"]) == (423, "delivery.locked")
    patient.client.command(writes.of(rx, "deliver"))
    assert status(rx) == "delivered"


def test_a_row_that_somebody_holds_is_left_for_the_next_tick(world, patient):
    """F8: expiry waits for nobody."""
    from django.db import transaction

    from prescriptions import lifecycle

    rx = world.issued(patient)
    end = Prescription.objects.get(id=rx).valid_until + timedelta(seconds=1)
    with transaction.atomic():
        lifecycle.lock(UUID(rx))
        begun = timezone.now()
        (expired,) = at_once(lambda: issuing._expire(UUID(rx), end))
    assert expired is False
    assert timezone.now() - begun < timedelta(seconds=2)
    assert issuing._expire(UUID(rx), end) is True
    assert kinds(rx) == ["prescription.issue", "prescription.expire"]
    assert subject(rx) == f"rx/{UUID(rx).hex}"
