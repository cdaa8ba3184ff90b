"""Coverage, bills, payments, claims, settlements. The sums are constraints of the database."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from hospital.models import Account, Organisation
from insurance.pending import ClaimLimit as ClaimLimit
from insurance.pending import Pending as Pending
from insurance.reversals import Clawback as Clawback
from insurance.reversals import Reckoning as Reckoning
from insurance.reversals import Reversal as Reversal
from insurance.transfers import Transfer as Transfer
from pharmacy.returns import Return
from prescriptions.models import Prescription


class Coverage(models.Model):
    """
    What one payer promises one patient.

    ``rates_bp`` maps an insurance class (甲, 乙, 丙) to the payer's share in basis points: of the
    price for the social fund, of what the fund leaves for a commercial insurer.
    """

    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    rates_bp = models.JSONField()
    ceiling_fen = models.PositiveBigIntegerField(null=True, help_text="per bill")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "payer"], name="covered_once_by_a_payer"),
            models.CheckConstraint(
                name="coverage_lasts", condition=Q(valid_until__gt=F("valid_from"))
            ),
        ]


class Bill(models.Model):
    """
    What one authorization costs and who pays which fen of it; once it was given out in part, what
    was given.

    The ceilings are of the promises by which it was split, None where there was none.
    """

    class State(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        VOID = "void"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="bills")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    fund = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    insurer = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    total_fen = models.PositiveBigIntegerField()
    fund_fen = models.PositiveBigIntegerField()
    insurer_fen = models.PositiveBigIntegerField()
    patient_fen = models.PositiveBigIntegerField()
    fund_ceiling_fen = models.PositiveBigIntegerField(null=True)
    insurer_ceiling_fen = models.PositiveBigIntegerField(null=True)
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="bill_payers_add_up",
                condition=Q(total_fen=F("fund_fen") + F("insurer_fen") + F("patient_fen")),
            ),
            models.CheckConstraint(
                name="who_pays_has_a_name",
                condition=(Q(fund_fen=0) | Q(fund__isnull=False))
                & (Q(insurer_fen=0) | Q(insurer__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["prescription"], condition=~Q(state="void"), name="one_live_bill"
            ),
        ]
        indexes = [
            models.Index(fields=["fund", "opened_at"], name="bills_of_fund"),
            models.Index(fields=["insurer", "opened_at"], name="bills_of_insurer"),
        ]


class BillLine(models.Model):
    """
    One line of a bill; ``line`` is the prescription's line number. It costs ``units`` times the
    price of one.

    ``fund_bp`` and ``insurer_bp``: the payers' rates for it, by which a part of the units is split
    anew; None in bills that are older than these columns.
    """

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="lines")
    line = models.CharField(max_length=3)
    units = models.PositiveIntegerField()
    insurance_class = models.CharField(max_length=1, blank=True)
    fund_bp = models.PositiveSmallIntegerField(null=True)
    insurer_bp = models.PositiveSmallIntegerField(null=True)
    total_fen = models.PositiveBigIntegerField()
    fund_fen = models.PositiveBigIntegerField()
    insurer_fen = models.PositiveBigIntegerField()
    patient_fen = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="line_payers_add_up",
                condition=Q(total_fen=F("fund_fen") + F("insurer_fen") + F("patient_fen")),
            ),
            models.UniqueConstraint(fields=["bill", "line"], name="billed_once"),
            models.CheckConstraint(name="bills_something", condition=Q(units__gt=0)),
            models.CheckConstraint(
                name="priced_by_the_unit",
                condition=Q(total_fen=F("units") * (F("total_fen") / F("units"))),
            ),
        ]


class Payment(models.Model):
    """
    The patient's share as an order at WeChat Pay. The row is written before WeChat is asked.

    ``payer`` is the guardian who pays for the patient; None: the patient.
    """

    class State(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        CLOSED = "closed"

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="payments")
    out_trade_no = models.CharField(max_length=32, unique=True)
    amount_fen = models.PositiveBigIntegerField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    prepay_id = models.CharField(max_length=64, blank=True)
    transaction_id = models.CharField(max_length=32, null=True, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    payer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="pays_something", condition=Q(amount_fen__gt=0)),
            models.UniqueConstraint(
                fields=["bill"], condition=Q(state="open"), name="one_open_payment"
            ),
            models.CheckConstraint(
                name="paid_has_a_transaction",
                condition=Q(state="paid", transaction_id__isnull=False)
                | (~Q(state="paid") & Q(transaction_id__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="open"), name="unanswered")
        ]


class Refund(models.Model):
    """
    Money owed back to the patient: of one payment once for each cause, or for each return, under
    one number for ever, and together no more than was paid, which a trigger sees to.

    ``VOID``: the bill counts no more, all of it goes back. ``PART``: only a part was given out.
    ``RETURN``: something was brought back (``returned``).

    A failed one has WeChat's word for it in ``outcome``: ``ABNORMAL``, the patient's account took
    no money; ``CLOSED``, WeChat gave it up. It waits for an operator (``actions.refunding``).
    """

    class State(models.TextChoices):
        DUE = "due"
        PROCESSING = "processing"
        DONE = "done"
        FAILED = "failed"

    class Cause(models.TextChoices):
        VOID = "void"
        PART = "part"
        RETURN = "return"

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    cause = models.CharField(max_length=6, choices=Cause.choices, default=Cause.VOID)
    returned = models.OneToOneField(Return, models.PROTECT, null=True, related_name="refund")
    out_refund_no = models.CharField(max_length=32, unique=True)
    amount_fen = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    refund_id = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_refund_fails_at_a_time_for_a_reason",
                condition=Q(state="failed", failed_at__isnull=False) & ~Q(outcome="")
                | ~Q(state="failed") & Q(failed_at__isnull=True, outcome=""),
            ),
            models.UniqueConstraint(
                fields=["payment", "cause"],
                condition=~Q(cause="return"),
                name="refunded_once_for_each_cause",
            ),
            models.CheckConstraint(
                name="a_refund_names_its_return",
                condition=Q(cause="return", returned__isnull=False)
                | (~Q(cause="return") & Q(returned__isnull=True)),
            ),
            models.CheckConstraint(name="refunds_something", condition=Q(amount_fen__gt=0)),
        ]
        indexes = [
            models.Index(fields=["failed_at"], name="failed_refunds", condition=Q(state="failed")),
            models.Index(
                F("asked_at").asc(nulls_first=True),
                "created_at",
                condition=Q(state__in=["due", "processing"]),
                name="owed_back",
            ),
        ]


class Settlement(models.Model):
    """One payment of a payer to a pharmacy for a batch of approved claims."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    total_fen = models.PositiveBigIntegerField()
    settled_at = models.DateTimeField()


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
            )
        ]

    @property
    def owed_fen(self) -> int:
        """What is, or was, to be paid for it."""
        return self.approved_fen - self.reversed_fen
