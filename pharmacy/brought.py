"""Slips that were brought in: what was given out offline, and what became of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Account, Organisation
from prescriptions.models import Prescription


class OfflineSlip(models.Model):
    """
    A pharmacist's slip (``pharmacy.slips``) and the patient's code, as they were signed.

    It was ``dispensed``, or it ``collided``, for a ``reason``, with what happened meanwhile. What
    lies ``beyond`` the pharmacy's limits counts, and its regulator sees it. Never changed, never
    deleted.
    """

    class Outcome(models.TextChoices):
        DISPENSED = "dispensed"
        COLLIDED = "collided"

    class Reason(models.TextChoices):
        """Why what was given does not count as given on this authorization."""

        NONE = ""
        TAKEN_BACK = "taken_back"
        ELSEWHERE = "elsewhere"
        GIVEN_ALREADY = "given_already"
        CANCELLED = "cancelled"
        CHANGED = "changed"
        EXPIRED = "expired"
        QUANTITY = "quantity"
        NOT_CHECKED = "not_checked"
        KEY = "key"
        CODE_USED = "code_used"
        RECALLED = "recalled"

    class Beyond(models.TextChoices):
        """Which limit was not kept."""

        LATE = "late"
        AMOUNT = "amount"
        FORM = "form"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True, help_text="how entries name it")
    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="slips")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    pharmacist = models.ForeignKey(Account, models.PROTECT, related_name="+")
    slip = models.TextField(help_text="the signed note")
    code = models.TextField(help_text="the patient's, a signed note")
    given_at = models.DateTimeField()
    created_at = models.DateTimeField(help_text="when it was brought in")
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True)
    beyond = models.JSONField(default=list)
    entry = models.BinaryField(max_length=32, help_text="leaf hash of the entry that says so")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="collides_for_a_reason",
                condition=Q(outcome="collided") & ~Q(reason="") | Q(outcome="dispensed", reason=""),
            ),
            models.UniqueConstraint(
                fields=["prescription"],
                condition=Q(outcome="dispensed"),
                name="given_offline_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="brought_newest_first"),
            models.Index(fields=["pharmacy", "-created_at", "-id"], name="brought_by_pharmacy"),
        ]
