"""
What the board keeps: figures rolled up from the logs' entries, tallies for its rules, and alarms.

All of it is made from entries of the public log, with the names that persons have there; the
figures and tallies are forgotten, and could be counted again.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from hospital.models import Account


class Rolled(models.Model):
    """How far the logs are counted: a position (``ledger.tailing``), in one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    position = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(name="one_position", condition=Q(id=1))]


class Cell(models.Model):
    """
    What happened in ``span_s`` seconds from ``begins`` on, at one organisation; at all: "".

    ``what`` is a kind of entry, or a stage between two of them (``figures.STAGES``), which has
    ``waits``: how many took how long. ``people`` are the patients' tags, no more than it takes to
    know that there are enough of them to show the number.
    """

    span_s = models.PositiveIntegerField()
    begins = models.DateTimeField()
    organisation = models.CharField(max_length=40, blank=True)
    what = models.CharField(max_length=60)
    number = models.PositiveBigIntegerField()
    people = ArrayField(models.CharField(max_length=64), default=list)
    waits = ArrayField(models.PositiveBigIntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "span_s", "begins", "what"], name="counted_in_one_cell"
            )
        ]
        indexes = [models.Index(fields=["span_s", "begins"], name="cells_by_age")]


class Rule(models.TextChoices):
    """What a person should look at; ``rules`` says from when on, and why."""

    DOCTOR_OUTLIER = "doctor_outlier"
    MANY_PHARMACIES = "many_pharmacies"
    EARLY_REFILL = "early_refill"
    OUT_OF_HOURS = "out_of_hours"
    REFUSED_ACCESS = "refused_access"
    CHECKPOINT_LATE = "checkpoint_late"
    WITNESS_DOWN = "witness_down"
    COSIGNATURE_MISSING = "cosignature_missing"


class Tally(models.Model):
    """
    How often somebody did on a legal day what a rule counts; ``among`` is whom it is compared with,
    or where it was done.
    """

    rule = models.CharField(max_length=20, choices=Rule.choices)
    who = models.CharField(max_length=200)
    day = models.DateField()
    among = models.CharField(max_length=40)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "who", "day", "among"], name="tallied_once")
        ]
        indexes = [
            models.Index(fields=["rule", "among", "day"], name="tallies_of_peers"),
            models.Index(fields=["day"], name="tallies_by_age"),
        ]


class Alarm(models.Model):
    """
    A rule that somebody or something met, from ``created_at`` until ``closed_at``.

    ``who`` is a key's name, a patient's tag, an organisation or a log, as the public log has them.
    ``number`` is what was counted last, ``threshold`` from how many on it is an alarm.
    """

    class Reason(models.TextChoices):
        """Why a regulator needs to see it no more; words would name persons."""

        EXPLAINED = "explained"
        REPORTED = "reported"
        INQUIRY = "inquiry"
        FALSE_ALARM = "false_alarm"
        REPAIRED = "repaired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rule = models.CharField(max_length=20, choices=Rule.choices)
    who = models.CharField(max_length=200)
    organisation = models.CharField(max_length=40, blank=True)
    number = models.PositiveBigIntegerField()
    threshold = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=12, choices=Reason.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "who"],
                name="one_open_alarm",
                condition=Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="acknowledged_by_somebody_for_a_reason",
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True, reason="")
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False) & ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="an_alarm_is_an_alarm", condition=Q(number__gte=F("threshold"))
            ),
        ]
        indexes = [
            models.Index(
                fields=["-created_at", "-id"],
                name="open_alarms",
                condition=Q(closed_at__isnull=True),
            ),
            models.Index(
                fields=["-created_at", "-id"],
                name="closed_alarms",
                condition=Q(closed_at__isnull=False),
            ),
        ]
