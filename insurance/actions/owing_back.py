"""
What of a payment is owed back, and for which cause; ``refunding`` says what becomes of it.

A refund's number follows from the payment and the cause, or from the return, so WeChat Pay gives it
back once, however often it is asked. Together they are never more than was paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db.models import Sum

from insurance.journal import post
from insurance.models import Payment, Refund
from pharmacy.models import Return

Cause = Refund.Cause
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
    before: int = rows.aggregate(fen=Sum("amount_fen"))["fen"] or 0
    _owe(payment, Cause.VOID, payment.amount_fen - before, at)


def difference(payment: Payment, fen: int, *, at: datetime) -> None:
    """What the patient has paid for units that were not given out."""
    _owe(payment, Cause.PART, fen, at)


def returned(payment: Payment, made: Return, fen: int, *, at: datetime) -> None:
    """What the patient has paid for what was brought back; each return by itself."""
    if fen:
        refund = Refund.objects.create(
            payment=payment,
            cause=Cause.RETURN,
            returned=made,
            out_refund_no=f"{_LETTERS[Cause.RETURN]}{made.id.hex[1:]}",
            amount_fen=fen,
            created_at=at,
        )
        post.refund_due(refund, at=at)


def _owe(payment: Payment, cause: Cause, fen: int, at: datetime) -> None:
    if fen:
        refund, is_new = Refund.objects.get_or_create(
            payment=payment,
            cause=cause,
            defaults={
                "out_refund_no": f"{_LETTERS[cause]}{payment.out_trade_no[1:]}",
                "amount_fen": fen,
                "created_at": at,
            },
        )
        if is_new:
            post.refund_due(refund, at=at)
