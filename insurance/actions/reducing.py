"""
The bill of what was given out in part, or is kept: reckoned anew by the prices and figures to which
the patient agreed, and nobody pays more than before (``insurance.keeping``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hospital import errors
from insurance import keeping, queries
from insurance.actions import billing, owing_back
from insurance.journal import post
from insurance.models import Bill, BillLine, BillShare, Payment, Reckoning, Refund
from insurance.policies import bills
from insurance.policies.reckon import Line
from prescriptions.models import Prescription
from prescriptions.rests import Units


class OldBill(errors.Conflict):
    """The bill does not say by which rates it was split: it stays whole, or is declined."""

    code = "bill.not_divisible"


def reduced(prescription: Prescription, given: Units) -> tuple[Bill, billing.Quote]:
    """
    The live bill, and what it comes to for the units ``given`` of its lines.

    Raises ``queries.NoBill``, ``OldBill``.
    """
    bill = queries.live_bill(prescription)
    return bill, kept(bill, given, bill)


def kept(bill: Bill, units: Units, before: Bill | Reckoning) -> billing.Quote:
    """
    What a bill comes to for so many ``units`` of its lines; nobody pays more than ``before``.

    Raises ``OldBill``.
    """
    rows = [one for one in bill.lines.prefetch_related("shares") if one.line in units]
    lines = [_line(one, units[one.line]) for one in sorted(rows, key=lambda one: int(one.line))]
    quote = billing.quoted(lines, units, bills.covers_of(bill))
    reckoned = keeping.at_most(quote.reckoned, before.fens, before.patient_fen)
    return billing.Quote(quote.lines, units, quote.covers, reckoned)


def reduce(bill: Bill, quote: billing.Quote, *, at: datetime) -> int:
    """
    The bill is of what was given from now on, and what the patient has paid for the rest is owed
    back: so many fen. The caller holds the prescription's row.
    """
    post.reduced(bill, quote, at=at)
    owed = owing_back.Owed.between(bill, bill, quote)
    shares = bill.in_order
    _restate(bill, shares, quote)
    bills.restate_use(bill, quote.reckoned)
    bill.lines.all().delete()
    bills.store_lines(bill, quote, shares)
    paid = Payment.objects.filter(bill=bill, state=Payment.State.PAID)
    for payment in paid.exclude(refunds__cause=Refund.Cause.VOID):  # not what came too late
        owing_back.difference(payment, owed, at=at)
    return owed.patient_fen


def _line(one: BillLine, units: int) -> Line:
    """A bill's line is so many units at one price, so this divides without a remainder."""
    counts = bills.counts_of(one)
    if counts is None:
        raise OldBill
    return Line(one.line, one.total_fen // one.units * units, counts)


def _restate(bill: Bill, shares: Sequence[BillShare], quote: billing.Quote) -> None:
    bill.total_fen, bill.patient_fen = quote.total_fen, quote.patient_fen
    bill.save(update_fields=["total_fen", "patient_fen"])
    for share, fen in zip(shares, quote.fens, strict=True):
        share.fen = fen
    BillShare.objects.bulk_update(shares, ["fen"])
