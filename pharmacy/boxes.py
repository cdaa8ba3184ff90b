"""
Boxes by their traceability code (药品追溯码): one row for each code, which stands on one box in the
country and may be used once.

A ``BoxMove`` is the only way to change what lies in a box: when one is stored, the database adds
its quantity to the box's ``on_hand`` and to its lot's ``coded``, and takes the box to that lot.
Triggers refuse every other change. So Σ moves = ``Box.on_hand`` and Σ boxes = ``Lot.coded``, and
when a transaction ends no lot holds more in coded boxes than lies there at all.

A code is no personal data by itself, but who knows the trade reads the medicine from it. So entries
call a box by a salted commitment, as they do lots.

Source: NMPAB/T 1002-2019 (药品追溯码编码要求): 20 characters, of which the first 7 name the
product, or a code of ISO's; from a trade page, unconfirmed, and so nothing is read out of the
digits. Used once: what the NHSA says of sales that are scanned (Xinhua, 2025-07-01).
"""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from hospital.models import Account, Organisation
from ledger import commitments

CODE_SIZE = 20
CODE = r"^[0-9]{20}$"
is_code = RegexValidator(rf"{CODE[:-1]}\Z", "A traceability code has 20 digits.")


class Box(models.Model):
    """
    A box with a code: ``holds`` dispensing units when it was sealed, ``on_hand`` of them now.

    ``on_hand`` is the sum of its moves. The row stays when the box is empty, so no other box can
    have its code, at whatever pharmacy. ``consignment``: it is on its way to another pharmacy.
    """

    class State(models.TextChoices):
        SEALED = "sealed"
        OPENED = "opened"
        EMPTY = "empty"
        SENT = "sent"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=CODE_SIZE, unique=True, validators=[is_code])
    lot = models.ForeignKey("pharmacy.Lot", models.PROTECT, related_name="boxes")
    holds = models.PositiveIntegerField()
    on_hand = models.PositiveIntegerField(default=0, editable=False)
    consignment = models.ForeignKey(
        "pharmacy.Consignment", models.PROTECT, null=True, related_name="boxes"
    )
    salt = models.BinaryField(max_length=commitments.SALT_SIZE)
    commitment = models.CharField(max_length=64, unique=True)
    scanned_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    scanned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_code_has_20_digits", condition=Q(code__regex=CODE)),
            models.CheckConstraint(name="a_box_holds_something", condition=Q(holds__gt=0)),
            models.CheckConstraint(name="no_box_overflows", condition=Q(on_hand__lte=F("holds"))),
            models.CheckConstraint(
                name="nothing_is_taken_on_the_way", condition=Q(consignment=None) | Q(on_hand=0)
            ),
        ]
        indexes = [models.Index(fields=["lot", "id"], name="boxes_of_a_lot")]

    @property
    def state(self) -> Box.State:
        if self.consignment_id is not None:
            return self.State.SENT
        if self.on_hand == 0:
            return self.State.EMPTY
        return self.State.SEALED if self.on_hand == self.holds else self.State.OPENED


def commitment(salt: bytes, code: str) -> str:
    """What entries call a box: 64 hex digits, which only who has the salt can open."""
    return commitments.digest(salt, "box", code).hex()


class BoxMove(models.Model):
    """
    Units that came to a box (above zero) or left it (below); never changed, never deleted.

    What came with no ``movement`` is a box that was scanned in: its units lay in the lot already.
    """

    box = models.ForeignKey(Box, models.PROTECT, related_name="moves")
    lot = models.ForeignKey("pharmacy.Lot", models.PROTECT, related_name="+")
    quantity = models.IntegerField()
    movement = models.ForeignKey(
        "pharmacy.Movement", models.PROTECT, null=True, related_name="box_moves"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["box"], condition=Q(movement=None), name="a_code_is_scanned_in_once"
            ),
            models.UniqueConstraint(fields=["movement", "box"], name="a_box_moves_once_at_a_time"),
            models.CheckConstraint(
                name="a_box_moves_by_something",
                condition=(Q(movement=None) & Q(quantity__gt=0))
                | (Q(movement__isnull=False) & ~Q(quantity=0)),
            ),
        ]


class Collision(models.Model):
    """
    A pharmacy brought a code that another has, or that was given out before: the first time.

    One of the two boxes is false, or came back from a patient (回流药); for the regulator.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    box = models.ForeignKey(Box, models.PROTECT, related_name="collisions")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["box", "pharmacy"], name="collided_once_at_a_pharmacy")
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="collided_newest_first")]
