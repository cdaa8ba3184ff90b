"""Face checks as stored: who was claimed to be before the phone, and when it was believed."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from hospital.models import Account

LIFE = timedelta(minutes=15)
"""From the claim to the last moment at which it can be spent."""


class FaceCheck(models.Model):
    """
    One check of a patient's face, good for one command. The ``id`` is our number for it at WeChat.

    What was claimed is sealed, and empty once the check is spent.
    """

    class Purpose(models.TextChoices):
        IDENTITY = "identity"
        KEY = "key"
        RECOVERY = "recovery"
        CHECKOUT = "checkout"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="face_checks")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    name = models.BinaryField()
    id_number = models.BinaryField()
    phone = models.BinaryField()
    verify_id = models.CharField(max_length=256, blank=True)
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    passed_at = models.DateTimeField(null=True)
    spent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_face_passes_once_begun",
                condition=Q(passed_at__isnull=True)
                | Q(passed_at__lt=F("ends_at")) & ~Q(verify_id=""),
            ),
            models.CheckConstraint(
                name="a_face_is_spent_in_time",
                condition=Q(spent_at__isnull=True)
                | Q(
                    passed_at__isnull=False, spent_at__gte=F("passed_at"), spent_at__lt=F("ends_at")
                ),
            ),
            models.CheckConstraint(
                name="a_spent_face_forgets",
                condition=Q(spent_at__isnull=True) | Q(name=b"", id_number=b"", phone=b""),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "created_at"], name="face_checks_of"),
            models.Index(
                fields=["created_at"], name="unspent_faces", condition=Q(spent_at__isnull=True)
            ),
        ]
