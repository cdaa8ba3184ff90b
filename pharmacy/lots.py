"""
Stock by lot (批号): what came in, what lies there, and every unit's way in and out.

A ``Movement`` is the only way to change what lies on a shelf: when one is stored, the database adds
its quantity to its lot's ``on_hand`` and to its item's. Triggers refuse every other change of those
two, and every change of a movement. So Σ movements = ``Lot.on_hand`` and Σ lots =
``StockItem.on_hand``, whatever the code does; that none is negative says a check constraint.

A lot's number, expiry and medicine are bound by a salted commitment, by which entries of the ledger
name the lot: who reads the ledger alone does not learn from it what a patient was given.

Source: GSP for medicines (药品经营质量管理规范): receipts, storage and expiry by lot, unconfirmed.
"""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q, QuerySet

from hospital.models import Account
from ledger import commitments
from pharmacy import recalls
from prescriptions.models import Prescription

NUMBER_MAX = 40
REASON_MAX = 200
UNREGISTERED = "未登记批号"
"""The number of a lot that holds what lay there before lots were kept; it expires never."""
NEVER = date(9999, 12, 31)


class Lot(models.Model):
    """
    Units of one item with one number and one expiry; ``expires_on`` is the last day of use.

    ``on_hand`` is the sum of its movements, ``coded`` what of it lies in boxes whose codes were
    scanned (``pharmacy.boxes``). What is quarantined lies there and is not given out.
    What came back from a prescription (``back_from``) lies in a lot of its own, with the number and
    the expiry of the one that it left: another decision is made about it, and none about what the
    patient had (``by_patient``), which stays put aside for ever. ``recalled`` is asked with the row
    (``with_recalls``).
    """

    class State(models.TextChoices):
        OPEN = "open"
        QUARANTINED = "quarantined"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    item = models.ForeignKey("pharmacy.StockItem", models.PROTECT, related_name="lots")
    number = models.CharField(max_length=NUMBER_MAX)
    expires_on = models.DateField(help_text="the last day on which it may be used")
    on_hand = models.PositiveIntegerField(default=0, editable=False)
    coded = models.PositiveIntegerField(default=0, editable=False)
    state = models.CharField(max_length=11, choices=State.choices, default=State.OPEN)
    state_reason = models.CharField(max_length=REASON_MAX, blank=True)
    salt = models.BinaryField(max_length=commitments.SALT_SIZE)
    commitment = models.CharField(max_length=64, unique=True)
    back_from = models.ForeignKey(Prescription, models.PROTECT, null=True, related_name="+")
    by_patient = models.BooleanField(default=False, help_text="the patient has brought it back")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "number", "back_from"],
                name="a_lot_once_on_a_shelf",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="what_came_back_stays_aside",
                condition=Q(by_patient=False) | Q(back_from__isnull=False, state="quarantined"),
            ),
            models.CheckConstraint(name="a_lot_has_a_number", condition=~Q(number="")),
            models.CheckConstraint(
                name="quarantined_for_a_reason",
                condition=Q(state="open") | ~Q(state_reason=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["item", "expires_on"], condition=Q(on_hand__gt=0), name="expires_first"
            ),
            models.Index(fields=["number", "id"], name="lots_by_number"),
        ]

    @property
    def loose(self) -> int:
        """Units that lie there in no box whose code was scanned."""
        return self.on_hand - self.coded

    @property
    def recalled(self) -> bool:
        """Was it recalled when the row was read? Known of rows that ``with_recalls`` gave."""
        return bool(getattr(self, "called_back", False))

    def usable(self, day: date) -> bool:
        """May it be given out on this Asia/Shanghai day?"""
        return self.state == self.State.OPEN and day <= self.expires_on and not self.recalled


def usable_on(day: date) -> Q:
    """The same of rows: of lots that may be given out on this day."""
    recalled = recalls.of_lot("item__medicine_id", "number")
    return Q(state=Lot.State.OPEN, expires_on__gte=day) & ~Q(recalled)


def with_recalls(rows: QuerySet[Lot]) -> QuerySet[Lot]:
    """Lots, each with whether it is recalled."""
    return rows.annotate(called_back=recalls.of_lot("item__medicine_id", "number"))


def commitment(salt: bytes, pharmacy: str, medicine: str, number: str, expires_on: date) -> str:
    """What entries call a lot: 64 hex digits, which only who has the salt can open."""
    said = [pharmacy, medicine, number, expires_on.isoformat()]
    return commitments.digest(salt, "lot", said).hex()


class Movement(models.Model):
    """
    Units that came to a lot (above zero) or left it (below); never changed, never deleted.

    ``by`` is missing only where a lot was opened for what lay there before lots were kept. What was
    dispensed, or came back, names its prescription and the leaf hash of its entry, what was
    corrected its count, what was sent or arrived its consignment, what was destroyed its
    destruction. ``storage``: in which class goods travelled, as far as that was said.
    """

    class Kind(models.TextChoices):
        OPENED = "opened"
        RECEIVED = "received"
        DISPENSED = "dispensed"
        CORRECTED = "corrected"
        SENT = "sent"
        ARRIVED = "arrived"
        RETURNED = "returned"
        DESTROYED = "destroyed"

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    quantity = models.IntegerField()
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    prescription = models.ForeignKey(Prescription, models.PROTECT, null=True, related_name="+")
    entry = models.BinaryField(max_length=32, null=True)
    count = models.OneToOneField("pharmacy.Count", models.PROTECT, null=True, related_name="+")
    consignment = models.ForeignKey(
        "pharmacy.Consignment", models.PROTECT, null=True, related_name="movements"
    )
    destruction = models.OneToOneField(
        "pharmacy.Destruction", models.PROTECT, null=True, related_name="+"
    )
    storage = models.CharField(max_length=4, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="moves_as_its_kind_says",
                condition=Q(kind__in=["opened", "received", "arrived", "returned"], quantity__gt=0)
                | Q(kind__in=["dispensed", "sent", "destroyed"], quantity__lt=0)
                | (Q(kind="corrected") & ~Q(quantity=0)),
            ),
            models.CheckConstraint(
                name="dispensed_for_a_prescription",
                condition=Q(
                    kind__in=["dispensed", "returned"],
                    prescription__isnull=False,
                    entry__isnull=False,
                )
                | ~Q(kind__in=["dispensed", "returned"])
                & Q(prescription__isnull=True, entry__isnull=True),
            ),
            models.CheckConstraint(
                name="destroyed_by_a_destruction",
                condition=Q(kind="destroyed", destruction__isnull=False)
                | (~Q(kind="destroyed") & Q(destruction__isnull=True)),
            ),
            models.CheckConstraint(
                name="corrected_after_a_count",
                condition=Q(kind="corrected", count__isnull=False)
                | (~Q(kind="corrected") & Q(count__isnull=True)),
            ),
            models.CheckConstraint(
                name="sent_in_a_consignment",
                condition=Q(kind__in=["sent", "arrived"], consignment__isnull=False)
                | (~Q(kind__in=["sent", "arrived"]) & Q(consignment__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["consignment", "kind"],
                condition=Q(consignment__isnull=False),
                name="sent_once_and_arrived_once",
            ),
            models.CheckConstraint(
                name="moved_by_somebody", condition=Q(kind="opened") | Q(by__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["lot", "at"], name="moved_by_lot"),
            models.Index(
                fields=["lot", "id"],
                include=["prescription"],
                condition=Q(kind="dispensed"),
                name="received_of_a_lot",
            ),
        ]


class Placing(models.Model):
    """
    Somebody put a lot aside, or back; never changed, never deleted.

    The newest is the lot's state, and ``reason`` its reason.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="placings")
    state = models.CharField(max_length=11, choices=Lot.State.choices)
    reason = models.CharField(max_length=REASON_MAX)
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="put_for_a_reason", condition=~Q(reason="")),
        ]
        indexes = [models.Index(fields=["lot", "-at", "-id"], name="put_newest_first")]


class Count(models.Model):
    """
    Somebody counted a lot: ``units`` lay there, ``expected`` should have.

    A difference is corrected at once; of narcotics and psychotropics of class I when a second
    person has counted too (``confirmer``), until when it is waiting. A later count of the lot
    replaces one that waits. ``missing`` are the codes of boxes that are not there any more.
    """

    class State(models.TextChoices):
        SETTLED = "settled"
        WAITING = "waiting"
        REPLACED = "replaced"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="counts")
    units = models.PositiveIntegerField()
    expected = models.PositiveIntegerField()
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    missing = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices)
    two = models.BooleanField(help_text="a difference counts when a second person confirms it")
    counter = models.ForeignKey(Account, models.PROTECT, related_name="+")
    counter_person = models.ForeignKey("hospital.Person", models.PROTECT, related_name="+")
    counted_at = models.DateTimeField()
    confirmer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    confirmer_person = models.ForeignKey(
        "hospital.Person", models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lot"], condition=Q(state="waiting"), name="one_count_of_a_lot_waits"
            ),
            models.CheckConstraint(
                name="a_difference_has_a_reason",
                condition=Q(units=F("expected")) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="a_difference_of_narcotics_takes_two",
                condition=Q(two=False)
                | Q(units=F("expected"))
                | ~Q(state="settled")
                | (
                    Q(confirmer__isnull=False, confirmed_at__isnull=False)
                    & Q(confirmer_person__isnull=False)
                    & ~Q(confirmer_person=F("counter_person"))
                ),
            ),
        ]
        indexes = [models.Index(fields=["lot", "counted_at"], name="counted_by_lot")]

    @property
    def difference(self) -> int:
        """Units more (above zero) or fewer than there should be."""
        return self.units - self.expected
