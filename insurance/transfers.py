"""Rewards for shared data as transfers by WeChat Pay. As stored."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from prescriptions.sharing.models import Use


class Transfer(models.Model):
    """
    A reward as a transfer by WeChat Pay. The row is written before WeChat is asked.

    ``waiting``: the patient has to confirm it, with ``package_info``. After one has failed the use
    may have another.
    """

    class State(models.TextChoices):
        DUE = "due"
        PROCESSING = "processing"
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    use = models.ForeignKey(Use, models.PROTECT, related_name="transfers")
    out_bill_no = models.CharField(max_length=32, unique=True)
    amount_fen = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    transfer_bill_no = models.CharField(max_length=64, blank=True)
    package_info = models.CharField(max_length=1024, blank=True)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="transfers_something", condition=Q(amount_fen__gt=0)),
            models.UniqueConstraint(
                fields=["use"], condition=~Q(state="failed"), name="rewarded_once"
            ),
            models.CheckConstraint(
                name="transferred_under_a_number",
                condition=~Q(state="done") | ~Q(transfer_bill_no=""),
            ),
        ]
        indexes = [
            models.Index(
                F("asked_at").asc(nulls_first=True),
                "created_at",
                condition=Q(state__in=["due", "processing", "waiting"]),
                name="transfers_unfinished",
            )
        ]
