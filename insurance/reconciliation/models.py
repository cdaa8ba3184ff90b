"""
What others say of a day's money, and where it differs from what we have. As stored.

A statement is read as often as it comes, and counts as it was read last. Its rows are not kept:
they are WeChat Pay's or the payer's, who give them again; ``digest`` says which they were.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from hospital.models import Account, Organisation


class Source(models.TextChoices):
    """
    Whose word: WeChat Pay's bill of what was agreed (TRADE) or of what moved (FLOW), or a PAYER's
    of what it has paid to pharmacies.
    """

    TRADE = "trade"
    FLOW = "flow"
    PAYER = "payer"


class Kind(models.TextChoices):
    """
    How a row differs; there is no other way.

    MISSING_HERE: they have it, we do not. MISSING_THERE: we have it, they do not. TWICE: they have
    it more than once. AMOUNT: another amount. STATE: the same amount, but one has it as done and
    the other not, or as failed.
    """

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    TWICE = "twice"
    AMOUNT = "amount"
    STATE = "state"


class About(models.TextChoices):
    """What a row is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    SETTLEMENT = "settlement"
    CLAWBACK = "clawback"


class State(models.TextChoices):
    """What became of the money, in the one language of both sides."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class Ending(models.TextChoices):
    """AGREES: the statement, read again, agrees with us. CLOSED: a person has settled it."""

    NONE = ""
    AGREES = "agrees"
    CLOSED = "closed"


class Statement(models.Model):
    """One source's word about one legal day, as it was read last."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.CharField(max_length=5, choices=Source.choices)
    payer = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    day = models.DateField()
    lines = models.PositiveBigIntegerField(default=0)
    total_fen = models.PositiveBigIntegerField(default=0, help_text="of all rows, refunds too")
    digest = models.CharField(max_length=64, help_text="SHA-256 of its rows, in hexadecimal")
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "payer", "day"],
                nulls_distinct=False,
                name="one_statement_of_a_day",
            ),
            models.CheckConstraint(
                name="a_payers_statement_has_a_payer",
                condition=Q(source="payer", payer__isnull=False)
                | (~Q(source="payer") & Q(payer__isnull=True)),
            ),
        ]


class Difference(models.Model):
    """
    One row in which a statement and we differ, until it ends: by itself, or closed for a reason.

    ``number`` is our number of the thing. ``ours_…`` is null if we have none, ``theirs_…`` if they
    have none. A closed one without ``closed_by`` was closed by the operator.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="differences")
    about = models.CharField(max_length=10, choices=About.choices)
    number = models.CharField(max_length=64)
    kind = models.CharField(max_length=13, choices=Kind.choices)
    ours_fen = models.PositiveBigIntegerField(null=True)
    theirs_fen = models.PositiveBigIntegerField(null=True)
    ours_state = models.CharField(max_length=6, choices=State.choices, blank=True)
    theirs_state = models.CharField(max_length=6, choices=State.choices, blank=True)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=6, choices=Ending.choices, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "about", "number", "kind"],
                condition=Q(ending=""),
                name="differs_once_in_a_way",
            ),
            models.CheckConstraint(
                name="missing_is_what_one_side_lacks",
                condition=Q(kind="missing_here", ours_fen__isnull=True, theirs_fen__isnull=False)
                | Q(kind="missing_there", ours_fen__isnull=False, theirs_fen__isnull=True)
                | (
                    ~Q(kind__in=["missing_here", "missing_there"])
                    & Q(ours_fen__isnull=False, theirs_fen__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="another_amount_is_another",
                condition=~Q(kind="amount") | ~Q(ours_fen=F("theirs_fen")),
            ),
            models.CheckConstraint(
                name="a_difference_ends_at_a_time",
                condition=Q(ending="", ended_at__isnull=True)
                | (~Q(ending="") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="closed_for_a_reason",
                condition=(Q(ending="closed") & ~Q(reason=""))
                | (~Q(ending="closed") & Q(reason="", closed_by__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["statement", "created_at", "id"],
                condition=Q(ending=""),
                name="open_differences",
            )
        ]
