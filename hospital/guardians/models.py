"""Who guards whom, and until when."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hospital import guardianlaw
from hospital.models import Account, Key, SealedRecord


class Guardianship(models.Model):
    """
    A patient's guardian, from ``since`` until ``until`` (exclusive), or until it is ended before.

    A child's is registered with sealed evidence, an adult's is appointed by the adult. It is over
    by itself at ``until``; nothing has to run for that.
    """

    class Kind(models.TextChoices):
        REGISTERED = "registered"
        APPOINTED = "appointed"

    id = models.UUIDField(primary_key=True, editable=False)
    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    guardian = models.ForeignKey(Account, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    record = models.OneToOneField(SealedRecord, models.PROTECT, null=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="nobody_is_the_own_guardian", condition=~Q(patient=F("guardian"))
            ),
            models.CheckConstraint(
                name="guardianship_ends_after_it_begins",
                condition=Q(until__gt=F("since"))
                & (Q(ended_at__isnull=True) | Q(ended_at__gte=F("since"))),
            ),
            models.CheckConstraint(
                name="registered_with_evidence",
                condition=Q(kind="registered", record__isnull=False)
                | Q(kind="appointed", record__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "guardian"], name="guardians_of"),
            models.Index(fields=["guardian", "-since"], name="wards_newest_first"),
        ]

    @property
    def subject(self) -> str:
        """What the ledger calls it."""
        return f"{guardianlaw.FAMILY}/{self.id.hex}"

    @property
    def state(self) -> str:
        """Where its entries leave it; that ``until`` has passed is no entry."""
        return guardianlaw.ENDED if self.ended_at else guardianlaw.LIVE


class GuestKey(models.Model):
    """
    A guardian's key that is entered in another line of logs than the guardian's own: the ward's.

    It is entered for one guardianship and known there for all; revoked there with the key itself.
    """

    key = models.ForeignKey(Key, models.PROTECT, related_name="guests")
    guardianship = models.ForeignKey(Guardianship, models.PROTECT, related_name="+")
    line = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "line"], name="entered_once_in_each_line")
        ]
