"""A patient has several phones: each has a key and a name, and any of them puts another out."""

import copy
import os
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from hospital.calendar import legal_day
from hospital.client import Problem
from hospital.faces import actions as faces
from hospital.models import Key
from insurance.models import Bill
from pharmacy.models import Reservation
from tests.journeys import recovering, writes
from tests.journeys.series import refused
from tests.journeys.turns import in_turn
from tests.journeys.watching import drawn, everything
from tests.world import a_face, looked_at


def listed(patient):
    return {key["name"]: key for key in patient.client.get("/api/keys")["keys"]}


def further(patient, device=""):
    """One more key of the patient's, named; its signer."""
    seen = looked_at(patient.client)
    body, signer = recovering.signed_by(patient.client, os.urandom(32), "/api/keys")
    named = {"device": device} if device else {}
    patient.client.write("/api/keys", {**body, "face_check": seen, **named})
    return signer


def test_phones_have_names_and_days(world, patient):
    """P1: the name is personal, so it is sealed, and stands in no entry."""
    second = further(patient, "小明的手机")
    mine = listed(patient)[second.verifier.name]
    assert (mine["device"], mine["state"], mine["revoked_at"]) == ("小明的手机", "active", None)
    assert mine["last_used_on"] == legal_day(recovering.now()).isoformat()
    assert "小明".encode() not in bytes(Key.objects.get(name=second.verifier.name).device)
    assert listed(patient)[patient.client.key_name]["device"] == ""


def test_the_last_day_of_use_is_shanghais(world, patient):
    """F11: not of the day of registration, and not of UTC's."""
    rx = world.approved(patient)
    Key.objects.filter(account_id=patient.account).update(last_used_on="2026-01-01")
    late = datetime.combine(legal_day(recovering.now()), datetime.min.time(), UTC)
    with recovering.at(late + timedelta(days=1, hours=17), world, patient):
        patient.client.command(writes.of(rx, "cancel"), {"reason": "patient_request"})
        used = listed(patient)[patient.client.key_name]["last_used_on"]
    assert used == (late.date() + timedelta(days=2)).isoformat()


def test_any_own_key_revokes_any(world, patient):
    """K6: another phone's, and in the end its own."""
    client = patient.client
    first, second = client.signer, further(patient)
    client.signer = second
    client.enter_with_key()
    client.command("/api/keys/revoke", {"name": first.verifier.name})
    assert listed(patient)[first.verifier.name]["state"] == "revoked"
    client.command("/api/keys/revoke", {"name": second.verifier.name})
    client.enter_with_wechat(world.wechat_code(patient.openid))
    assert {key["state"] for key in listed(patient).values()} == {"revoked"}


def test_nobody_revokes_anothers_key(world, patient):
    """K6"""
    other = world.a_patient()
    with refused("key.not_yours"):
        other.client.command("/api/keys/revoke", {"name": patient.client.key_name})


def test_a_revoked_key_signs_nothing(world, patient):
    """K1, K6: nor what was drawn and signed before, nor the code at the counter."""
    client, rx = patient.client, world.approved(patient)
    paid = world.paid(patient)
    code = world.code(patient, paid)
    authorize = drawn(client, writes.of(rx, "authorize"), world.choice(patient))
    second = further(patient)
    client.signer, first = second, client.signer
    client.enter_with_key()
    client.command("/api/keys/revoke", {"name": first.verifier.name})
    client.signer = first

    at_the_counter, before = world.pharmacist, everything()
    with refused("key.revoked"):
        client.write(writes.of(rx, "authorize"), authorize)
    with refused("key.revoked"):
        client.command(writes.of(rx, "authorize"), world.choice(patient))
    with refused("key.revoked"):
        at_the_counter.write("/api/scans", {"code": code})
    assert everything() == before
    client.signer = second
    world.pharmacist.write("/api/scans", {"code": world.code(patient, paid)})


def test_a_phone_is_lost_and_another_one_puts_it_out(world, patient):
    """F3, K6, T5: between what was drawn and what was sent nothing is half done."""
    client, rx = patient.client, world.approved(patient)
    second = further(patient)
    choice, path = world.choice(patient), writes.of(rx, "authorize")
    stolen = drawn(client, path, choice)
    thief = copy.copy(client)
    client.signer = second
    client.enter_with_key()
    client.command("/api/keys/revoke", {"name": thief.key_name})

    before = everything()
    with refused("token.invalid"):  # the session that the lost key opened has ended,
        thief.write(path, stolen)
    thief.enter_with_wechat(world.wechat_code(patient.openid))
    with refused("key.revoked"):  # and in one of WeChat's the signature does not count
        thief.write(path, stolen)
    assert everything() == before
    assert not Reservation.objects.filter(prescription_id=rx).exists()
    assert not Bill.objects.filter(prescription_id=rx).exists()

    client.command(path, choice)
    assert Reservation.objects.filter(prescription_id=rx).exists()
    assert Bill.objects.filter(prescription_id=rx).count() == 1


def test_sessions_end_with_the_key_that_opened_them(world, patient):
    """T5: its own and no others."""
    first, second = patient.client, copy.copy(patient.client)
    second.signer, wechat = further(patient), copy.copy(first)
    wechat.enter_with_wechat(world.wechat_code(patient.openid))
    first.enter_with_key()
    second.enter_with_key()
    second.command("/api/keys/revoke", {"name": first.key_name})
    with refused("token.invalid"):
        first.get("/api/keys")
    for client in (second, wechat):
        assert len(client.get("/api/keys")["keys"]) == 2


@pytest.mark.parametrize("revoked_first", [True, False])
def test_a_key_comes_in_while_it_is_put_out(world, patient, revoked_first):
    """F3, T5: whichever is first, no session of the key goes on."""
    first, second = patient.client, copy.copy(patient.client)
    second.signer = further(patient)
    note = first.sign(first.post("/api/login/challenge", {"key": first.key_name})["challenge"])
    revocation = drawn(second, "/api/keys/revoke", {"name": first.key_name})

    def enter():
        return first.post("/api/login/key", {"note": note})

    def revoke():
        return second.write("/api/keys/revoke", {"name": first.key_name, **revocation})

    if revoked_first:
        _, entered = in_turn(revoke, enter)
        assert getattr(entered, "code", entered) == "key.revoked"
    else:
        entered, _ = in_turn(enter, revoke)
        first.token = entered["token"]
        with refused("token.invalid"):
            first.get("/api/keys")


def test_a_further_key_takes_one_that_is_there(world, patient):
    """T5: a face and WeChat's account are not enough; a key must have come in, just now."""
    seen = a_face(patient.client, "key")
    body, _ = recovering.signed_by(patient.client, os.urandom(32), "/api/keys")
    before = everything()
    with refused("key.key_needed"):
        patient.client.write("/api/keys", {**body, "face_check": seen})
    assert everything() == before
    patient.client.enter_with_key()
    with time_machine.travel(recovering.now() + faces.LIFE + timedelta(seconds=1), tick=False):
        late, _ = recovering.signed_by(patient.client, os.urandom(32), "/api/keys")
        again = a_face(patient.client, "key")
        with refused("key.key_needed"):
            patient.client.write("/api/keys", {**late, "face_check": again})
    patient.client.write("/api/keys", {**body, "face_check": seen})


@pytest.mark.parametrize("device", ["x" * 31, 5, None])
def test_a_name_is_a_short_text(world, patient, device):
    body = writes.key(world, patient).body
    with pytest.raises(Problem, match=r"body\.invalid"):
        patient.client.write("/api/keys", {**body, "device": device})
