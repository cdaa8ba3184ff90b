"""What reviewing pharmacists have decided, one row each, to be counted; no decisions here."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hospital.models import Organisation


class Review(models.Model):
    """
    One decision of a reviewer: the move that its entry names, and how long it was waited for.

    It repeats what the entry says, beside the moments and warnings that the prescription had then
    and may not have any more. ``reason`` is "none" unless it was sent back. Who reviewed stands in
    the entry alone: these rows are for counting.
    """

    class Move(models.TextChoices):
        APPROVE = "approve"
        CHECK = "check"
        CONFIRM = "confirm"
        SEND_BACK = "send_back"

    prescription = models.ForeignKey("prescriptions.Prescription", models.PROTECT, related_name="+")
    hospital = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    move = models.CharField(max_length=9, choices=Move.choices)
    reason = models.CharField(max_length=20)
    warnings = models.JSONField(help_text="codes of the rules, as they stood in the content")
    awaited_since = models.DateTimeField()
    reviewed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["hospital", "reviewed_at"], name="reviewed_in_a_month")]
        constraints = [
            models.CheckConstraint(
                name="sent_back_for_a_reason",
                condition=(Q(move="send_back") & ~Q(reason="none"))
                | (~Q(move="send_back") & Q(reason="none")),
            ),
            models.CheckConstraint(
                name="reviewed_after_it_waited", condition=Q(reviewed_at__gte=F("awaited_since"))
            ),
        ]
