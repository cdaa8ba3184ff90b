"""
Offers, opt-ins, and what was used of them. The budgets are constraints of the database.

An offer's terms never change: what patients sign repeats them.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from hospital import sharing
from hospital.consents import WITHDRAWN
from hospital.models import Account, Organisation


class Offer(models.Model):
    """
    A reward for each use of ``fields``; ``approval`` is the leaf hash of the approving entry.

    ``group_size`` is k: nothing is shown that fewer patients have in common. ``epsilon_milli`` is
    the privacy budget of counts in thousandths, 0 where records are delivered.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    researcher = models.ForeignKey(Account, models.PROTECT, related_name="+")
    aim = models.CharField(max_length=20, choices=[(one, one.name) for one in sharing.Aim])
    mode = models.CharField(max_length=20, choices=[(one, one.name) for one in sharing.Mode])
    fields = models.JSONField()
    ethics = models.CharField(max_length=40, help_text="the ethics committee's approval number")
    reward_fen = models.PositiveBigIntegerField()
    budget_fen = models.PositiveBigIntegerField()
    spent_fen = models.PositiveBigIntegerField(default=0)
    group_size = models.PositiveIntegerField()
    epsilon_milli = models.PositiveIntegerField()
    epsilon_spent_milli = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    until = models.DateTimeField()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=9, default=sharing.PUBLISHED)
    approval = models.BinaryField(max_length=32, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="rewards_within_the_budget", condition=Q(spent_fen__lte=F("budget_fen"))
            ),
            models.CheckConstraint(
                name="noise_within_the_budget",
                condition=Q(epsilon_spent_milli__lte=F("epsilon_milli")),
            ),
            models.CheckConstraint(
                name="offer_ends_after_it_begins", condition=Q(until__gt=F("since"))
            ),
            models.CheckConstraint(
                name="open_offers_are_approved",
                condition=Q(state__in=[sharing.PUBLISHED, sharing.REFUSED], approval__isnull=True)
                | Q(state__in=[sharing.APPROVED, sharing.CLOSED], approval__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-created_at", "-id"], name="offers_newest_first"),
            models.Index(
                fields=["organisation", "-created_at", "-id"], name="offers_of_organisation"
            ),
        ]

    @property
    def subject(self) -> str:
        """What the ledger calls it."""
        return f"{sharing.PUBLISH.family}/{self.id.hex}"


class OptIn(models.Model):
    """
    A patient shares under an offer's terms. ``pseudonym`` stands for the patient in deliveries of
    this offer, and dies with the opt-in. ``used``: how many times.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="opt_ins")
    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    pseudonym = models.CharField(max_length=16)
    used = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    until = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "patient"],
                condition=Q(withdrawn_at__isnull=True),
                name="opted_in_once",
            ),
            models.CheckConstraint(
                name="a_pseudonym_dies_with_its_opt_in",
                condition=Q(withdrawn_at__isnull=True) & ~Q(pseudonym="")
                | Q(withdrawn_at__isnull=False, pseudonym=""),
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-created_at", "-id"], name="opt_ins_of_patient"),
            models.Index(
                fields=["offer", "used", "created_at", "id"],
                name="opted_in_least_used_first",
                condition=Q(withdrawn_at__isnull=True),
            ),
        ]

    @property
    def subject(self) -> str:
        """What the ledger calls it."""
        return f"{sharing.OPT_IN.family}/{self.id.hex}"

    @property
    def state(self) -> str:
        """As in ``sharing.MOVES``."""
        return sharing.GIVEN if self.withdrawn_at is None else WITHDRAWN


class Delivery(models.Model):
    """
    What a researcher asked for once, under an ``id`` of the own: asked again with it, it costs
    nothing again. ``question`` and ``answer`` are of counts.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="deliveries")
    researcher = models.ForeignKey(Account, models.PROTECT, related_name="+")
    cost_fen = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    question = models.CharField(max_length=80, blank=True)
    epsilon_milli = models.PositiveIntegerField(default=0)
    answer = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "question"], condition=~Q(question=""), name="asked_once"
            ),
        ]
        indexes = [
            models.Index(fields=["offer", "-created_at", "-id"], name="deliveries_newest_first")
        ]


class Use(models.Model):
    """
    One patient's data in one delivery: ``reward_fen`` is owed from this row on.

    Who pays asks from ``due_at`` on; None while it is being paid, and once it is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="uses")
    opt_in = models.ForeignKey(OptIn, models.PROTECT, related_name="uses")
    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    reward_fen = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "opt_in"], name="used_once_a_delivery"),
            models.CheckConstraint(name="a_use_has_a_reward", condition=Q(reward_fen__gt=0)),
        ]
        indexes = [
            models.Index(fields=["patient", "-created_at", "-id"], name="rewards_newest_first"),
            models.Index(fields=["due_at"], name="due", condition=Q(due_at__isnull=False)),
        ]


class PrivacyLoss(models.Model):
    """What counts of all offers together have told of one patient, in thousandths of epsilon."""

    patient = models.OneToOneField(Account, models.PROTECT, related_name="+")
    epsilon_milli = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_patients_privacy_is_not_used_up",
                condition=Q(epsilon_milli__lte=sharing.MOST_LOSS_MILLI),
            )
        ]
