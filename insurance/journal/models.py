"""
The journal: what every fen does, in double entry. As stored; nothing of it ever changes.

Entries and postings are only inserted, by the transaction that makes the change they stand for.
Triggers refuse anything else, and at commit every entry that does not add up to zero.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Organisation
from insurance.journal import accounts
from ledger.models import CurrentXid, XidField


class Entry(models.Model):
    """
    Something that happened to money. ``cause`` is the natural key of what did, so nothing is posted
    twice; ``number`` counts what may happen to one thing again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16)
    cause = models.CharField(max_length=48)
    number = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()
    xid = XidField(db_default=CurrentXid(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cause", "kind", "number"], name="posted_once"),
        ]


class Posting(models.Model):
    """
    Signed ``fen`` on an account (``accounts``), debits positive.

    ``xid`` tells ``folding`` which snapshots see it: no row is shared by those who post, so the
    busiest account keeps nobody waiting.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="postings", db_index=False)
    account = models.CharField(max_length=72, db_collation="C")
    fen = models.BigIntegerField()
    at = models.DateTimeField()
    xid = XidField(db_default=CurrentXid(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "account"], name="one_posting_an_account"),
            models.CheckConstraint(name="posts_something", condition=~Q(fen=0)),
            models.CheckConstraint(
                name="an_account_has_a_name",
                condition=Q(account__regex=accounts.NAME),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-at", "-id"], name="statement_of_account"),
            models.Index(fields=["xid", "account"], name="not_folded_yet"),
        ]


class Balance(models.Model):
    """
    Of an account: the sum of all postings of transactions before ``Fold.through``.

    Derived, and made anew from the postings whenever somebody empties it and ``Fold``.
    """

    account = models.CharField(max_length=72, primary_key=True, db_collation="C")
    fen = models.BigIntegerField()


class Fold(models.Model):
    """How far the balances are: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    through = XidField()

    class Meta:
        constraints = [models.CheckConstraint(name="one_fold", condition=Q(id=1))]


class Carrying(models.Model):
    """
    Who carries the share of a delivered bill that ``payer`` refuses, by the contract that counts
    ``since`` then, till another does; without a row the pharmacy. ``pharmacy`` None: wherever no
    contract of a pharmacy says otherwise. Rows are only added: what was refused is carried by the
    contract of that day.
    """

    class Carrier(models.TextChoices):
        PHARMACY = "pharmacy"
        OPERATOR = "operator"

    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    carrier = models.CharField(max_length=8, choices=Carrier.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payer", "pharmacy", "since"], name="carried_by_one", nulls_distinct=False
            ),
        ]
