"""
When a payer pays, and by what it has paid. As stored; the claims are in ``models``.

``Terms`` is the payer's policy, ``Batch`` what became due by it; the payer's agent, which alone
holds the key, turns what is due into a ``Settlement`` for each thousand claims, and tells of the
transfer that pays them by a ``Remittance``.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Organisation

REFERENCE = r"\A[0-9A-Za-z][0-9A-Za-z_-]{5,63}\Z"
"""A bank's or payer's own number of a transfer: no words, so that it can hold nobody's name."""


class Terms(models.Model):
    """
    When a payer pays what it has approved; without such a row, at once.

    ``day``: of the week from 1, Monday, or of the month, up to 28. ``time``: the wall clock's in
    Shanghai. ``minimum_fen``: what is owed to one pharmacy waits until it comes to that.
    ``at_once_fen``: claims of so much or less wait for nothing; 0: all wait. ``next_at`` is the
    next moment of the schedule, and ``rounds`` how many there were.
    """

    class Every(models.TextChoices):
        DAY = "day"
        WEEK = "week"
        MONTH = "month"

    payer = models.OneToOneField(Organisation, models.PROTECT, related_name="+")
    every = models.CharField(max_length=5, choices=Every.choices)
    day = models.PositiveSmallIntegerField()
    time = models.TimeField()
    minimum_fen = models.PositiveBigIntegerField(default=0)
    at_once_fen = models.PositiveBigIntegerField(default=0)
    next_at = models.DateTimeField(db_index=True)
    rounds = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_day_that_every_period_has",
                condition=Q(every="day", day=1)
                | Q(every="week", day__gte=1, day__lte=7)
                | Q(every="month", day__gte=1, day__lte=28),
            ),
        ]


class Batch(models.Model):
    """
    What the schedule last made due to a pharmacy: its unsettled claims up to the id ``upto``.

    ``claims_count`` and ``total_fen`` are of that moment; ``left`` counts down what
    was paid since, was reopened, or came back before it was paid.
    """

    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    upto = models.PositiveBigIntegerField()
    claims_count = models.PositiveIntegerField()
    total_fen = models.PositiveBigIntegerField()
    left = models.IntegerField()
    prepared_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payer", "pharmacy"], name="one_batch_of_a_pharmacy"),
            models.CheckConstraint(name="a_batch_holds_some", condition=Q(claims_count__gt=0)),
        ]


class Remittance(models.Model):
    """One transfer of a payer to a pharmacy, by its reference, for so many settlements."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    total_fen = models.PositiveBigIntegerField()
    reference = models.CharField(max_length=64)
    subject = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payer", "reference"], name="referred_to_once"),
            models.CheckConstraint(
                name="a_reference_is_a_number", condition=Q(reference__regex=REFERENCE)
            ),
        ]


class Settlement(models.Model):
    """
    One entry by which a payer pays a pharmacy for a batch of approved claims.

    ``subject`` and ``line`` say where it is entered, ``digest`` is its file's; they are empty in
    settlements that are older than these columns.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    total_fen = models.PositiveBigIntegerField()
    settled_at = models.DateTimeField()
    subject = models.CharField(max_length=60, blank=True)
    line = models.CharField(max_length=120, blank=True)
    claims_count = models.PositiveIntegerField(null=True)
    digest = models.BinaryField(max_length=32, null=True)
    remittance = models.ForeignKey(
        Remittance, models.PROTECT, null=True, related_name="settlements"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_settlement_has_its_file",
                condition=Q(subject="", line="", claims_count__isnull=True, digest__isnull=True)
                | ~Q(subject="") & ~Q(line="") & Q(claims_count__gt=0, digest__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["subject"], condition=~Q(subject=""), name="settled_under_one_name"
            ),
        ]
        indexes = [
            models.Index(fields=["payer", "settled_at", "id"], name="settlements_of_payer"),
            models.Index(fields=["pharmacy", "settled_at", "id"], name="settlements_of_pharmacy"),
        ]
