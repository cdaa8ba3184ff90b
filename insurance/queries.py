"""What can be asked about bills, payments and claims; nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from hospital import errors
from insurance.models import Bill, Claim, Coverage, Payment, Refund
from prescriptions.models import Prescription, Status

ASK_AGAIN = timedelta(seconds=5)


class NoBill(errors.Conflict):
    """There is nothing to pay: the prescription has no open bill."""

    code = "bill.none"


def live_bill(prescription: Prescription) -> Bill:
    """The bill of the authorization in force. Raises ``NoBill``."""
    bills = Bill.objects.select_related("fund", "insurer", "pharmacy")
    bill = bills.filter(prescription=prescription).exclude(state=Bill.State.VOID).first()
    if bill is None:
        raise NoBill
    return bill


def coverages(patient: UUID, *, at: datetime) -> QuerySet[Coverage]:
    """The promises in force for a patient."""
    return (
        Coverage.objects.filter(patient_id=patient, valid_from__lte=at, valid_until__gt=at)
        .select_related("payer")
        .order_by("payer__slug")
    )


def undecided(payer: int, *, most: int) -> QuerySet[Bill]:
    """Delivered bills with a share of this payer on which it has not decided, oldest first."""
    decided = Claim.objects.filter(bill=OuterRef("pk"), payer_id=payer)
    return (
        Bill.objects.filter(
            Q(fund_id=payer, fund_fen__gt=0) | Q(insurer_id=payer, insurer_fen__gt=0),
            prescription__status=Status.DELIVERED,
            state=Bill.State.PAID,
        )
        .exclude(Exists(decided))
        .select_related("pharmacy", "prescription", "fund", "insurer")
        .order_by("opened_at", "id")[:most]
    )


def unsettled(payer: int, *, most: int) -> QuerySet[Claim]:
    """Approved claims of this payer that were not paid to the pharmacy yet."""
    return (
        Claim.objects.filter(payer_id=payer, settlement__isnull=True, approved_fen__gt=0)
        .select_related("bill__pharmacy", "bill__prescription")
        .order_by("id")[:most]
    )


def unanswered(*, at: datetime) -> QuerySet[Payment]:
    """Payments about which WeChat has said nothing for a while."""
    return (
        Payment.objects.filter(state=Payment.State.OPEN, created_at__lte=at - ASK_AGAIN)
        .exclude(prepay_id="")
        .filter(Q(asked_at__isnull=True) | Q(asked_at__lte=at - ASK_AGAIN))
        .select_related("bill__prescription")
        .order_by("created_at")
    )


def owed_back() -> QuerySet[Refund]:
    """Refunds that WeChat has not confirmed."""
    return (
        Refund.objects.filter(state__in=[Refund.State.DUE, Refund.State.PROCESSING])
        .select_related("payment")
        .order_by("created_at")
    )


def paid_but_closed() -> Iterable[UUID]:
    """Prescriptions that were cancelled or expired while a bill of theirs was live."""
    return (
        Bill.objects.exclude(state=Bill.State.VOID)
        .filter(prescription__status__in=[Status.CANCELLED, Status.EXPIRED])
        .values_list("prescription_id", flat=True)
    )
