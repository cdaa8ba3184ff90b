"""
The register of narcotics (专册): what was written on their form, numbered by day and hospital.

It has a volume for each line of logs: numbers are entered beside the prescriptions that they
number, so that one log tells whether each has one. With one line there is one volume. A
``Serial`` is one content on such a form, a changed one too, for that is another sheet of paper.
Only ``prescriptions.actions.numbering`` writes here.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Organisation, SealedRecord


class Register(models.Model):
    """
    A volume of a hospital's numbers of one legal day; ``last`` is the one that was given last.

    ``volume`` counts the lines of logs from 1.
    """

    hospital = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    day = models.DateField(help_text="in Asia/Shanghai")
    volume = models.PositiveSmallIntegerField(default=1)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "day", "volume"], name="one_volume_a_day")
        ]


class Serial(models.Model):
    """One number: the content that has it, and the form on which that is written."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    register = models.ForeignKey(Register, models.PROTECT, related_name="serials")
    number = models.PositiveIntegerField()
    prescription = models.ForeignKey(
        "prescriptions.Prescription", models.PROTECT, related_name="serials"
    )
    record = models.OneToOneField(SealedRecord, models.PROTECT, related_name="+")
    form = models.CharField(max_length=16)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["register", "number"], name="numbered_once_a_day"),
            models.CheckConstraint(name="numbers_count_from_one", condition=Q(number__gt=0)),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="numbered_in_order")]
