"""
The bill of what was given out in part: split anew by the prices, rates and ceilings to which the
patient agreed.

With fewer units no payer pays more than before, nor does the patient: what each line leaves to the
next of them never rises, and a ceiling that one line uses less of is there for the next.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

from hospital import errors
from insurance import queries, split
from insurance.actions import billing, owing_back
from insurance.journal import post
from insurance.models import Bill, BillLine, Payment, Refund
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
    lines = lines_of(bill, given)
    priced = tuple(
        split.PricedLine(
            one.line, one.insurance_class, one.total_fen // one.units * given[one.line]
        )
        for one in lines
    )
    return bill, billing.Quote(priced, given, bill.fund, bill.insurer, *terms_of(bill, lines))


def lines_of(bill: Bill, wanted: Container[str]) -> list[BillLine]:
    """Those lines of a bill, in the order in which they use up the ceilings."""
    return sorted(
        (one for one in bill.lines.all() if one.line in wanted), key=lambda one: int(one.line)
    )


def terms_of(bill: Bill, lines: Sequence[BillLine]) -> tuple[split.Terms, split.Terms]:
    """By which the fund and the insurer pay of these lines. Raises ``OldBill``."""
    rates: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for one in lines:
        if one.fund_bp is None or one.insurer_bp is None:
            raise OldBill
        rates[0][one.insurance_class], rates[1][one.insurance_class] = one.fund_bp, one.insurer_bp
    of_fund = split.Terms(rates[0], bill.fund_ceiling_fen)
    return of_fund, split.Terms(rates[1], bill.insurer_ceiling_fen)


def reduce(bill: Bill, quoted: billing.Quote, *, at: datetime) -> int:
    """
    The bill is of what was given from now on, and what the patient has paid for the rest is owed
    back: so many fen. The caller holds the prescription's row.
    """
    post.reduced(bill, quoted.patient_fen, quoted.payers, at=at)
    fen = bill.patient_fen - quoted.patient_fen
    bill.total_fen, bill.patient_fen = quoted.total_fen, quoted.patient_fen
    bill.fund_fen, bill.insurer_fen = quoted.fund_fen, quoted.insurer_fen
    bill.save(update_fields=["total_fen", "fund_fen", "insurer_fen", "patient_fen"])
    bill.lines.all().delete()
    billing.add_lines(bill, quoted)
    paid = Payment.objects.filter(bill=bill, state=Payment.State.PAID)
    for payment in paid.exclude(refunds__cause=Refund.Cause.VOID):  # not what came too late
        owing_back.difference(payment, fen, at=at)
    return fen
