"""
What becomes of money that is owed back.

WeChat Pay knows a refund by our number and gives money back once for each, however often it is
asked. A refund that it ends without the money's arriving (``ABNORMAL``: the patient's account took
none; ``CLOSED``: given up) is told to the patient and waits for the operator, who has it asked for
again when the reason is mended: under the same number, or it might be paid twice.

Source: WeChat Pay APIv3, 申请退款 ("请不要更换退款单号"), 退款结果通知.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from hospital import errors
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from insurance.journal import post
from insurance.models import Refund

log = logging.getLogger(__name__)
_STATES = {"SUCCESS": Refund.State.DONE, "PROCESSING": Refund.State.PROCESSING}


class UnknownRefund(errors.NotFound):
    """There is no refund of this number."""

    code = "refund.unknown"


class NotFailed(errors.Conflict):
    """This refund has not failed: it is under way, or the money has arrived."""

    code = "refund.not_failed"


@transaction.atomic
def book(
    refund: Refund, status: str, refund_id: str, *, at: datetime, moved_at: datetime | None = None
) -> None:
    """
    Note what WeChat Pay says of a refund; its patient is told, once, that it failed.

    ``moved_at`` is WeChat Pay's word for when the money arrived: in that day's bill it stands.

    What is done stays done, whatever order the news comes in.
    """
    found = _locked(out_refund_no=refund.out_refund_no)
    if found.state == Refund.State.DONE:
        return
    before, found.refund_id = found.state, refund_id
    found.state = _STATES.get(status, Refund.State.FAILED)
    found.failed_at, found.outcome = None, ""
    found.done_at = (moved_at or at) if found.state == Refund.State.DONE else None
    if found.state == Refund.State.FAILED:
        found.failed_at, found.outcome = at, status[:16]
        log.error("WeChat Pay ended a refund without the money's arriving: see manage.py refunds")
        _tell(found, at)
    found.save(update_fields=["state", "refund_id", "failed_at", "outcome", "done_at"])
    post.refund_moved(found, before, at=at)


@transaction.atomic
def told(refund: Refund, *, at: datetime) -> None:
    """WeChat Pay knows that the fund has its part back; a refund of nothing else is done."""
    found = _locked(out_refund_no=refund.out_refund_no)
    if found.told_at is not None:
        return
    found.told_at = at
    if not found.amount_fen:
        found.state, found.done_at = Refund.State.DONE, at
    found.save(update_fields=["told_at", "state", "done_at"])
    post.fund_took_back(found, at=at)


@transaction.atomic
def again(out_refund_no: str, *, at: datetime) -> Refund:
    """
    Have a failed refund asked for again, before all others, under its number.

    Raises ``UnknownRefund``, ``NotFailed``.
    """
    found = _locked(out_refund_no=out_refund_no)
    if found.state != Refund.State.FAILED:
        raise NotFailed(state=found.state)
    before, found.state = found.state, Refund.State.DUE
    found.failed_at, found.outcome = None, ""
    found.asked_at = None
    found.save(update_fields=["state", "failed_at", "outcome", "asked_at"])
    post.refund_moved(found, before, at=at)
    return found


def _locked(**which: str) -> Refund:
    rows = Refund.objects.select_for_update(of=("self",))
    found = rows.select_related("payment__bill__prescription__patient").filter(**which).first()
    if found is None:
        raise UnknownRefund
    return found


def _tell(refund: Refund, at: datetime) -> None:
    """Who has had everything erased is not written to any more."""
    prescription = refund.payment.bill.prescription
    if prescription.patient.left_at is None:
        patient, about = prescription.patient_id, prescription.subject
        notices.tell(patient, Kind.REFUND_FAILED, about, refund.id, at=at)
