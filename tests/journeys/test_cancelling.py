"""Every attempt to cancel has an outcome with a code of its own, whoever tries it and whenever."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hospital import errors
from hospital.roles import Role
from prescriptions import lifecycle
from prescriptions.actions import cancelling, issuing
from prescriptions.models import Prescription, Status
from tests.journeys import writes
from tests.journeys.watching import account, everything, kinds, raw

REASON = {
    Role.DOCTOR: {"reason": "clinical"},
    Role.PATIENT: {"reason": "patient_request"},
    Role.SYSTEM: {"reason": "other"},
}
ROLES = list(REASON)
OUTCOMES = {  # written by hand; the code is held against it
    "draft": ("cancel.not_issued", "cancel.unknown", None),
    "pending": (None, None, None),
    "issued": (None, None, None),
    "checked": (None, None, None),
    "returned": (None, None, None),
    "approved": (None, None, None),
    "authorized": (None, None, None),
    "paid": (None, "cancel.with_dispenser", None),
    "dispensed": ("cancel.already_dispensed",) * 3,
    "in_transit": ("cancel.already_dispensed",) * 3,
    "returning": ("cancel.already_dispensed",) * 3,
    "delivered": ("cancel.already_dispensed",) * 3,
    "claimed": ("cancel.already_dispensed",) * 3,
    "undelivered": ("cancel.already_dispensed",) * 3,
    "taken_back": ("cancel.already_dispensed",) * 3,
    "cancelled": ("cancel.already_cancelled",) * 3,
    "expired": ("cancel.expired",) * 3,
}
NUMBERS = {
    "cancel.with_dispenser": (409, "R-0002"),
    "cancel.already_dispensed": (409, "R-0004"),
    "cancel.expired": (410, "R-0005"),
    "cancel.already_cancelled": (409, "R-0006"),
    "cancel.other_prescriber": (403, "R-0007"),
    "cancel.other_patient": (403, "R-0007"),
    "cancel.other_system": (403, "R-0007"),
    "cancel.unknown": (404, "R-0008"),
    "cancel.not_issued": (409, "R-0010"),
}


def returned(world, patient):
    ready = writes.send_back(world, patient)
    ready.by.write(ready.path, ready.body)
    return ready.rx


def taken_back(world, patient):
    rx = world.delivered(patient)
    world.pharmacist.command(writes.of(rx, "return"), writes.BOTH)
    return rx


def claimed(world, patient):
    world.covers(patient, fund_bp=7_000)
    rx = world.delivered(patient)
    body = {"decision": "approve", "approved_fen": writes.owed(world.fund_agent, rx)}
    world.fund_agent.command(f"/api/claims/{rx}/decide", body)
    return rx


def cancelled(world, patient):
    rx = world.issued(patient)
    world.doctor.command(writes.of(rx, "cancel"), REASON[Role.DOCTOR])
    return rx


def expired(world, patient):
    rx = world.issued(patient)
    assert issuing._expire(UUID(rx), Prescription.objects.get(id=rx).valid_until)
    return rx


WALKS = {
    "draft": lambda world, patient: world.drafted(patient),
    "pending": lambda world, patient: world.submitted(patient),
    "issued": lambda world, patient: world.issued(patient),
    "checked": lambda world, patient: world.checked(patient),
    "returned": returned,
    "approved": lambda world, patient: world.approved(patient),
    "authorized": lambda world, patient: world.authorized(patient),
    "paid": lambda world, patient: world.scanned(patient),
    "dispensed": lambda world, patient: world.dispensed(patient),
    "in_transit": lambda world, patient: world.shipped(patient),
    "returning": lambda world, patient: world.turned_back(patient),
    "delivered": lambda world, patient: world.delivered(patient),
    "claimed": claimed,
    "undelivered": lambda world, patient: world.taken_back(patient),
    "taken_back": taken_back,
    "cancelled": cancelled,
    "expired": expired,
}


def test_every_state_and_every_refusal_is_written_down():
    assert set(OUTCOMES) == set(WALKS) == {status.value for status in Status}
    assert {one.code: eps for one, eps in cancelling.EPS.items()} == {
        code: number for code, (_, number) in NUMBERS.items()
    }
    named = {one.code for one in errors.every_refusal() if one.code.startswith("cancel.")}
    assert named == set(NUMBERS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("status", Status)
def test_the_table_agrees_with_the_moves(status, role):
    """R9: what is not refused here is what the table of moves allows, and nothing else."""
    refused = cancelling.refusal(status, role)
    expected = OUTCOMES[status][ROLES.index(role)]
    assert (refused.code if refused else None) == expected
    voids = lifecycle.VOID.sources if role is Role.SYSTEM else ()
    assert (refused is None) == (status in (*cancelling.MOVES[role].sources, *voids))


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.PATIENT])
@pytest.mark.parametrize("state", OUTCOMES)
def test_who_cancels_in_which_state(world, patient, state, role):
    """R7, R9: drawn or sent, in the midst of dispensing too; a refusal changes nothing."""
    rx = WALKS[state](world, patient)
    assert Prescription.objects.get(id=rx).status == state
    doctor = world.assistant if state == "pending" else world.doctor
    by = doctor if role is Role.DOCTOR else patient.client
    before = everything()

    body = {**REASON[role], "key": by.key_name}
    drawn = raw(by, "POST", writes.of(rx, "cancel/statement"), body=body)

    code = OUTCOMES[state][role is Role.PATIENT]
    if code is None:
        note = by.sign(drawn.json()["statement"])
        done = raw(by, "POST", writes.of(rx, "cancel"), body={**REASON[role], "note": note})
        assert (done.status_code, done.json()["status"]) == (200, "cancelled")
        assert done.json()["eps"] == "R-0001"
        assert kinds(rx)[-1] == "prescription.cancel"
        return
    sent = raw(by, "POST", writes.of(rx, "cancel"), body={**REASON[role], "note": "x"})
    for answer in (drawn, sent):
        told = answer.json()
        assert told["code"] == code
        assert (answer.status_code, told["eps"]) == NUMBERS[code]
    assert everything() == before


@pytest.mark.parametrize("state", ["draft", "issued", "paid", "delivered", "cancelled"])
def test_another_one_of_the_same_role_learns_no_state(world, patient, state):
    """Z1: R-0007 whatever became of it."""
    rx = WALKS[state](world, patient)
    for by, role, code in (
        (world.other_doctor, Role.DOCTOR, "cancel.other_prescriber"),
        (world.other_patient.client, Role.PATIENT, "cancel.other_patient"),
    ):
        body = {**REASON[role], "key": by.key_name}
        answer = raw(by, "POST", writes.of(rx, "cancel/statement"), body=body)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert answer.json()["eps"] == "R-0007"


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.PATIENT])
def test_what_there_is_not(world, patient, role):
    by = world.doctor if role is Role.DOCTOR else patient.client
    body = {**REASON[role], "key": by.key_name}
    answer = raw(by, "POST", writes.of(str(uuid4()), "cancel/statement"), body=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "cancel.unknown")
    assert answer.json()["eps"] == "R-0008"


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.PATIENT])
@pytest.mark.parametrize("early", [True, False])
def test_the_time_is_up_before_the_clock_comes_by(world, patient, role, early):
    """F11: to the microsecond, whether or not the row says so yet."""
    rx = Prescription.objects.get(id=world.issued(patient))
    by = world.doctor if role is Role.DOCTOR else patient.client
    actor = account(by).actor
    at = rx.valid_until - timedelta(microseconds=1 if early else 0)

    if early:
        assert cancelling.draw(rx.id, "other", by=actor, key=by.key_name, at=at)
    else:
        with pytest.raises(cancelling.Expired):
            cancelling.draw(rx.id, "other", by=actor, key=by.key_name, at=at)
