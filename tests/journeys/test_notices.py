"""What patients are told of, and when: with the change, once, and never of their own doing."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from hospital.notices import actions, unusual
from hospital.notices.kinds import SENTENCES, Kind
from hospital.notices.models import LookCount, Notice
from prescriptions import lifecycle, telling
from prescriptions.actions import expiring
from prescriptions.models import Prescription
from tests.journeys import recovering, writes
from tests.journeys.looking import asks, breaks_glass, grants
from tests.journeys.series import refused
from tests.journeys.telling import of_kind, tell, told
from tests.journeys.watching import account, at_once, everything, subject

NIGHT = datetime(2026, 3, 3, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
NOON = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)


# --- who tells ---------------------------------------------------------------------------------


def test_a_prescription_tells_its_way(world, patient):
    """Every step that others take; what patients do themselves they know."""
    ready = writes.hand_over(world, patient)
    ready.by.write(ready.path, ready.body)
    assert told(patient, subject(ready.rx)) == [
        "prescription.approved",
        "prescription.dispensed",
        "prescription.shipped",
    ]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("send_back", ["prescription.returned"]),
        ("check", []),
        ("confirm", ["prescription.approved"]),
        ("cancel", ["prescription.approved", "prescription.cancelled"]),
        ("upload_reviewed", ["prescription.approved"]),
    ],
)
def test_a_move_of_others_is_told(world, patient, name, kinds):
    ready = getattr(writes, name)(world, patient)
    ready.by.write(ready.path, ready.body)
    found = told(patient)
    assert [one for one in found if one.startswith("prescription.")] == kinds


def test_who_cancels_a_prescription_is_not_told_of_it(world, patient):
    rx = world.approved(patient)
    patient.client.command(writes.of(rx, "cancel"), {"reason": "patient_request"})
    assert told(patient, subject(rx)) == ["prescription.approved"]


def test_a_field_that_a_payer_asks_for_is_told_and_waits_for_the_answer(world, patient):
    """L15, C2: the patient alone can answer, and the notice says neither which field nor why."""
    ready = writes.ask_field(world, patient)
    assert "claim.asks" not in told(patient, subject(ready.rx))

    ready.by.write(ready.path, ready.body)

    assert told(patient, subject(ready.rx))[-1] == "claim.asks"
    (notice,) = of_kind(patient, "claim.asks")
    assert notice["text"] == SENTENCES[Kind.CLAIM_ASKS]
    assert waits_for(world, patient, ready.rx) == ("diagnosis/", "diagnosis/")
    body = {"payer": world.fund.slug, "field": "diagnosis/"}
    patient.client.command(f"/api/claims/{ready.rx}/withhold", body)
    assert waits_for(world, patient, ready.rx) == (None, "diagnosis/")
    assert told(patient, subject(ready.rx)).count("claim.asks") == 1


def waits_for(world, patient, rx):
    """Which field the patient still has to answer for, and which the officer's list names."""
    paid = patient.client.get(f"/api/prescriptions/{rx}/explanation")["payers"]
    asks = next(one["asks"] for one in paid if one["payer"] == world.fund.slug)
    listed = world.fund_officer.each("/api/claims/waiting", "claims")
    mine = next(one for one in listed if one["prescription"] == rx)
    return asks and asks["field"], mine["field"]


def test_what_tells_is_a_move():
    assert set(telling.TELLS) <= {move.name for move in lifecycle.MOVES}


def test_a_prescription_that_ends_soon_is_told_once_for_each_end(world, patient):
    rx = world.approved(patient)
    ends = Prescription.objects.get(id=rx).valid_until
    expiring.warn(at=ends - expiring.SOON - timedelta(microseconds=1))
    assert told(patient, subject(rx)) == ["prescription.approved"]
    for _ in range(2):
        expiring.warn(at=ends - expiring.SOON)
    expiring.warn(at=ends)
    Prescription.objects.filter(id=rx).update(valid_until=ends + timedelta(days=1))
    expiring.warn(at=ends + timedelta(days=1) - expiring.SOON)
    assert told(patient, subject(rx)).count("prescription.expiring") == 2


def test_a_new_phone_that_wants_to_replace_all_is_told_to_the_old_one(world, patient):
    """At once, in the transaction of the recovery, to the account that the old phone is in."""
    new, _ = recovering.recovered(world, patient)
    patient.client.enter_with_key()
    (waits,) = of_kind(patient, "key.waits")
    assert waits["subject"] == f"key/{new.client.key_name}"
    patient.client.command("/api/keys/revoke", {"name": new.client.key_name})
    assert told(patient, waits["subject"]) == ["key.waits", "key.revoked"]


def test_every_key_is_told(world, patient):
    (added,) = of_kind(patient, "key.added")
    assert added["subject"] == f"key/{patient.client.key_name}"
    ready = writes.key(world, patient)
    ready.by.write(ready.path, ready.body)
    assert len(of_kind(patient, "key.added")) == 2


def test_staff_have_no_inbox(world):
    account_id = world.doctor.account
    assert not Notice.objects.filter(account_id=account_id).exists()


def test_an_emergency_is_told_when_it_opens_and_when_it_is_judged(world, patient):
    opened = breaks_glass(world.foreign_doctor, patient)
    assert told(patient, opened["subject"]) == ["emergency.opened"]
    path = f"/api/emergencies/{opened['id']}/review"
    world.regulator.command(path, {"verdict": "justified"})
    assert told(patient, opened["subject"]) == ["emergency.opened", "emergency.judged"]


def test_the_first_use_of_a_grant_is_told(world, patient):
    granted = grants(patient, world.foreign_hospital.slug)
    assert of_kind(patient, "grant.used") == []
    for _ in range(2):
        asks(world.foreign_doctor, patient)
    (used,) = of_kind(patient, "grant.used")
    assert used["subject"] == f"grant/{granted['id'].replace('-', '')}"


# --- unusual looks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "looks", "expected"),
    [
        (NOON, 1, False),
        (NOON, unusual.MANY_AN_HOUR, False),
        (NOON, unusual.MANY_AN_HOUR + 1, True),
        (NIGHT, 1, True),
        (datetime(2026, 3, 3, 14, 59, 59, 999999, tzinfo=UTC), 1, False),
        (datetime(2026, 3, 3, 15, 0, tzinfo=UTC), 1, True),
        (datetime(2026, 3, 3, 21, 59, 59, 999999, tzinfo=UTC), 1, True),
        (datetime(2026, 3, 3, 22, 0, tzinfo=UTC), 1, False),
    ],
)
def test_what_is_unusual(at, looks, expected):
    """From 23:00 to 06:00 in Shanghai, or more than one a minute for an hour."""
    assert unusual.is_unusual(at, looks) is expected


def look(patient, doctor, basis, at):
    with transaction.atomic():
        unusual.tell_of_look(UUID(patient.account), basis, by=account(doctor).actor, at=at)


def test_an_unusual_look_is_told_once_a_day(world, patient):
    basis = f"emergency/{uuid4().hex}"
    look(patient, world.foreign_doctor, basis, NOON)
    assert told(patient, basis) == []
    for moment in (NIGHT, NIGHT + timedelta(minutes=5), NIGHT + timedelta(days=1)):
        look(patient, world.foreign_doctor, basis, moment)
    assert told(patient, basis) == ["look.unusual"] * 2


def test_many_looks_in_an_hour_are_told_and_the_next_hour_counts_anew(world, patient):
    basis, reader = f"emergency/{uuid4().hex}", world.foreign_doctor
    LookCount.objects.filter(reader_id=reader.account).delete()
    look(patient, reader, basis, NOON)
    LookCount.objects.filter(reader_id=reader.account).update(looks=unusual.MANY_AN_HOUR)
    look(patient, reader, basis, NOON + timedelta(hours=1))
    assert told(patient, basis) == []
    LookCount.objects.filter(reader_id=reader.account).update(looks=unusual.MANY_AN_HOUR)
    look(patient, reader, basis, NOON + timedelta(minutes=119))
    assert told(patient, basis) == ["look.unusual"]


# --- once, and with the change -----------------------------------------------------------------


def test_what_was_rolled_back_was_not_told(world, patient):
    """R1: the notice goes with the change."""
    before = everything()
    with transaction.atomic():
        actions.tell(UUID(patient.account), Kind.APPROVED, "rx/1", 1, at=timezone.now())
        transaction.set_rollback(True)
    assert everything() == before


def test_nobody_tells_outside_of_a_change(world, patient):
    with pytest.raises(actions.ToldOutsideTransaction):
        actions.tell(UUID(patient.account), Kind.APPROVED, "rx/1", 1, at=timezone.now())


def test_the_same_is_told_once(world, patient):
    """F2: again, and by four at one moment."""
    about = f"rx/{uuid4().hex}"
    assert at_once(*[lambda: tell(patient, timezone.now(), about=about)] * 4) == [None] * 4
    tell(patient, timezone.now(), about=about, version=3)
    assert told(patient, about) == ["prescription.approved"] * 2


def test_a_refused_emergency_tells_nobody(world, patient):
    doctor = world.foreign_doctor
    before = everything()
    with refused("emergency.no_reason"):
        breaks_glass(doctor, patient, reason=" ")
    assert everything() == before
