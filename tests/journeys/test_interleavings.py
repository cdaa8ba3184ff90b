"""
A void against everything else, in both orders, forced: whichever commits first wins.

The national defect: a doctor voids a prescription while its upload or review still runs, the upload
goes on, and what was void becomes effective and is settled. Here the second of the two waits for
the first, and then is told what became of the prescription.
"""

from uuid import UUID

import pytest
from django.utils import timezone

from hospital.client import Problem
from insurance import tasks as money
from insurance.models import Bill, Claim, Refund
from pharmacy import tasks as shelves
from pharmacy.models import Dispensing, Reservation
from prescriptions import rules
from prescriptions.actions import issuing
from prescriptions.models import Prescription
from tests.journeys import writes
from tests.journeys.letters import letter, paid_on_the_phone, send
from tests.journeys.turns import in_turn
from tests.journeys.watching import drawn, kinds, raw

VOID = {"reason": "prescribing_error"}
AGAINST = (
    writes.review,
    writes.send_back,
    writes.ask_change,
    writes.keep,
    writes.change,
    writes.extend,
    writes.authorize,
    writes.authorize_courier,
    writes.withdraw,
    writes.dispense,
    writes.give_up,
)
ENDS_IT = {"dispense": "cancel.already_dispensed", "give_up": "cancel.already_cancelled"}
"""What comes first and leaves nothing to cancel, and what the doctor is then told."""


def status(rx: str) -> str:
    return Prescription.objects.get(id=rx).status


def signed_void(world, rx):
    """The doctor's void, signed before anything else happens."""
    body = drawn(world.doctor, writes.of(rx, "cancel"), VOID)
    return lambda: world.doctor.write(writes.of(rx, "cancel"), body)


def never_effective(world, patient, rx) -> None:
    """Cancelled is the end: nothing more can be done, nothing is kept for it or owed on it."""
    assert (status(rx), kinds(rx)[-1]) == ("cancelled", "prescription.cancel")
    before = kinds(rx)
    answers = [
        raw(world.doctor, "POST", writes.of(rx, "issue/statement"), body=key(world.doctor)),
        raw(
            world.reviewer,
            "POST",
            writes.of(rx, "review/statement"),
            body={"decision": "approve", **key(world.reviewer)},
        ),
        raw(
            patient.client,
            "POST",
            writes.of(rx, "authorize/statement"),
            body={**world.choice(patient), **key(patient.client)},
        ),
        raw(patient.client, "POST", writes.of(rx, "pay"), body={}),
        raw(world.doctor, "POST", writes.of(rx, "versions"), body=world.content()),
    ]
    assert {answer.status_code for answer in answers} == {409}
    assert kinds(rx) == before
    assert not Dispensing.objects.filter(prescription_id=rx).exists()
    assert not Claim.objects.filter(bill__prescription_id=rx).exists()
    shelves.release_closed()
    money.refund_owed()
    assert not Reservation.objects.filter(prescription_id=rx).exclude(state="released").exists()
    assert not Bill.objects.filter(prescription_id=rx).exclude(state="void").exists()


def key(client) -> dict[str, str]:
    return {"key": client.key_name}


@pytest.mark.parametrize("make", AGAINST, ids=writes.named)
def test_the_void_first(world, patient, make):
    """R4, R7: whatever was under way is refused with the reason, and nothing of it happens."""
    ready = make(world, patient)
    before = kinds(ready.rx)

    voided, other = in_turn(
        signed_void(world, ready.rx), lambda: ready.by.write(ready.path, ready.body)
    )

    assert voided["eps"] == "R-0001"
    assert isinstance(other, Problem)
    refused = (other.status, other.code, other.body.get("status"))
    if make is writes.give_up:
        assert refused[:2] == (409, "cancel.already_cancelled")
    else:
        assert refused == (409, "prescription.wrong_state", "cancelled")
    assert kinds(ready.rx) == [*before, "prescription.cancel"]
    never_effective(world, patient, ready.rx)


@pytest.mark.parametrize("make", AGAINST, ids=writes.named)
def test_the_void_second(world, patient, make):
    """R4: the doctor is told what happened meanwhile, and may void what is left to void."""
    ready = make(world, patient)
    void = signed_void(world, ready.rx)

    other, voided = in_turn(lambda: ready.by.write(ready.path, ready.body), void)

    assert isinstance(other, dict)
    assert isinstance(voided, Problem)
    name = writes.named(make)
    assert (voided.status, voided.code) == (409, ENDS_IT.get(name, "statement.stale"))
    if name == "dispense":
        assert status(ready.rx) == "dispensed"
        assert "prescription.cancel" not in kinds(ready.rx)
        return
    if name != "give_up":
        world.doctor.command(writes.of(ready.rx, "cancel"), VOID)
    never_effective(world, patient, ready.rx)


@pytest.mark.parametrize("make", [writes.issue, writes.review, writes.change], ids=writes.named)
def test_a_void_begun_while_it_still_runs_waits_and_then_voids(world, patient, make):
    """R4: no "nothing to void yet" that leaves an issue or a review running behind one's back."""
    ready = make(world, patient)

    done, voided = in_turn(
        lambda: ready.by.write(ready.path, ready.body),
        lambda: world.doctor.command(writes.of(ready.rx, "cancel"), VOID),
    )

    assert isinstance(done, dict)
    assert voided["status"] == "cancelled"
    never_effective(world, patient, ready.rx)


def test_a_draft_that_nobody_issues_has_nothing_to_void(world, patient):
    """R4: and the doctor is told so, who alone can issue it."""
    rx = world.drafted(patient)
    with pytest.raises(Problem) as refused:
        world.doctor.command(writes.of(rx, "cancel"), VOID)
    assert (refused.value.status, refused.value.code) == (409, "cancel.not_issued")


def test_the_void_before_the_notice_of_payment(world, patient, bench):
    """I16: the money is booked and owed back; the prescription stays void."""
    rx = world.authorized(patient)
    notice = letter(bench, paid_on_the_phone(world, bench, patient, rx))

    voided, told = in_turn(signed_void(world, rx), lambda: send(notice).status_code)

    assert (voided["status"], told) == ("cancelled", 204)
    assert Refund.objects.filter(payment__bill__prescription=rx).count() == 1
    never_effective(world, patient, rx)


def test_the_void_after_the_notice_of_payment(world, patient, bench):
    """I16: paid first; what was signed before is stale; a second void gives the money back."""
    rx = world.authorized(patient)
    notice = letter(bench, paid_on_the_phone(world, bench, patient, rx))

    told, voided = in_turn(lambda: send(notice).status_code, signed_void(world, rx))

    assert (told, voided.code) == (204, "statement.stale")
    assert status(rx) == "paid"
    world.doctor.command(writes.of(rx, "cancel"), VOID)
    never_effective(world, patient, rx)
    assert Refund.objects.filter(payment__bill__prescription=rx).count() == 1


@pytest.mark.parametrize("make", [writes.decide, writes.settle], ids=writes.named)
def test_a_void_of_what_is_claimed_or_settled(world, patient, make):
    """C1: what reached the payers was dispensed, and that is what the doctor is told."""
    ready = make(world, patient)
    done = ready.by.write(ready.path, ready.body)
    with pytest.raises(Problem) as refused:
        world.doctor.command(writes.of(ready.rx, "cancel"), VOID)
    assert (refused.value.status, refused.value.code) == (409, "cancel.already_dispensed")
    assert refused.value.body["eps"] == "R-0004"
    assert done
    assert "prescription.cancel" not in kinds(ready.rx)


def test_an_extension_before_expiry(world, patient):
    """F11: the clock that saw it lapse finds a later end once it has the row."""
    rx = world.issued(patient, valid_days=1)
    end = Prescription.objects.get(id=rx).valid_until
    longer = {"valid_until": rx_end(rx, 3)}
    world.doctor.command(writes.of(rx, "extend"), longer)

    assert issuing._expire(UUID(rx), end) is False
    assert status(rx) == "issued"
    assert issuing._expire(UUID(rx), Prescription.objects.get(id=rx).valid_until) is True
    assert kinds(rx)[-2:] == ["prescription.extend", "prescription.expire"]


@pytest.mark.parametrize("make", [writes.extend, writes.change], ids=writes.named)
def test_expiry_first(world, patient, make):
    """F11: what waited for the clock is refused with the reason."""
    ready = make(world, patient)
    end = Prescription.objects.get(id=ready.rx).valid_until

    expired, other = in_turn(
        lambda: issuing._expire(UUID(ready.rx), end),
        lambda: ready.by.write(ready.path, ready.body),
    )

    assert expired is True
    assert (other.status, other.code, other.body["status"]) == (
        409,
        "prescription.wrong_state",
        "expired",
    )
    assert status(ready.rx) == "expired"


def test_an_approval_of_the_old_content_after_a_change(world, patient):
    """R7, K3: nobody approves a content by the signature under another."""
    rx = world.issued(patient)
    approving = drawn(world.reviewer, writes.of(rx, "review"), {"decision": "approve"})
    world.doctor.write(writes.of(rx, "versions"), world.content())
    body = drawn(world.doctor, writes.of(rx, "change"), {})

    changed, approved = in_turn(
        lambda: world.doctor.write(writes.of(rx, "change"), body),
        lambda: world.reviewer.write(writes.of(rx, "review"), approving),
    )

    assert changed["status"] == "issued"
    assert (approved.status, approved.code) == (409, "statement.stale")
    assert status(rx) == "issued"


def test_the_counter_after_a_change(world, patient):
    """R3: a change that comes first leaves the pharmacist nothing to dispense."""
    rx = world.scanned(patient)
    world.doctor.write(writes.of(rx, "versions"), world.content())
    changing = drawn(world.doctor, writes.of(rx, "change"), {})
    giving = drawn(world.pharmacist, writes.of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})

    changed, dispensed = in_turn(
        lambda: world.doctor.write(writes.of(rx, "change"), changing),
        lambda: world.pharmacist.write(writes.of(rx, "dispense"), giving),
    )

    assert changed["status"] == "issued"
    assert (dispensed.status, dispensed.code) == (403, "access.wrong_pharmacy")
    assert not Dispensing.objects.filter(prescription_id=rx).exists()


def test_a_change_after_the_counter(world, patient):
    """R3, R8: what was given out is not rewritten."""
    rx = world.scanned(patient)
    world.doctor.write(writes.of(rx, "versions"), world.content())
    changing = drawn(world.doctor, writes.of(rx, "change"), {})
    giving = drawn(world.pharmacist, writes.of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})

    dispensed, changed = in_turn(
        lambda: world.pharmacist.write(writes.of(rx, "dispense"), giving),
        lambda: world.doctor.write(writes.of(rx, "change"), changing),
    )

    assert dispensed["status"] == "dispensed"
    assert (changed.status, changed.code, changed.body["status"]) == (
        409,
        "prescription.wrong_state",
        "dispensed",
    )
    assert "prescription.change" not in kinds(rx)


def rx_end(rx: str, days: int) -> str:
    return rules.valid_until(Prescription.objects.get(id=rx).created_at, days).isoformat()


def test_turns_are_really_forced(world, patient):
    """Of the test: two calls that lock nothing in common are found out."""
    with pytest.raises(AssertionError, match="did not wait"):
        in_turn(timezone.now, timezone.now)
