"""
Goods on their way from one pharmacy to another (调拨): out of one lot, into another, none between.

What is on its way lies on no shelf. So over all pharmacies what was sent is what arrived, what came
back, and the units of the consignments that are on their way.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Account, Organisation

REASON_MAX = 200
_ANSWERED = {"answered_by__isnull": False, "answered_at__isnull": False}
_NOT_ANSWERED = {"answered_by__isnull": True, "answered_at__isnull": True}
_RETURNED = {"returned_by__isnull": False, "returned_at__isnull": False}
_NOT_RETURNED = {"returned_by__isnull": True, "returned_at__isnull": True}


class Consignment(models.Model):
    """
    Units of one lot that a pharmacy sent to another; ``storage``: in which class they travel.

    ``arrived_in`` is the lot in which they lie now: the receiver's, or the sender's if they came
    back. What was refused is on its way until its sender has it again; ``reason``: why it was
    refused, or why it came back.
    """

    class State(models.TextChoices):
        SENT = "sent"
        REFUSED = "refused"
        ACCEPTED = "accepted"
        RETURNED = "returned"

    ON_THE_WAY = (State.SENT, State.REFUSED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lot = models.ForeignKey("pharmacy.Lot", models.PROTECT, related_name="+")
    sender = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    receiver = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    units = models.PositiveIntegerField()
    storage = models.CharField(max_length=4)
    state = models.CharField(max_length=8, choices=State.choices, default=State.SENT)
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    arrived_in = models.ForeignKey("pharmacy.Lot", models.PROTECT, null=True, related_name="+")
    sent_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    answered_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    returned_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="sends_something", condition=Q(units__gt=0)),
            models.CheckConstraint(
                name="sent_to_another_pharmacy", condition=~Q(sender=models.F("receiver"))
            ),
            models.CheckConstraint(
                name="arrived_somewhere_by_somebody",
                condition=Q(state="sent", **_NOT_ANSWERED, **_NOT_RETURNED, arrived_in=None)
                | Q(state="refused", **_ANSWERED, **_NOT_RETURNED, arrived_in=None)
                | Q(state="accepted", **_ANSWERED, **_NOT_RETURNED, arrived_in__isnull=False)
                | Q(state="returned", **_RETURNED, arrived_in__isnull=False),
            ),
            models.CheckConstraint(
                name="not_taken_for_a_reason",
                condition=~Q(state__in=["refused", "returned"]) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(fields=["sender", "-created_at", "-id"], name="sent_newest_first"),
            models.Index(fields=["receiver", "-created_at", "-id"], name="coming_newest_first"),
        ]
