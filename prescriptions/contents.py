"""The columns of what a prescription says, in force or not; no decisions here."""

from __future__ import annotations

from typing import Any

from django.db import models

from hospital.models import Organisation, SealedRecord
from prescriptions.facts import Form


class Content(models.Model):
    """
    What a prescription says: sealed, and what of it is no secret.

    ``quantities`` maps a line's number to dispensing units; which medicine a line is about is in
    the sealed record; of a remainder (``rests``) they are what was left. ``dispenser`` is the only
    pharmacy that may give it out, if the law says so
    (``prescriptions.controlled``).
    """

    record = models.OneToOneField(SealedRecord, models.PROTECT)
    quantities = models.JSONField()
    form = models.CharField(max_length=16, choices=[(one.value, one.name) for one in Form])
    rules_version = models.CharField(max_length=40)
    warnings = models.JSONField(default=list)
    dispenser = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True

    @property
    def content(self) -> dict[str, Any]:
        """Column → value, of these columns alone."""
        return {field.name: getattr(self, field.name) for field in Content._meta.fields}
