"""A prescription that waits for review: the columns that say since when, and in whose hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from hospital import errors
from hospital.models import Account
from hospital.roles import Actor
from hospital.units import stamp

AWAITING_REVIEW = ("issued", "checked")
"""In these states a reviewing pharmacist is needed: ``Status.ISSUED``, ``Status.CHECKED``."""


class InHand(errors.Conflict):
    """Another reviewer has this prescription in hand; ``until`` says how long at most."""

    code = "review.in_hand"


class Waiting(models.Model):
    """
    ``awaits_since``: when the content in force came to be reviewed; a check does not restart it,
    for the patient goes on waiting. It stays as it was when the review is over.

    ``lease_holder`` reviews it, and until ``lease_until`` (exclusive) nobody else does.
    """

    awaits_since = models.DateTimeField(null=True)
    lease_holder = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="+", db_index=False
    )
    lease_until = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def leased(self, at: datetime) -> bool:
        """Whether somebody has it in hand."""
        return self.lease_until is not None and at < self.lease_until


def after(target: str | None, at: datetime) -> dict[str, Any]:
    """Column → value, of those that a move to ``target`` changes: it ends any lease."""
    if target is None:
        return {}
    ended: dict[str, Any] = {"lease_holder_id": None, "lease_until": None}
    return {**ended, "awaits_since": at} if target == AWAITING_REVIEW[0] else ended


def check_in_hand(prescription: Waiting, by: Actor, at: datetime) -> None:
    """Raises ``InHand`` if a lease of somebody else's runs; without any, whoever may reviews it."""
    if prescription.lease_until is None or prescription.lease_holder_id == by.account:
        return
    if prescription.leased(at):
        raise InHand(until=stamp(prescription.lease_until))


CONSTRAINTS = (
    models.CheckConstraint(
        name="awaits_review_since_a_moment",
        condition=~Q(status__in=AWAITING_REVIEW) | Q(awaits_since__isnull=False),
    ),
    models.CheckConstraint(
        name="leased_to_somebody_for_a_time",
        condition=Q(lease_holder__isnull=True, lease_until__isnull=True)
        | Q(lease_holder__isnull=False, lease_until__isnull=False),
    ),
    models.CheckConstraint(
        name="only_what_awaits_review_is_leased",
        condition=Q(status__in=AWAITING_REVIEW) | Q(lease_until__isnull=True),
    ),
)
"""What holds of them in a prescription."""
INDEXES = (
    models.Index(
        fields=["hospital", "awaits_since", "id"],
        name="review_queue",
        condition=Q(status__in=AWAITING_REVIEW),
    ),
    models.Index(fields=["lease_holder"], name="in_hand", condition=Q(lease_holder__isnull=False)),
)
"""The queue in its order, and what a reviewer has in hand."""
