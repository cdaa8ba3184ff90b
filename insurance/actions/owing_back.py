"""
What of a payment is owed back, and for which cause; ``refunding`` says what becomes of it. Of a
medical-insurance order both parts are: the patient's, and the fund's (``Owed``).

A refund's number follows from the payment and the cause, or from the return, so WeChat Pay gives it
back once, however often it is asked. Together they are never more than was paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Sum

from insurance import queries
from insurance.journal import post
from insurance.models import Bill, Payment, Reckoning, Refund
from insurance.policies.bills import Quote
from pharmacy.models import Return

Cause = Refund.Cause


@dataclass(frozen=True, slots=True)
class Owed:
    """Fen that go back: to the patient, and to the fund that has paid with the patient."""

    patient_fen: int
    insured_fen: int

    @classmethod
    def between(
        cls, bill: Bill, before: Bill | Reckoning | Quote, after: Bill | Reckoning | Quote
    ) -> Owed:
        """What was paid too much if a bill comes to less."""
        shares = (sum(queries.at_payment(bill, one).values()) for one in (before, after))
        first, second = shares
        return cls(before.patient_fen - after.patient_fen, first - second)


NOTHING: Final = Owed(0, 0)
_LETTERS: Final[Mapping[str, str]] = {Cause.VOID: "R", Cause.PART: "D", Cause.RETURN: "B"}
REASONS: Final[Mapping[str, str]] = {
    Cause.VOID: "处方已取消、未能送达或改选药房",
    Cause.PART: "部分发药，退还差额",
    Cause.RETURN: "药品退回",
}
"""What the patient reads in WeChat."""


def all_of(payment: Payment, *, at: datetime) -> None:
    """What has not been owed back yet of a payment of a void bill; once, whoever asks."""
    rows = Refund.objects.filter(payment=payment).exclude(cause=Cause.VOID)
    before = rows.aggregate(
        patient=Sum("amount_fen", default=0), fund=Sum("insured_fen", default=0)
    )
    insured_fen = 0 if payment.fund_refused else payment.insured_fen
    rest = Owed(payment.amount_fen - before["patient"], insured_fen - before["fund"])
    _owe(payment, Cause.VOID, rest, at)


def difference(payment: Payment, owed: Owed, *, at: datetime) -> None:
    """What was paid for units that were not given out."""
    _owe(payment, Cause.PART, owed, at)


def returned(payment: Payment, made: Return, owed: Owed, *, at: datetime) -> None:
    """What was paid for what was brought back; each return by itself."""
    if owed != NOTHING:
        refund = Refund.objects.create(
            payment=payment,
            cause=Cause.RETURN,
            returned=made,
            out_refund_no=f"{_LETTERS[Cause.RETURN]}{made.id.hex[1:]}",
            amount_fen=owed.patient_fen,
            insured_fen=owed.insured_fen,
            created_at=at,
        )
        post.refund_due(refund, at=at)


def _owe(payment: Payment, cause: Cause, owed: Owed, at: datetime) -> None:
    if owed != NOTHING:
        refund, is_new = Refund.objects.get_or_create(
            payment=payment,
            cause=cause,
            defaults={
                "out_refund_no": f"{_LETTERS[cause]}{payment.out_trade_no[1:]}",
                "amount_fen": owed.patient_fen,
                "insured_fen": owed.insured_fen,
                "created_at": at,
            },
        )
        if is_new:
            post.refund_due(refund, at=at)
