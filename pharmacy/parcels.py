"""
A parcel's way with a courier company: what it was ordered to do, what it tells, what has failed.

What the company tells is news and changes no prescription: that takes a signature. An ``Attempt``
is an entry of the ledger, signed by the courier.
"""

from __future__ import annotations

import re
from typing import Final

from django.db import models
from django.db.models import Q

from hospital.models import Account
from prescriptions.models import Prescription

NUMBER_MAX: Final = 32
NUMBER: Final = re.compile(r"[0-9A-Za-z]{1,32}")
ATTEMPTS: Final = 2
"""So often a parcel is brought; then it goes back."""


class Said(models.TextChoices):
    """Why a parcel was not handed over, as entries say it, which tell nothing of what is in it."""

    NOBODY_HOME = "nobody_home"
    WRONG_ADDRESS = "wrong_address"
    REFUSED = "refused"
    UNFIT = "unfit"


class Reason(models.TextChoices):
    """The same, as the courier tells it."""

    NOBODY_HOME = "nobody_home"
    WRONG_ADDRESS = "wrong_address"
    REFUSED = "refused"
    DAMAGED = "damaged"
    COLD_CHAIN = "cold_chain"


FINAL: Final = (Reason.REFUSED, Reason.DAMAGED, Reason.COLD_CHAIN)
"""Reasons for which nobody tries again."""
_UNFIT: Final = (Reason.DAMAGED, Reason.COLD_CHAIN)


def said(reason: str) -> str:
    """In the entry: which parcels are kept cold would tell of what is in them."""
    return Said.UNFIT.value if reason in _UNFIT else Said(reason).value


class Attempt(models.Model):
    """A courier stood before a door in vain."""

    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=13, choices=Reason.choices)
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prescription", "number"], name="attempted_once"),
            models.CheckConstraint(
                name="attempted_twice_at_most", condition=Q(number__gte=1, number__lte=ATTEMPTS)
            ),
        ]


class State(models.TextChoices):
    """Where an order is, as far as the company has told; ``DUE``: it does not know of it yet."""

    DUE = "due"
    PLACED = "placed"
    ASSIGNED = "assigned"
    PICKED_UP = "picked_up"
    MOVING = "moving"
    FAILED = "failed"
    RETURNING = "returning"
    RETURNED = "returned"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


TOLD: Final = tuple(State)[2:]
"""What a company tells of."""
OVER: Final = (State.RETURNED, State.DELIVERED, State.CANCELLED)
NOT_FETCHED: Final = (State.PLACED, State.ASSIGNED)


class CourierOrder(models.Model):
    """
    What a courier company is asked to fetch and bring; it is told no name, address or content.

    ``number`` is the parcel's, the same however often it is asked. ``news``: the number of the
    newest that the company told, of which ``state`` is; ``asked_at``: when it was asked last.
    """

    prescription = models.OneToOneField(Prescription, models.PROTECT, related_name="courier_order")
    number = models.CharField(max_length=NUMBER_MAX, unique=True)
    cold = models.BooleanField(help_text="it is kept between 2 and 8 °C on its way")
    state = models.CharField(max_length=9, choices=State.choices, default=State.DUE)
    news = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="state_by_news",
                condition=Q(state__in=["due", "placed", "cancelled"]) | Q(news__gt=0),
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=~Q(state__in=["returned", "delivered", "cancelled"]),
                name="courier_not_over",
            )
        ]


class CourierNews(models.Model):
    """What the company told of an order, each once by its number; late ones are kept too."""

    order = models.ForeignKey(CourierOrder, models.PROTECT, related_name="told")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State.choices)
    happened_at = models.DateTimeField()
    heard_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="told_once_by_the_company"),
            models.CheckConstraint(
                name="told_by_the_company",
                condition=Q(number__gt=0) & ~Q(state__in=["due", "placed"]),
            ),
        ]
