"""
What patients bring back, and what is destroyed of what was put aside. As stored.

What came back is never given out again: it lies in a lot of its own, put aside for ever
(``Lot.by_patient``), and leaves it destroyed.

Source: 医疗机构药事管理规定 (2011), art. 28: what was given out is not taken back, except for its
quality or where the pharmacy is responsible; from memory, unconfirmed.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import F, Q

from hospital.models import Account
from prescriptions.models import Prescription

REASON_MAX = 200


class Reason(models.TextChoices):
    """
    Why a pharmacy takes back what it gave out. There is none for "not needed any more".

    OTHER: the pharmacy is responsible in another way.
    """

    QUALITY = "quality"
    WRONG_MEDICINE = "wrong_medicine"
    RECALL = "recall"
    ADVERSE_REACTION = "adverse_reaction"
    OTHER = "other"


WITHIN: Final = {
    Reason.QUALITY: timedelta(days=365),
    Reason.WRONG_MEDICINE: timedelta(days=90),
    Reason.RECALL: timedelta(days=1_095),
    Reason.ADVERSE_REACTION: timedelta(days=90),
    Reason.OTHER: timedelta(days=30),
}
"""How long after it was given out something is taken back for a reason. Our policy, no law."""


class Return(models.Model):
    """
    What came back of a prescription at one time: line number → units, and by the lots that they
    had left: id → units. A second return is another.

    ``entry`` is the leaf hash of its ``pharmacy.return`` entry.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="returns")
    reason = models.CharField(max_length=16, choices=Reason.choices)
    lines = models.JSONField()
    lots = models.JSONField()
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    entry = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["prescription", "at"], name="returned_by_rx")]


class Destruction(models.Model):
    """
    Units of a lot that was put aside are destroyed (销毁), under a document's number.

    Of narcotics and psychotropics of class I when a second person was there and confirms it, until
    when it is waiting and the units lie there. ``boxes``: codes of those that are destroyed.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lot = models.ForeignKey("pharmacy.Lot", models.PROTECT, related_name="destructions")
    units = models.PositiveIntegerField()
    document = models.CharField(max_length=REASON_MAX)
    boxes = models.JSONField(default=list)
    state = models.CharField(max_length=7, choices=State.choices)
    two = models.BooleanField(help_text="it counts when a second person confirms it")
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    person = models.ForeignKey("hospital.Person", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    witness = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    witness_person = models.ForeignKey(
        "hospital.Person", models.PROTECT, null=True, related_name="+"
    )
    witnessed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="destroys_something", condition=Q(units__gt=0)),
            models.CheckConstraint(name="destroyed_under_a_document", condition=~Q(document="")),
            models.UniqueConstraint(
                fields=["lot"], condition=Q(state="waiting"), name="one_destruction_of_a_lot_waits"
            ),
            models.CheckConstraint(
                name="narcotics_are_destroyed_by_two",
                condition=Q(two=False)
                | Q(state="waiting")
                | (
                    Q(witness__isnull=False, witnessed_at__isnull=False)
                    & Q(witness_person__isnull=False)
                    & ~Q(witness_person=F("person"))
                ),
            ),
        ]
