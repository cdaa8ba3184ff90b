"""A refund that WeChat ends without the money's arriving is told, shown, and asked for again."""

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from hospital.notices.models import Notice
from insurance.actions import paying, refunding
from insurance.models import Payment, Refund
from tests.journeys import writes
from tests.journeys.telling import of_kind
from tests.journeys.test_erasure import erases
from tests.journeys.test_payments import refunds, sweep
from tests.journeys.watching import at_once, everything, subject
from tests.world import Patient, World

FAILED = "refund.failed"


@pytest.fixture(params=["ABNORMAL", "CLOSED"])
def failed(request, world: World, patient: Patient, bench) -> tuple[str, Refund]:
    """A paid prescription that was cancelled, of which the refund fails; its row."""
    rx = world.paid(patient)
    (number,) = orders_of(rx)
    bench.tell("behaviour", out_trade_no=number, refund=request.param)
    world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
    sweep(rx)
    resolved(rx)
    (refund,) = refunds(rx)
    assert (refund.state, refund.outcome) == (Refund.State.FAILED, request.param)
    return rx, refund


def orders_of(rx: str) -> list[str]:
    found = Payment.objects.filter(bill__prescription_id=rx)
    return list(found.values_list("out_trade_no", flat=True))


def resolved(rx: str) -> None:
    """WeChat's first answer is that it is at work; the next question has the outcome."""
    for _ in range(10):
        paying.refund_owed(at=timezone.now())
        if all(one.state != Refund.State.PROCESSING for one in refunds(rx)):
            return


def listed() -> tuple[str, str]:
    """What the command prints, and with what it fails."""
    out = io.StringIO()
    with pytest.raises(CommandError) as fault:
        call_command("refunds", stdout=out)
    return out.getvalue(), str(fault.value)


def test_the_patient_is_told_once(failed, patient):
    """I16: that it failed, of which prescription; news that comes again is no news."""
    rx, refund = failed
    (notice,) = of_kind(patient, FAILED)
    assert notice["subject"] == subject(rx)
    assert re.search("退款未能到账", notice["text"])
    refunding.book(refund, refund.outcome, "x", at=timezone.now())
    assert len(of_kind(patient, FAILED)) == 1


def test_the_operator_sees_it_and_the_task_leaves_it_alone(failed):
    """I16: the list fails as long as there are any, so that whoever watches notices."""
    _, refund = failed
    out, fault = listed()
    assert re.search(rf"{refund.outcome} +{refund.out_refund_no}  ¥\d", out)
    assert fault.endswith("did not arrive")
    before = Refund.objects.filter(id=refund.id).values().get()
    paying.refund_owed(at=timezone.now())
    assert Refund.objects.filter(id=refund.id).values().get() == before


def test_it_is_asked_for_again_under_its_number(failed, bench):
    """I16, C2: WeChat pays once for each number, so the money goes back once."""
    rx, refund = failed
    (number,) = orders_of(rx)
    bench.tell("behaviour", out_trade_no=number, refund="SUCCESS")
    out = io.StringIO()
    call_command("refunds", "again", refund.out_refund_no, stdout=out)
    assert "is asked for again" in out.getvalue()
    sweep(rx)
    resolved(rx)

    (done,) = refunds(rx)
    assert (done.id, done.state, done.failed_at, done.outcome) == (refund.id, "done", None, "")
    given_back = bench.order(number)["refunds"]
    assert [(one["out_refund_no"], one["status"]) for one in given_back] == [
        (refund.out_refund_no, "SUCCESS")
    ]
    refunding.book(done, "ABNORMAL", "x", at=timezone.now())  # late news of the first attempt
    (still,) = refunds(rx)
    assert still.state == "done"


def test_what_has_not_failed_is_not_asked_for_again(failed):
    """One retry for one failure, however many operators are at it; nothing else is touched."""
    _, refund = failed
    again = [lambda: refunding.again(refund.out_refund_no, at=timezone.now()) for _ in range(3)]
    found = sorted(type(one).__name__ for one in at_once(*again))
    assert found == ["NotFailed", "NotFailed", "Refund"]
    before = everything()
    for number, words in ((refund.out_refund_no, "has not failed"), ("R0", "There is no refund")):
        with pytest.raises(CommandError, match=words):
            call_command("refunds", "again", number)
    assert everything() == before


def test_who_has_left_is_not_written_to(failed, patient):
    """P1: the money still goes back to the account that paid."""
    rx, refund = failed
    erases(patient)
    refunding.again(refund.out_refund_no, at=timezone.now())
    sweep(rx)
    resolved(rx)
    assert refunds(rx)[0].state == Refund.State.FAILED
    assert not Notice.objects.filter(account_id=patient.account).exists()
