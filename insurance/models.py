"""Bills, payments, claims, settlements. The sums are constraints of the database."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from hospital.models import Account, Organisation
from hospital.roles import OrganisationKind
from insurance.payments import Payment as Payment
from insurance.payments import Refund as Refund
from insurance.pending import ClaimLimit as ClaimLimit
from insurance.pending import Pending as Pending
from insurance.policies.models import Edition as Edition
from insurance.policies.models import Insured as Insured
from insurance.policies.models import Policy as Policy
from insurance.policies.models import Product as Product
from insurance.policies.shares import BillShare as BillShare
from insurance.policies.shares import LineShare as LineShare
from insurance.policies.shares import PolicyUse as PolicyUse
from insurance.policies.shares import ReckoningShare as ReckoningShare
from insurance.reversals import Clawback as Clawback
from insurance.reversals import Reckoning as Reckoning
from insurance.reversals import Reversal as Reversal
from insurance.settlements import Batch as Batch
from insurance.settlements import Remittance as Remittance
from insurance.settlements import Settlement as Settlement
from insurance.settlements import Terms as Terms
from insurance.transfers import Transfer as Transfer
from prescriptions.models import Prescription

SOCIAL_FUND = OrganisationKind.SOCIAL_FUND


class Bill(models.Model):
    """
    What one authorization costs; once it was given out in part, what was given.

    Who pays which fen of it are its ``shares``; the patient carries the rest.
    """

    class State(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        VOID = "void"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="bills")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    total_fen = models.PositiveBigIntegerField()
    patient_fen = models.PositiveBigIntegerField()
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prescription"], condition=~Q(state="void"), name="one_live_bill"
            ),
            models.CheckConstraint(
                name="patient_pays_at_most_all", condition=Q(patient_fen__lte=F("total_fen"))
            ),
        ]

    @property
    def in_order(self) -> list[BillShare]:
        """The shares in the order of their payers."""
        return sorted(self.shares.all(), key=lambda share: share.number)

    @property
    def fens(self) -> list[int]:
        """What each payer pays, in their order."""
        return [share.fen for share in self.in_order]

    @property
    def fund_fen(self) -> int:
        """What social funds pay."""
        return sum(one.fen for one in self.in_order if one.payer.kind == SOCIAL_FUND)

    @property
    def insurer_fen(self) -> int:
        """What commercial insurers pay, all together."""
        return sum(one.fen for one in self.in_order if one.payer.kind != SOCIAL_FUND)

    @property
    def at_payment(self) -> BillShare | None:
        """The share that is paid with the patient's, be it nothing; None: there is none."""
        return next((one for one in self.in_order if one.city), None)


class BillLine(models.Model):
    """
    One line of a bill; ``line`` is the prescription's line number. It costs ``units`` times the
    price of one.
    """

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="lines")
    line = models.CharField(max_length=3)
    units = models.PositiveIntegerField()
    total_fen = models.PositiveBigIntegerField()
    patient_fen = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill", "line"], name="billed_once"),
            models.CheckConstraint(name="bills_something", condition=Q(units__gt=0)),
            models.CheckConstraint(
                name="priced_by_the_unit",
                condition=Q(total_fen=F("units") * (F("total_fen") / F("units"))),
            ),
        ]


class Claim(models.Model):
    """
    A payer's signed decision on its share of a bill; paid once, less what it has reversed.

    ``rest_fen`` is still to be decided on, after an appeal or as it was reopened. What is approved
    of it when the first was paid is a row of its own, the second ``number``.
    """

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="claims")
    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    claimed_fen = models.PositiveBigIntegerField()
    approved_fen = models.PositiveBigIntegerField()
    decision = models.CharField(max_length=8)
    reason = models.CharField(max_length=24)
    decided_at = models.DateTimeField()
    settlement = models.ForeignKey(Settlement, models.PROTECT, null=True, related_name="claims")
    reversed_fen = models.PositiveBigIntegerField(default=0)
    at_once = models.BooleanField(default=True, help_text="due without waiting for a batch")
    number = models.PositiveSmallIntegerField(default=1)
    rest_fen = models.PositiveBigIntegerField(default=0)
    decided_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bill", "payer", "number"], name="decided_once_by_a_payer"
            ),
            models.CheckConstraint(
                name="the_rest_was_claimed",
                condition=Q(rest_fen__lte=F("claimed_fen") - F("approved_fen")),
            ),
            models.CheckConstraint(
                name="approved_at_most_claimed",
                condition=Q(approved_fen__lte=F("claimed_fen")),
            ),
            models.CheckConstraint(
                name="only_approved_is_settled",
                condition=Q(settlement__isnull=True) | Q(approved_fen__gt=F("reversed_fen")),
            ),
            models.CheckConstraint(
                name="reversed_at_most_approved",
                condition=Q(reversed_fen__lte=F("approved_fen")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["payer", "id"], condition=Q(settlement__isnull=True), name="unsettled"
            ),
            models.Index(
                fields=["payer", "id"],
                condition=Q(settlement__isnull=True, at_once=True),
                name="due_at_once",
            ),
        ]

    @property
    def owed_fen(self) -> int:
        """What is, or was, to be paid for it."""
        return self.approved_fen - self.reversed_fen
