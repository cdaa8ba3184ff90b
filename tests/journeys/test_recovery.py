"""
A phone is lost with the only key in it. The face alone brings a new key, and the new key waits.

Whoever finds the phone signs nothing with it any more; whoever still has it objects.
"""

import os
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hospital.actions import recovering as recovery
from hospital.client import Problem
from hospital.faces.models import FaceCheck
from hospital.models import Account, Key
from hospital.units import stamp
from ledger.entry import Statement
from prescriptions.models import Prescription
from tests import lawfulness
from tests.journeys import recovering, writes
from tests.journeys.recovering import LINES, PATH, WAIT, at, recovered, states
from tests.journeys.series import MOMENT, refused
from tests.journeys.watching import at_once, drawn, everything, outcomes
from tests.world import a_client, a_face


def status(rx):
    return str(Prescription.objects.get(id=rx).status)


def test_a_phone_is_lost_in_the_middle_of_an_authorization(world, patient):
    """Signed but not sent, lost, found by a thief; the new phone takes it up the next day."""
    rx = world.approved(patient)
    paid = world.paid(patient)
    code, pharmacist = world.code(patient, paid), world.pharmacist
    begun = drawn(patient.client, writes.of(rx, "authorize"), world.choice(patient))

    new, active_from = recovered(world, patient, "新手机")
    assert states(new) == ["suspended", "waiting"]

    before = everything()
    with refused("key.suspended"):  # the thief sends what was signed before the loss,
        patient.client.write(writes.of(rx, "authorize"), begun)
    with refused("key.suspended"):  # or signs anew,
        patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
    with refused("key.suspended"):  # or fetches what is paid
        pharmacist.write("/api/scans", {"code": code})
    with refused("key.waiting"):  # and the new phone has to wait
        new.client.command(writes.of(rx, "authorize"), world.choice(new))
    assert (everything(), status(rx)) == (before, "approved")

    with at(active_from, world, new, patient):
        assert states(new) == ["replaced", "active"]
        with refused("key.revoked"):
            patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
        new.client.command(writes.of(rx, "authorize"), world.choice(new))
        pharmacist.write("/api/scans", {"code": world.code(new, paid)})
        pharmacist.command(writes.of(paid, "dispense"), LINES)
        new.client.command(writes.of(paid, "deliver"))
        assert (status(rx), status(paid)) == ("authorized", "delivered")
    assert lawfulness.faults() == []


def test_the_wait_ends_to_the_moment(world, patient):
    """F11: not a microsecond early; the old key objects until then and not after."""
    rx = world.approved(patient)
    new, active_from = recovered(world, patient)
    name = new.client.key_name
    with at(active_from - MOMENT, world, new, patient):
        with refused("key.waiting"):
            new.client.command(writes.of(rx, "authorize"), world.choice(new))
        objection = drawn(patient.client, "/api/keys/revoke", {"name": name})
    with at(active_from, world, new, patient):
        with refused("key.revoked"):
            patient.client.write("/api/keys/revoke", {"name": name, **objection})
        new.client.command(writes.of(rx, "authorize"), world.choice(new))


def test_neither_phone_dates_across_the_end_of_the_wait(world, patient):
    """K3: who signs chooses the moment that a statement states; both that and the clock count."""
    rx = world.approved(patient)
    new, active_from = recovered(world, patient)
    with at(active_from, world, new), refused("key.waiting"):
        dated(new.client, writes.of(rx, "authorize"), active_from - MOMENT, **world.choice(new))
    with at(active_from - MOMENT, world, patient), refused("key.revoked"):
        dated(patient.client, "/api/keys/revoke", active_from, name=new.client.key_name)


def dated(client, path, moment, **says):
    """Draw the statement, date it to this moment, sign and send it."""
    made = client.post(f"{path}/statement", {**says, "key": client.key_name})
    statement = replace(Statement.parse(made["statement"].encode()), at=moment)
    client.write(path, {**says, "note": client.sign(statement.text().decode())})


def test_the_old_phone_is_told_and_objects(world, patient):
    """It was not lost at all: one signature ends the recovery, and all is as before."""
    rx = world.approved(patient)
    patient.client.enter_with_key()
    new, active_from = recovered(world, patient)
    with refused("token.invalid"):  # the session of the key has ended,
        patient.client.get("/api/keys")
    session = patient.client.enter_with_wechat(world.wechat_code(patient.openid))
    told = {"key": new.client.key_name, "active_from": stamp(active_from)}
    assert session["recovery"] == told  # and whoever comes in again is told
    patient.client.enter_with_key()

    patient.client.command("/api/keys/revoke", {"name": new.client.key_name})

    assert states(patient) == ["active", "revoked"]
    assert patient.client.enter_with_wechat(world.wechat_code(patient.openid))["recovery"] is None
    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
    with at(active_from, world, new), refused("key.revoked"):
        new.client.command(writes.of(rx, "withdraw"))
    assert lawfulness.faults() == []


def test_who_comes_in_to_object_stays_until_the_wait_is_over(world, patient):
    """T5: no session of a key goes on when another has taken its place."""
    _, active_from = recovered(world, patient)
    with at(active_from - timedelta(hours=1), world):
        patient.client.enter_with_key()
    with at(active_from - MOMENT, world):
        patient.client.get("/api/keys")
    with at(active_from, world), refused("token.invalid"):
        patient.client.get("/api/keys")


def test_a_key_revoked_after_its_wait_brings_nothing_back(world, patient):
    """K6: the lost phone stays lost."""
    new, active_from = recovered(world, patient)
    with at(active_from, world, new, patient):
        new.client.command("/api/keys/revoke", {"name": new.client.key_name})
        assert states(new) == ["replaced", "revoked"]
        with refused("key.revoked"):
            patient.client.command("/api/keys/revoke", {"name": new.client.key_name})
        again, _ = recovered(world, new)
        assert states(again) == ["replaced", "revoked", "waiting"]
    assert lawfulness.faults() == []


def test_the_account_without_the_face_gets_nothing(world, patient):
    """T5, T10: the SIM and WeChat are stolen; no key is added, replaced or revoked."""
    thief = recovering.new_phone(world, patient)
    check = thief.client.write("/api/me/face-checks", {"purpose": "recovery"})["id"]
    thief.client.get(f"/api/me/face-checks/{check}/parameters")
    body, _ = recovering.signed_by(thief.client, os.urandom(32))
    before = everything()
    with refused("face.not_passed"):
        thief.client.write(PATH, {**body, "face_check": check})
    with pytest.raises(Problem, match=r"body\.invalid"):
        thief.client.write(PATH, body)
    with refused("key.face_needed"):
        thief.client.write("/api/keys", writes_without_face(thief))
    assert everything() == before
    assert states(patient) == ["active"]


def writes_without_face(patient):
    body, _ = recovering.signed_by(patient.client, os.urandom(32), "/api/keys")
    return body


def test_a_face_of_another_kind_time_or_person(world, patient):
    """Replayed, substituted, foreign: each is refused, and nothing is registered."""
    new = recovering.new_phone(world, patient)
    other = world.a_patient()
    foreign, wrong = a_face(other.client, "recovery"), a_face(new.client, "key")
    body, _ = recovering.ready(recovering.new_phone(world, other))
    own, _ = recovering.signed_by(new.client, os.urandom(32))
    passed = FaceCheck.objects.get(id=wrong)
    begun = new.client.write("/api/me/face-checks", {"purpose": "recovery"})["id"]
    FaceCheck.objects.filter(id=begun).update(verify_id=passed.verify_id)  # another's result
    assert new.client.get(f"/api/me/face-checks/{begun}")["state"] == "open"
    before = everything()
    for check, code in (
        (foreign, "face.unknown"),
        (wrong, "face.wrong_purpose"),
        (begun, "face.not_passed"),
        (body["face_check"], "face.unknown"),
    ):
        with refused(code):
            new.client.write(PATH, {**own, "face_check": check})
    assert everything() == before


def test_a_face_recovers_once(world, patient):
    """Replayed after the objection: the thief's copy of the whole request, and of the face."""
    new = recovering.new_phone(world, patient)
    body, signer = recovering.ready(new)
    results = at_once(*[lambda: new.client.write(PATH, body)] * 2)
    assert sorted(outcomes(results))[0] == "done"
    assert Key.objects.filter(account_id=patient.account).count() == 2
    patient.client.command("/api/keys/revoke", {"name": signer.verifier.name})
    with refused("key.taken"):
        new.client.write(PATH, body)
    again, _ = recovering.signed_by(new.client, os.urandom(32))
    with refused("face.spent"):
        new.client.write(PATH, {**again, "face_check": body["face_check"]})
    assert states(patient) == ["active", "revoked"]


def test_one_recovery_at_a_time(world, patient):
    """Nor a further key meanwhile, by whoever holds one of the old."""
    seen = a_face(patient.client, "key")
    recovered(world, patient)
    with refused("key.recovering"):
        recovering.ready(recovering.new_phone(world, patient))
    patient.client.enter_with_key()
    body, _ = recovering.signed_by(patient.client, os.urandom(32), "/api/keys")
    with refused("key.recovering"):
        patient.client.write("/api/keys", {**body, "face_check": seen})
    with refused("key.waiting"):
        new = Key.objects.get(account_id=patient.account, active_from__isnull=False)
        a_client().post("/api/login/challenge", {"key": new.name})


def test_who_has_no_key_has_lost_none(world, patient):
    client = world.a_patient().client
    Key.objects.filter(account_id=client.account).delete()
    with refused("key.nothing_lost"):
        recovering.signed_by(client, os.urandom(32))


@pytest.mark.parametrize("turn", range(3))
def test_a_recovery_against_a_signature(world, patient, turn):
    """K1, F3: signed while the key lived, or refused; the log shows which was first."""
    rx = world.approved(patient)
    body = drawn(patient.client, writes.of(rx, "authorize"), world.choice(patient))
    new = recovering.new_phone(world, patient)
    ready, _ = recovering.ready(new)

    signed, begun = at_once(
        lambda: patient.client.write(writes.of(rx, "authorize"), body),
        lambda: new.client.write(PATH, ready),
    )

    assert isinstance(begun, dict)
    refusal = getattr(signed, "code", "")
    assert (refusal, status(rx)) in (("", "authorized"), ("key.suspended", "approved"))
    assert lawfulness.faults() == []


def test_an_objection_and_a_second_recovery_at_once(world, patient):
    """F3: whichever is first; nobody waits for ever."""
    new, _ = recovered(world, patient)
    name = new.client.key_name
    objection = drawn(patient.client, "/api/keys/revoke", {"name": name})
    seed, seen = os.urandom(32), a_face(patient.client, "recovery")

    def second():
        body, _ = recovering.signed_by(new.client, seed)
        return new.client.write(PATH, {**body, "face_check": seen})

    ended, begun = at_once(
        lambda: patient.client.write("/api/keys/revoke", {"name": name, **objection}), second
    )
    assert isinstance(ended, dict)
    assert isinstance(begun, dict) or begun.code == "key.recovering"


def test_a_key_that_ended_meanwhile_makes_a_recovery_stale(world, patient):
    """F3: it would replace another set of keys than its owner has signed; it is drawn again."""
    new = recovering.new_phone(world, patient)
    ready, _ = recovering.ready(new)
    patient.client.command("/api/keys/revoke", {"name": patient.client.key_name})
    with pytest.raises(Problem) as refused:
        new.client.write(PATH, ready)
    assert refused.value.code == "statement.stale"


def test_the_wait_may_be_longer_never_shorter(world, patient, settings):
    by = Account.objects.get(id=patient.account).actor
    public = recovering.public_of(os.urandom(32))
    for hours, wait in ((1, WAIT), (72, timedelta(hours=72))):
        settings.KEY_RECOVERY_WAIT_H = hours
        (drawn_now,) = recovery.draw(public, by=by, at=recovering.now())
        assert isinstance(drawn_now, Statement)
        active_from = datetime.fromisoformat(drawn_now.facts["active_from"])
        assert active_from - drawn_now.at == wait
