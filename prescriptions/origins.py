"""The columns of a prescription that a hospital's own system uploads; no decisions here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hospital.models import Account


class Origin(models.Model):
    """
    By which number of its hospital a prescription was uploaded; all empty if it was written here.

    Number and content are keyed digests (``sealing.index``); the number itself is sealed with the
    content. ``upload_reviewer``: who reviewed it at the hospital, if it came reviewed.
    """

    upload_number = models.BinaryField(max_length=32, null=True)
    upload_digest = models.BinaryField(max_length=32, null=True)
    upload_reviewer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True

    @property
    def uploaded(self) -> bool:
        return self.upload_number is not None


CONSTRAINTS = (
    models.UniqueConstraint(
        fields=["hospital", "upload_number"],
        condition=Q(remainder_of__isnull=True),
        name="uploaded_once",
    ),
    models.CheckConstraint(
        name="uploaded_with_its_content",
        condition=Q(
            upload_number__isnull=True, upload_digest__isnull=True, upload_reviewer__isnull=True
        )
        | Q(upload_number__isnull=False, upload_digest__isnull=False),
    ),
    models.CheckConstraint(
        name="uploaded_is_met_and_alone",
        condition=Q(upload_number__isnull=True) | Q(online=False, series__isnull=True),
    ),
)
"""What holds of them in a prescription."""
