"""What guardians cannot do for a ward, each with its code, and nothing is changed."""

import threading
import time
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from hospital import acting, permissions
from hospital.guardians.actions import appointing
from insurance.actions import checkout
from tests import lawfulness
from tests.journeys import writes
from tests.journeys.guarding import (
    ALL,
    acts_for,
    appoints,
    authorizes,
    guarded,
    in_another_line,
    refused,
    registers,
    years_ago,
)
from tests.journeys.watching import account, at_once, drawn
from tests.journeys.writes import line_of
from tests.routes import every_route

RX, TALK = writes.ONE, writes.TALK
FOR_WARDS = {
    RX,
    *("/api/me/printed-codes", "/api/me/printed-codes/<uuid:printed_id>/lose"),
    *(f"{RX}/{verb}" for verb in ("pay", "bill", "delivery-code", "parcel", "pharmacies")),
    *(
        f"{RX}/{verb}{call}"
        for verb in ("authorize", "withdraw", "agree", "disagree", "cancel", "deliver")
        for call in ("", "/statement")
    ),
    f"{RX}/explanation",
    *(
        f"{writes.CLAIM}/{verb}{call}"
        for verb in ("withhold", "appeal")
        for call in ("", "/statement")
    ),
    *("/api/consultations", TALK),
    *(f"{TALK}/{verb}{call}" for verb in ("ask", "withdraw") for call in ("", "/statement")),
    *(f"{TALK}/{what}" for what in ("messages", "messages/<int:number>", "news", "pictures")),
    *("/api/me/looks", "/api/me/recalls"),
    "/api/payments/(?P<out_trade_no>P[0-9a-f]{30})/parameters",
}


def test_what_a_guardian_may_call_for_a_ward_is_this_and_nothing_else():
    """Z2: a new endpoint is the patient's alone, until it is put here."""
    assert {route.template for route in every_route() if route.view.for_wards} == FOR_WARDS


def for_ward(who, guardianship):
    return replace(who, client=who.client.for_ward(str(guardianship)))


def test_who_is_no_guardian_acts_for_nobody(world, mother, child, daughter):
    """A stranger, a guardian of another child, the ward, an id that nothing has, no id at all."""
    made, rx = registers(mother, child), world.approved(child)
    other = registers(daughter, world.a_patient(years_ago(7)))
    for who, named in (
        (world.other_patient, made.id),
        (daughter, made.id),
        (mother, other.id),
        (child, made.id),
        (mother, uuid4()),
        (mother, "nobody"),
    ):
        by = for_ward(who, named)
        assert refused(authorizes, world, by, rx) == (403, "access.not_granted")
        assert refused(by.client.get, "/api/me/looks") == (403, "access.not_granted")


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_guardian_of_two_children_acts_for_the_one_that_is_named(world, mother, child, elsewhere):
    """A key that was entered for one child is known for another of that line, too."""
    if elsewhere:
        child, sister = (in_another_line(world, mother) for _ in range(2))
    else:
        sister = world.a_patient(years_ago(8))
    by = guarded(mother, child)
    rx, paid = world.approved(sister), world.paid(sister)
    wrong = (403, "access.wrong_patient")
    assert refused(authorizes, world, by, rx) == wrong
    assert refused(authorizes, world, mother, world.approved(child)) == wrong
    assert refused(world.pharmacist.write, "/api/scans", {"code": world.code(by, paid)}) == wrong
    guarded(mother, sister)
    assert refused(authorizes, world, by, rx) == wrong
    world.pharmacist.write("/api/scans", {"code": world.code(by, paid)})


def test_what_is_the_wards_alone(world, mother, child):
    """Grants, keys, export, erasure: no guardian does them; and staff guard nobody at work."""
    by = guarded(mother, child)
    refusal = (403, "guardianship.not_for_wards")
    grant = {**writes.granting(world.foreign_hospital.slug), "key": mother.client.key_name}
    for path, body in (
        ("/api/me/grants/statement", grant),
        ("/api/me/erasure/statement", {"key": mother.client.key_name}),
        (f"{ALL}/statement", {}),
    ):
        assert refused(by.client.post, path, body) == refusal
    for path in ("/api/me/export", "/api/me/entries", "/api/prescriptions", "/api/keys"):
        assert refused(by.client.get, path) == refusal
    doctor = world.doctor.for_ward(by.client.guardianship)
    assert refused(doctor.get, f"/api/prescriptions/{world.issued(child)}") == refusal


def test_for_oneself_and_for_the_ward_are_two_requests(world, mother, child):
    """I8: one Idempotency-Key serves one of them."""
    by, question = guarded(mother, child), world.question("儿科")
    mother.client.write("/api/consultations", question, key="one")
    again = (422, "idempotency.key_reused")
    assert refused(by.client.write, "/api/consultations", question, key="one") == again
    assert by.client.get("/api/consultations")["consultations"] == []
    assert lawfulness.faults() == []


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_key_is_entered_once_where_it_is_not_known(world, mother, child, elsewhere):
    if elsewhere:
        child = in_another_line(world, mother)
    while line_of(child) != line_of(mother) and not elsewhere:
        child = world.a_patient(years_ago(5))
    path = f"{ALL}/{registers(mother, child).id}"
    rx, by = world.approved(child), for_ward(mother, path.rpartition("/")[2])
    if elsewhere:
        not_entered = (403, "guardianship.key_not_entered")
        assert refused(authorizes, world, by, rx) == not_entered
        assert refused(mother.client.command, f"{path}/end") == not_entered
        mother.client.command(f"{path}/key")
    known = (409, "guardianship.key_known")
    assert refused(mother.client.command, f"{path}/key") == known
    other = {"key": world.other_patient.client.key_name}
    assert refused(mother.client.post, f"{path}/key/statement", other) == (403, "key.not_yours")
    stranger = world.other_patient.client
    body = {"key": stranger.key_name}
    denied = (403, "access.not_granted")
    assert refused(stranger.post, f"{path}/key/statement", body) == denied
    authorizes(world, by, rx)
    assert lawfulness.faults() == []


def test_what_a_guardian_signs_waits_for_the_end_that_was_first(world, patient, daughter):
    """R3: and is refused, even though it was sent before the end was committed."""
    made = appoints(patient, daughter)
    by, rx = acts_for(daughter, patient, made), world.approved(patient)
    authorizes(world, by, rx)
    late = drawn(by.client, writes.of(rx, "withdraw"), {})["note"]
    ends = drawn(patient.client, f"{ALL}/{made['id']}/end", {})["note"]
    actor = acting.for_ward(account(daughter.client).actor, made["id"], at=timezone.now())
    results = []

    def withdraw():
        checkout.withdraw(UUID(rx), late, by=actor, at=timezone.now())

    sent = threading.Thread(target=lambda: results.extend(at_once(withdraw)))
    with transaction.atomic():
        appointing.end(UUID(made["id"]), ends, by=account(patient.client).actor, at=timezone.now())
        sent.start()
        time.sleep(0.3)
        assert results == []
    sent.join()
    (result,) = results
    assert isinstance(result, permissions.GuardianshipOver)
    assert lawfulness.faults() == []
