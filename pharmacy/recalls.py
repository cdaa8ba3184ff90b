"""
Recalls: a regulator calls back a lot, or all lots, of a medicine. As stored.

A recall is a row that every way out of a shelf reads, and no lot is touched by it: with half a
million pharmacies it writes one row. That nothing leaves a shelf after it says the database. Who
stores a movement out of a lot, or into one, holds a lock on its medicine that any number of them
share (``hold``); who stores a recall holds it alone. So a movement was committed before the recall
was, or finds it. Triggers do both, whatever the code does (migration 0007).

Source: 药品召回管理办法 (2022): grades and times of notification; from memory, unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q

from hospital.models import Account, Organisation
from prescriptions.models import Medicine

NUMBER_MAX = 40
LOCKS: Final = 0x7EC
"""The first of the two numbers of an advisory lock; the second is made of the medicine's code."""
DAYS: Final = {1: 1, 2: 3, 3: 7}
"""Grade → days within which everybody is told. Grade I may cause grave harm (一级召回)."""


class Grade(models.IntegerChoices):
    """By the harm that it may cause."""

    ONE = 1
    TWO = 2
    THREE = 3

    @property
    def within(self) -> timedelta:
        """How long telling may take."""
        return timedelta(days=DAYS[self.value])


class Reason(models.TextChoices):
    """Why it is recalled."""

    QUALITY = "quality"
    CONTAMINATION = "contamination"
    LABELLING = "labelling"
    SAFETY = "safety"
    OTHER = "other"


class LiftReason(models.TextChoices):
    """Why it ends."""

    FINISHED = "finished"
    CORRECTED = "corrected"
    UNFOUNDED = "unfounded"


class Recall(models.Model):
    """
    A medicine's lot of this ``number``, in whatever pharmacy; an empty number means all its lots.

    ``lot`` and ``movement`` are how far telling has come, in the order of the lots' ids and of the
    movements in each; ``told`` is how many patients were told so far, ``told_at`` when all were.
    """

    class State(models.TextChoices):
        IN_FORCE = "in_force"
        LIFTED = "lifted"

    id = models.UUIDField(primary_key=True, editable=False)
    medicine = models.ForeignKey(Medicine, models.PROTECT, related_name="+")
    number = models.CharField(max_length=NUMBER_MAX, blank=True)
    grade = models.PositiveSmallIntegerField(choices=Grade.choices)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.IN_FORCE)
    authority = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    notify_by = models.DateTimeField()
    lift_reason = models.CharField(max_length=16, choices=LiftReason.choices, blank=True)
    lifted_at = models.DateTimeField(null=True)
    lot = models.UUIDField(null=True)
    movement = models.BigIntegerField(default=0)
    told = models.PositiveBigIntegerField(default=0)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["medicine", "number"], condition=Q(state="in_force"), name="recalled_once"
            ),
            models.CheckConstraint(name="recalled_in_a_grade", condition=Q(grade__in=Grade.values)),
            models.CheckConstraint(
                name="lifted_for_a_reason",
                condition=Q(state="in_force", lifted_at__isnull=True, lift_reason="")
                | Q(state="lifted", lifted_at__isnull=False) & ~Q(lift_reason=""),
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="recalls_newest_first"),
            models.Index(
                fields=["created_at"],
                condition=Q(state="in_force", told_at__isnull=True),
                name="recalls_to_tell",
            ),
        ]

    @property
    def subject(self) -> str:
        """What the ledger calls it."""
        return f"recall/{self.id.hex}"


class Collected(models.Model):
    """A pharmacy has put aside what it had of a recall: so many units, by whom, when."""

    recall = models.ForeignKey(Recall, models.PROTECT, related_name="collected")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    units = models.PositiveIntegerField(help_text="what lies there, put aside")
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recall", "pharmacy"], name="collected_once"),
        ]


def of_lot(medicine: str, number: str) -> Exists:
    """Is a lot recalled? Of rows: where they hold its medicine and its number. One look-up."""
    in_force = Recall.objects.filter(state=Recall.State.IN_FORCE, medicine_id=OuterRef(medicine))
    return Exists(in_force.filter(Q(number="") | Q(number=OuterRef(number))))


def hold(medicines: Iterable[str]) -> None:
    """
    Keep these medicines from being recalled until the caller's transaction ends.

    Called after the items' rows are locked and before their lots are read: whoever was first has
    committed by then. In the order of their codes, so two baskets never wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [LOCKS, sorted(set(medicines))])


def hold_alone(medicine: str) -> None:
    """Wait until nobody moves this medicine, and let nobody; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD_ALONE, [LOCKS, medicine])


_HOLD_ALONE = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
_HOLD = """
    SELECT pg_advisory_xact_lock_shared(%s, hashtext(code)) FROM (
        SELECT unnest(%s::text[]) AS code OFFSET 0
    ) AS sorted
"""
