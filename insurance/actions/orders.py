"""
What becomes of an open payment's row while WeChat Pay is asked about its order.

Nothing is locked meanwhile, so every write names what it was decided by: whoever finds another row
has written nothing. So either the phone has an order, and it is asked about until it ends at WeChat
Pay, or the payment is closed, and the phone gets nothing to pay with.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models

from insurance.models import Payment


def answered(payment: Payment, **number: str) -> bool:
    """Keep WeChat Pay's number, unless the payment ended meanwhile; whether it is open."""
    is_open = Payment.objects.filter(id=payment.id, state=Payment.State.OPEN)
    return is_open.update(**number) == 1


def refused(payment: Payment, *, at: datetime) -> None:
    """
    WeChat Pay refuses it, and would again: its time is over, so that the task may close it.

    Not if another phone has an answer.
    """
    _unchanged(payment).filter(expires_at__gt=at).update(expires_at=at)


def close(payment: Payment) -> None:
    """It has ended at WeChat Pay, or never was there; not if there was an answer meanwhile."""
    _unchanged(payment).update(state=Payment.State.CLOSED)


def _unchanged(payment: Payment) -> models.QuerySet[Payment]:
    return Payment.objects.filter(
        id=payment.id,
        state=Payment.State.OPEN,
        prepay_id=payment.prepay_id,
        mix_trade_no=payment.mix_trade_no,
    )
