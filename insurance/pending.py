"""
Claims that wait for a person: why, since when, who may not decide. As stored.

A payer's program puts aside what it cannot decide; an officer refers on what a second person has to
decide, or reopens what was decided; the patient appeals. While such a row is open, a program leaves
the claim alone, and none of ``barred`` decides on it. Its words are codes: nothing here is sealed.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from hospital.models import Account, Organisation

ANSWERING = timedelta(days=7)
"""So long may the patient think about a field that an officer asks for."""
APPEALING = timedelta(days=60)
"""So long after a decision an appeal may come; ours, as no law states it for direct settlement."""
DECIDING = timedelta(days=30)
"""
By then an appeal is answered.

Source: 保险法 art. 23: an insurer decides within thirty days, however involved the case.
"""


class PendReason(models.TextChoices):
    """Why a person should look; what stands out the public entry does not say."""

    EVIDENCE_UNPROVEN = "evidence_unproven"
    ABOVE_LIMIT = "above_limit"
    STANDS_OUT = "stands_out"
    UNSURE = "unsure"


class SignalReason(models.TextChoices):
    """What stands out, as ``insurance.signals`` calls it; suspicions are the payer's alone."""

    SAME_CODE = "same_code"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    EARLY_REFILL = "early_refill"
    DOCTOR_OUTLIER = "doctor_outlier"
    PHARMACY_OUTLIER = "pharmacy_outlier"


class ReopenReason(models.TextChoices):
    MISTAKE = "mistake"
    NEW_EVIDENCE = "new_evidence"
    FRAUD = "fraud"


class AppealReason(models.TextChoices):
    """What the patient says against a decision."""

    COVERED = "covered"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_FACTS = "wrong_facts"
    OTHER = "other"


class Cause(models.TextChoices):
    PENDED = "pended"
    ASKED = "asked"
    REOPENED = "reopened"
    APPEALED = "appealed"


class Pending(models.Model):
    """
    One claim that waits for a person at the payer; closed by the decision.

    ``barred`` are ids of persons. ``seconded``: an officer among them has looked already, so that
    with who decides there are two. ``signals``: what stood out. ``field``, ``field_until``: what
    the patient is asked for, if anything; ``withheld_at``: when the patient refused it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bill = models.ForeignKey("insurance.Bill", models.PROTECT, related_name="pendings")
    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    cause = models.CharField(max_length=8, choices=Cause.choices)
    reason = models.CharField(max_length=20)
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    barred = models.JSONField(default=list)
    signals = models.JSONField(default=list)
    seconded = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    answer_until = models.DateTimeField(null=True)
    field = models.CharField(max_length=20, blank=True)
    field_until = models.DateTimeField(null=True)
    withheld_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bill", "payer"], condition=Q(closed_at=None), name="one_open_pending"
            ),
            models.CheckConstraint(
                name="a_field_is_asked_with_an_end",
                condition=Q(field="", field_until=None, withheld_at=None)
                | ~Q(field="") & Q(field_until__isnull=False),
            ),
            models.CheckConstraint(
                name="an_appeal_is_answered_by_an_end",
                condition=Q(answer_until__isnull=False) | ~Q(cause="appealed"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["payer", "created_at", "id"],
                condition=Q(closed_at=None),
                name="waits_for_a_person",
            )
        ]

    def is_overdue(self, at: datetime) -> bool:
        """The term of an appeal has passed."""
        return self.answer_until is not None and at >= self.answer_until


class ClaimLimit(models.Model):
    """Above how many fen a payer's decision takes two persons; without a row ``USUAL_FEN``."""

    USUAL_FEN = 1_000_000

    payer = models.OneToOneField(Organisation, models.PROTECT, related_name="+")
    four_eyes_fen = models.PositiveBigIntegerField()
