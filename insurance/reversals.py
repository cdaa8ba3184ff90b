"""
What becomes of a bill when something of it comes back. As stored; the bill itself stays.

``Reckoning``: what it comes to from then on. ``Reversal``: what a payer that had approved its share
gets back. The payer's agent accepts that with its signature: of what was not paid yet less will be
paid, what was paid is owed back by the pharmacy until a ``Clawback`` takes it, once.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Organisation
from hospital.roles import OrganisationKind
from insurance.policies.shares import BillShare
from pharmacy.returns import Return

SOCIAL_FUND = OrganisationKind.SOCIAL_FUND


class Reckoning(models.Model):
    """
    What the patient pays for what is kept after a return, and in ``shares`` each payer; the newest
    counts.
    """

    returned = models.OneToOneField(Return, models.PROTECT, related_name="reckoning")
    bill = models.ForeignKey("insurance.Bill", models.PROTECT, related_name="reckonings")
    number = models.PositiveSmallIntegerField(help_text="which return of the bill it was, from 1")
    total_fen = models.PositiveBigIntegerField()
    patient_fen = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill", "number"], name="reckoned_one_by_one"),
        ]

    @property
    def fens(self) -> list[int]:
        """What each payer of the bill pays, in their order."""
        return [one.fen for one in sorted(self.shares.all(), key=lambda one: one.share_id)]

    @property
    def fund_fen(self) -> int:
        """What social funds pay."""
        return sum(fen for fen, one in self._pairs() if one.payer.kind == SOCIAL_FUND)

    @property
    def insurer_fen(self) -> int:
        """What commercial insurers pay, all together."""
        return sum(fen for fen, one in self._pairs() if one.payer.kind != SOCIAL_FUND)

    def _pairs(self) -> list[tuple[int, BillShare]]:
        return list(zip(self.fens, self.bill.in_order, strict=True))


class Clawback(models.Model):
    """
    A settlement the other way: what a pharmacy owes a payer back, for a batch of reversals.

    It has an entry of its own, ``insurance.clawback``; payer and pharmacy set it off or transfer it
    as they transfer settlements, outside of this system.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    total_fen = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="claws_something_back", condition=Q(total_fen__gt=0)),
        ]


class Reversal(models.Model):
    """
    A payer gets back ``fen`` of what it has approved: requested with the return, then accepted.

    DUE: the payer has still to accept it. REDUCED: accepted, and less was paid for it. OWED: it was
    paid, and the pharmacy owes it back. TAKEN: a clawback has taken it.
    """

    class State(models.TextChoices):
        DUE = "due"
        REDUCED = "reduced"
        OWED = "owed"
        TAKEN = "taken"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    returned = models.ForeignKey(Return, models.PROTECT, related_name="reversals")
    claim = models.ForeignKey("insurance.Claim", models.PROTECT, related_name="reversals")
    fen = models.PositiveBigIntegerField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.DUE)
    accepted_at = models.DateTimeField(null=True)
    clawback = models.ForeignKey(Clawback, models.PROTECT, null=True, related_name="reversals")

    class Meta:
        constraints = [
            models.CheckConstraint(name="reverses_something", condition=Q(fen__gt=0)),
            models.UniqueConstraint(fields=["returned", "claim"], name="reversed_once_by_a_return"),
            models.CheckConstraint(
                name="accepted_at_a_time",
                condition=Q(state="due", accepted_at__isnull=True)
                | (~Q(state="due") & Q(accepted_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="taken_by_a_clawback",
                condition=Q(state="taken", clawback__isnull=False)
                | (~Q(state="taken") & Q(clawback__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["claim"], condition=Q(state__in=["due", "owed"]), name="reversals_open"
            ),
        ]
