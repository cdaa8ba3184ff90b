"""What organisations' own systems are told: feeds, endpoints, and what was delivered to them."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from hospital.models import Account, Organisation


class Feed(models.Model):
    """How far an organisation's feed is numbered, and up to which number it is forgotten."""

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, primary_key=True, related_name="feed"
    )
    last = models.PositiveBigIntegerField(default=0)
    forgotten = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="forgotten_was_numbered", condition=Q(forgotten__lte=F("last"))
            )
        ]


class Item(models.Model):
    """
    One organisation is told of one entry: that it was made, about what; nothing of its content.

    ``id`` is drawn by the transaction of the entry, while the row that it is about is locked, so it
    rises per subject. ``sequence`` is given after the commit (``numbering``), without a gap.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    sequence = models.PositiveBigIntegerField(null=True)
    subject = models.CharField(max_length=200)
    version = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    move = models.CharField(max_length=20)
    state = models.CharField(max_length=20)
    leaf = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "sequence"], name="fed_in_one_place"),
            models.UniqueConstraint(fields=["organisation", "subject", "version"], name="fed_once"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "id"],
                name="without_a_number",
                condition=Q(sequence__isnull=True),
            )
        ]


class Endpoint(models.Model):
    """
    Where an organisation's system takes webhooks.

    ``kinds`` are the kinds of entries that it wants, none: all. Up to ``reached`` the feed has
    become deliveries. ``generation`` names its signing key, which nobody stores (``signing_seeds``
    in ``sending``); the one before signs too until ``former_until``. Nothing is sent before
    ``rests_until``; ``failing_since`` is the first failure after the last success.
    """

    class State(models.TextChoices):
        ACTIVE = "active"
        DISABLED = "disabled"

    class Reason(models.TextChoices):
        """Why it is disabled: the receiver said 410, or nothing arrived for days."""

        NONE = ""
        GONE = "gone"
        FAILING = "failing"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="endpoints")
    url = models.CharField(max_length=300)
    kinds = ArrayField(models.CharField(max_length=40), default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    reason = models.CharField(max_length=8, choices=Reason.choices, blank=True)
    reached = models.PositiveBigIntegerField()
    generation = models.PositiveIntegerField(default=1)
    former_until = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True)
    registered_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="disabled_for_a_reason",
                condition=Q(state="active", reason="") | (Q(state="disabled") & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="a_former_key_has_a_former_generation",
                condition=Q(former_until__isnull=True) | Q(generation__gt=1),
            ),
        ]

    def wants(self, kind: str) -> bool:
        """Whether entries of this kind go to it."""
        return not self.kinds or kind in self.kinds


class Delivery(models.Model):
    """
    One item on its way to one endpoint; without an item, a test that somebody there asked for.

    ``due_at`` is when it is sent next. It is set for the first of a subject that has no outcome,
    and for no other: the database itself holds back what comes after it. ``tries`` counts takings,
    and tells who took it last from who comes too late.
    """

    class Outcome(models.TextChoices):
        NONE = ""
        ACKNOWLEDGED = "acknowledged"
        GIVEN_UP = "given_up"
        STOPPED = "stopped"

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    item = models.ForeignKey(Item, models.CASCADE, null=True, related_name="+")
    subject = models.CharField(max_length=200)
    sequence = models.PositiveBigIntegerField()
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    answered = models.PositiveSmallIntegerField(null=True, help_text="HTTP status, if any")
    fault = models.CharField(max_length=20, blank=True)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "item"], name="delivered_as_one"),
            models.UniqueConstraint(
                fields=["endpoint", "subject"],
                name="one_of_a_subject_under_way",
                condition=Q(due_at__isnull=False),
            ),
            models.CheckConstraint(
                name="not_due_after_its_outcome",
                condition=Q(due_at__isnull=True) | Q(outcome=""),
            ),
            models.CheckConstraint(
                name="acknowledged_by_an_answer",
                condition=~Q(outcome="acknowledged") | Q(answered__gte=200, answered__lt=300),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="to_be_delivered", condition=Q(due_at__isnull=False)
            ),
            models.Index(
                fields=["endpoint", "subject", "sequence"],
                name="waits_its_turn",
                condition=Q(outcome=""),
            ),
            models.Index(
                fields=["endpoint", "sequence"],
                name="not_delivered",
                condition=Q(outcome__in=["given_up", "stopped"]),
            ),
        ]
