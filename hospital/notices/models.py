"""Notices as stored: that something happened, to what; never what it says."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Account
from hospital.notices.kinds import Kind, Topic


class Outcome(models.TextChoices):
    """What came of telling through WeChat; in the inbox a notice is anyway."""

    SENT = "sent"
    UNSUBSCRIBED = "unsubscribed"
    LIMIT = "limit"
    NO_WECHAT = "no_wechat"
    FAILED = "failed"


class Notice(models.Model):
    """
    One patient is told of one change: ``subject`` at ``version``, as in the ledger.

    ``due_at`` is when WeChat is to be asked next, None when it will not be. ``granted_at`` is when
    one of the sends that the patient has granted was set aside for it, which retries use again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    subject = models.CharField(max_length=200)
    version = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    granted_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "subject", "version"], name="told_once"
            ),
            models.CheckConstraint(
                name="due_until_there_is_an_outcome",
                condition=Q(due_at__isnull=False, outcome="")
                | Q(due_at__isnull=True) & ~Q(outcome=""),
            ),
            models.CheckConstraint(
                name="sent_under_a_grant",
                condition=~Q(outcome=Outcome.SENT) | Q(granted_at__isnull=False, tries__gt=0),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="inbox"),
            models.Index(fields=["account"], name="unread", condition=Q(read_at__isnull=True)),
            models.Index(
                fields=["due_at", "id"], name="to_be_sent", condition=Q(due_at__isnull=False)
            ),
            models.Index(
                fields=["account", "granted_at"],
                name="sent_lately",
                condition=Q(granted_at__isnull=False),
            ),
        ]


class Subscription(models.Model):
    """How many more messages of a topic a patient lets WeChat deliver: one for each tap."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    topic = models.CharField(max_length=12, choices=Topic.choices)
    left = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "topic"], name="subscribed_once"),
        ]


class LookCount(models.Model):
    """How many looks under grants and emergencies a reader has made in the hour from ``hour``."""

    reader = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="+")
    hour = models.DateTimeField()
    looks = models.PositiveIntegerField()
