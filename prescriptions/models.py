"""Medicines and prescriptions as stored. What a prescription says lies sealed in its record."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Account, Organisation, SealedRecord
from prescriptions.facts import Control, InsuranceClass, MedicineFacts


class Medicine(models.Model):
    """One package of one medicine; ``facts`` is the same as a pure value."""

    code = models.CharField(max_length=40, primary_key=True, help_text="medListCodg")
    generic_name = models.CharField(max_length=80)
    form = models.CharField(max_length=40)
    specification = models.CharField(max_length=80)
    unit = models.CharField(max_length=8)
    pack_size = models.PositiveIntegerField()
    pack_unit = models.CharField(max_length=8)
    strength = models.DecimalField(max_digits=12, decimal_places=4)
    strength_unit = models.CharField(max_length=8)
    route = models.CharField(max_length=8)
    route_name = models.CharField(max_length=20)
    frequency = models.CharField(max_length=8)
    atc = models.CharField(max_length=7)
    insurance_class = models.CharField(
        max_length=1, choices=[(one.value, one.name) for one in InsuranceClass]
    )
    control = models.CharField(max_length=16, choices=[(one.value, one.name) for one in Control])
    antimicrobial = models.BooleanField(default=False)
    otc = models.BooleanField(default=False)
    price_fen = models.PositiveIntegerField(help_text="list price of one dispensing unit")

    @property
    def facts(self) -> MedicineFacts:
        names = MedicineFacts.__dataclass_fields__
        values = {name: getattr(self, name) for name in names}
        values["insurance_class"] = InsuranceClass(self.insurance_class)
        values["control"] = Control(self.control)
        return MedicineFacts(**values)


class Status(models.TextChoices):
    DRAFT = "draft"
    ISSUED = "issued"
    RETURNED = "returned"
    APPROVED = "approved"
    AUTHORIZED = "authorized"
    PAID = "paid"
    DISPENSED = "dispensed"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    CLAIMED = "claimed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Way(models.TextChoices):
    """How the medicines reach the patient."""

    COLLECT = "collect"
    COURIER = "courier"


CHOSEN = (
    Status.AUTHORIZED,
    Status.PAID,
    Status.DISPENSED,
    Status.IN_TRANSIT,
    Status.DELIVERED,
    Status.CLAIMED,
)
"""In these states the patient has chosen a pharmacy and a way."""


class Prescription(models.Model):
    """
    One prescription. Only ``prescriptions.lifecycle`` writes ``status``.

    ``quantities`` maps a line's number to dispensing units; which medicine a line is about is in
    the sealed record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.DRAFT, editable=False
    )
    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    doctor = models.ForeignKey(Account, models.PROTECT, related_name="+")
    hospital = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    record = models.OneToOneField(SealedRecord, models.PROTECT)
    quantities = models.JSONField()
    rules_version = models.CharField(max_length=40)
    warnings = models.JSONField(default=list)
    online = models.BooleanField()
    created_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    way = models.CharField(max_length=8, choices=Way.choices, blank=True)
    courier = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-created_at", "-id"], name="of_patient"),
            models.Index(fields=["doctor", "-created_at", "-id"], name="of_doctor"),
            models.Index(
                fields=["hospital", "created_at", "id"],
                name="awaiting_review",
                condition=Q(status=Status.ISSUED),
            ),
            models.Index(
                fields=["pharmacy", "created_at", "id"],
                name="at_pharmacy",
                condition=Q(status__in=[Status.AUTHORIZED, Status.PAID, Status.DISPENSED]),
            ),
            models.Index(
                fields=["valid_until"],
                name="may_lapse",
                condition=Q(
                    status__in=[
                        Status.ISSUED,
                        Status.RETURNED,
                        Status.APPROVED,
                        Status.AUTHORIZED,
                        Status.PAID,
                    ]
                ),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="chosen_pharmacy_and_way_go_together",
                condition=Q(status__in=CHOSEN, pharmacy__isnull=False) & ~Q(way="")
                | ~Q(status__in=CHOSEN),
            ),
            models.CheckConstraint(
                name="courier_exactly_when_couriered",
                condition=Q(way=Way.COURIER, courier__isnull=False)
                | (~Q(way=Way.COURIER) & Q(courier__isnull=True)),
            ),
            models.CheckConstraint(
                name="valid_after_creation",
                condition=Q(valid_until__gt=models.F("created_at")),
            ),
        ]

    @property
    def subject(self) -> str:
        """The subject of all entries about this prescription."""
        return f"rx/{self.id.hex}"
