"""Stock, reservations, scans, dispensings, deliveries, hours. No decisions here."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from hospital.models import Account, Address, Organisation
from pharmacy.boxes import (
    Box as Box,
)
from pharmacy.boxes import (
    BoxMove as BoxMove,
)
from pharmacy.boxes import (
    Collision as Collision,
)
from pharmacy.brought import (
    OfflineSlip as OfflineSlip,
)
from pharmacy.codemodels import (
    Printed as Printed,
)
from pharmacy.codemodels import (
    PrintedCode as PrintedCode,
)
from pharmacy.codemodels import (
    ScanRefusals as ScanRefusals,
)
from pharmacy.codes import (
    MOST,
)
from pharmacy.consignments import (
    Consignment as Consignment,
)
from pharmacy.lots import Count as Count
from pharmacy.lots import Lot as Lot
from pharmacy.lots import Movement as Movement
from pharmacy.lots import Placing as Placing
from pharmacy.parcels import (
    Attempt as Attempt,
)
from pharmacy.parcels import (
    CourierNews as CourierNews,
)
from pharmacy.parcels import (
    CourierOrder as CourierOrder,
)
from pharmacy.recalls import Collected as Collected
from pharmacy.recalls import Recall as Recall
from pharmacy.returns import Destruction as Destruction
from pharmacy.returns import Return as Return
from pharmacy.serving import (
    Carriage as Carriage,
)
from pharmacy.serving import (
    ClosedDay as ClosedDay,
)
from pharmacy.serving import (
    Opening as Opening,
)
from pharmacy.substitutions import (
    Substitution as Substitution,
)
from prescriptions.models import Medicine, Prescription


class StockItem(models.Model):
    """
    What a pharmacy has of one medicine, in dispensing units, and what it asks for one.

    ``on_hand`` is the sum of its lots; only a ``Movement`` changes it. ``storage``: how it
    is kept, in the pharmacopoeia's words (常温 10 to 30 °C, 阴凉 up to 20 °C, 冷处 2 to 10 °C,
    unconfirmed).
    """

    class Storage(models.TextChoices):
        ROOM = "room"
        COOL = "cool"
        COLD = "cold"

    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    medicine = models.ForeignKey(Medicine, models.PROTECT, related_name="+")
    price_fen = models.PositiveIntegerField()
    on_hand = models.PositiveIntegerField(default=0, editable=False)
    reserved = models.PositiveIntegerField(default=0)
    storage = models.CharField(max_length=4, choices=Storage.choices, default=Storage.ROOM)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pharmacy", "medicine"], name="stocked_once"),
            models.CheckConstraint(
                name="reserved_at_most_on_hand", condition=Q(reserved__lte=F("on_hand"))
            ),
        ]


class Reservation(models.Model):
    """
    Units of an item kept for one prescription until it is dispensed or closed.

    ``lines`` says for which of its lines, line number to units: they add up to ``quantity``.
    """

    class State(models.TextChoices):
        HELD = "held"
        TAKEN = "taken"
        RELEASED = "released"

    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="reservations")
    item = models.ForeignKey(StockItem, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    lines = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.HELD)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prescription", "item"], condition=Q(state="held"), name="held_once"
            ),
            models.CheckConstraint(name="reserves_something", condition=Q(quantity__gt=0)),
        ]
        indexes = [
            models.Index(fields=["prescription"], condition=Q(state="held"), name="held_by"),
        ]


class Scan(models.Model):
    """
    A prescription of a patient's code that a pharmacist scanned: the key to its content.

    A code that names several makes as many scans, numbered as it names them. Each code has a
    first, so none is used twice, whatever else it names.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    nonce = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField(default=1, help_text="its place in the code")
    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="scans")
    pharmacist = models.ForeignKey(Account, models.PROTECT, related_name="+")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    printed = models.ForeignKey(PrintedCode, models.PROTECT, null=True, related_name="scans")
    scanned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="the patient took the authorization back")
    checked_lots = models.JSONField(null=True, help_text="what the second pharmacist has checked")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["nonce", "number"], name="a_code_is_used_once"),
            models.CheckConstraint(
                name="a_code_names_so_many", condition=Q(number__gte=1, number__lte=MOST)
            ),
        ]


class Dispensing(models.Model):
    """What was given out for a prescription; ``lines`` maps line number to units."""

    prescription = models.OneToOneField(Prescription, models.PROTECT, related_name="dispensing")
    scan = models.OneToOneField(Scan, models.PROTECT)
    pharmacist = models.ForeignKey(Account, models.PROTECT, related_name="+")
    lines = models.JSONField()
    dispensed_at = models.DateTimeField()


class Delivery(models.Model):
    """Where the medicines go, and how often somebody tried a wrong hand-over code."""

    prescription = models.OneToOneField(Prescription, models.PROTECT, related_name="delivery")
    address = models.ForeignKey(Address, models.PROTECT, null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    shipped_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
