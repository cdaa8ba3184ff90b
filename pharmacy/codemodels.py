"""
Patients' codes as stored: what was printed, and how often a pharmacist was refused a code.

The app's models take them in.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Account, Organisation
from prescriptions.models import Prescription

TRIES = 5
"""Wrong birth dates until a printed code is dead for good."""


class PrintedCode(models.Model):
    """
    A code that a patient's or a guardian's phone signed for paper, and what became of it.

    What it says stands on the paper. It is good once, and for at most ``TRIES`` birth dates.
    """

    class Ending(models.TextChoices):
        USED = "used"
        LOCKED = "locked"
        LOST = "lost"
        REPLACED = "replaced"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    nonce = models.CharField(max_length=64, unique=True)
    patient = models.ForeignKey(Account, models.PROTECT, related_name="printed_codes")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    printed_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="exclusive")
    failures = models.PositiveSmallIntegerField(default=0, help_text="wrong birth dates")
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=9, choices=Ending.choices, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_printed_code_ends_somehow",
                condition=Q(ended_at__isnull=True, ending="")
                | (Q(ended_at__isnull=False) & ~Q(ending="")),
            ),
            models.CheckConstraint(
                name="so_many_birth_dates_and_no_more",
                condition=Q(failures__lt=TRIES) | Q(failures=TRIES, ending="locked"),
            ),
        ]
        indexes = [models.Index(fields=["patient", "-printed_at", "-id"], name="printed_by")]


class Printed(models.Model):
    """For a prescription, the one printed code that is in force; the row goes when that ends."""

    prescription = models.OneToOneField(
        Prescription, models.PROTECT, primary_key=True, related_name="printed"
    )
    code = models.ForeignKey(PrintedCode, models.PROTECT, related_name="prescriptions")


class ScanRefusals(models.Model):
    """How many codes a pharmacist was refused in the ten minutes or less from ``since``."""

    pharmacist = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField()
    refused = models.PositiveIntegerField()
