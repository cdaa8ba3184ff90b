"""When a pharmacy is open, and who brings what it gives out: what the pharmacy says of itself."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hospital.models import Organisation
from pharmacy.hours import DAY_MIN, SUNDAY


class Opening(models.Model):
    """
    One interval in which a pharmacy is open each week, in minutes of the Asia/Shanghai day.

    ``weekday`` counts from Monday, 0. ``closes`` is exclusive, and above 1,440 where the interval
    ends on the following day. A day without an interval is a day off; a pharmacy without any has
    not said when it is open.
    """

    pharmacy = models.ForeignKey(
        Organisation, models.PROTECT, related_name="openings", db_index=False
    )
    weekday = models.PositiveSmallIntegerField()
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pharmacy", "weekday", "opens"], name="opens_once_at_a_time"
            ),
            models.CheckConstraint(
                name="opens_on_a_weekday", condition=Q(weekday__lte=SUNDAY, opens__lt=DAY_MIN)
            ),
            models.CheckConstraint(
                name="open_for_a_day_at_most",
                condition=Q(closes__gt=F("opens"), closes__lte=F("opens") + DAY_MIN),
            ),
        ]


class ClosedDay(models.Model):
    """An Asia/Shanghai day on which a pharmacy does not open, whatever the weekday."""

    pharmacy = models.ForeignKey(
        Organisation, models.PROTECT, related_name="closed_days", db_index=False
    )
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pharmacy", "day"], name="closed_once_on_a_day")
        ]


class Carriage(models.Model):
    """What a courier company asks for bringing something from a pharmacy up to so many metres."""

    pharmacy = models.ForeignKey(
        Organisation, models.PROTECT, related_name="carriages", db_index=False
    )
    courier = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    up_to_m = models.PositiveIntegerField()
    fee_fen = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField(help_text="expected, from the pharmacy to the door")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pharmacy", "courier", "up_to_m"], name="one_fee_for_a_distance"
            ),
            models.CheckConstraint(
                name="carried_some_way_in_some_time", condition=Q(up_to_m__gt=0, minutes__gt=0)
            ),
        ]
