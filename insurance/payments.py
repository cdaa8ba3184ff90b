"""What is paid through WeChat, by the patient and a fund, and what of it goes back; as rows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hospital.models import Account
from pharmacy.returns import Return


class Payment(models.Model):
    """
    The patient's share as an order at WeChat Pay. The row is written before WeChat is asked.

    With a ``city`` it is a medical-insurance order, by which a fund pays ``insured_fen`` besides:
    paid when both have paid. ``fund_refused``: the patient's part came, the fund's did not, so the
    former is owed back.

    ``payer`` is the guardian who pays for the patient; None: the patient. ``paid_at`` is WeChat
    Pay's moment of it, by which it stands in a day's bill; None too where it is not known.
    """

    class State(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        CLOSED = "closed"

    bill = models.ForeignKey("insurance.Bill", models.PROTECT, related_name="payments")
    out_trade_no = models.CharField(max_length=32, unique=True)
    amount_fen = models.PositiveBigIntegerField()
    insured_fen = models.PositiveBigIntegerField(default=0)
    city = models.CharField(max_length=6, blank=True, default="")
    mix_trade_no = models.CharField(max_length=32, null=True, unique=True)
    fund_refused = models.BooleanField(default=False)
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    prepay_id = models.CharField(max_length=64, blank=True)
    transaction_id = models.CharField(max_length=32, null=True, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    payer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="paid_at_if_paid", condition=Q(paid_at__isnull=True) | Q(state="paid")
            ),
            models.CheckConstraint(
                name="pays_something", condition=Q(amount_fen__gt=0) | Q(insured_fen__gt=0)
            ),
            models.CheckConstraint(
                name="a_fund_pays_in_its_city",
                condition=~Q(city="") | Q(insured_fen=0, mix_trade_no__isnull=True),
            ),
            models.CheckConstraint(
                name="the_fund_refuses_what_it_was_to_pay",
                condition=Q(fund_refused=False)
                | Q(state="paid", insured_fen__gt=0, amount_fen__gt=0),
            ),
            models.UniqueConstraint(
                fields=["bill"], condition=Q(state="open"), name="one_open_payment"
            ),
            models.CheckConstraint(
                name="paid_has_a_transaction",
                condition=Q(state="paid", transaction_id__isnull=False, amount_fen__gt=0)
                | Q(state="paid", transaction_id__isnull=True, amount_fen=0)
                | (~Q(state="paid") & Q(transaction_id__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="open"), name="unanswered"),
            models.Index(fields=["paid_at"], condition=Q(state="paid"), name="paid_on_a_day"),
        ]


class Refund(models.Model):
    """
    Money owed back to the patient: of one payment once for each cause, or for each return, under
    one number for ever, and together no more than was paid, which a trigger sees to.

    ``VOID``: the bill counts no more, all of it goes back. ``PART``: only a part was given out.
    ``RETURN``: something was brought back (``returned``).

    Of what a fund has paid with the patient ``insured_fen`` go back to it, under the same number;
    ``told_at``: when WeChat Pay was told so.

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
    insured_fen = models.PositiveBigIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    refund_id = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="done_at_if_done", condition=Q(done_at__isnull=True) | Q(state="done")
            ),
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
            models.CheckConstraint(
                name="refunds_something", condition=Q(amount_fen__gt=0) | Q(insured_fen__gt=0)
            ),
            models.CheckConstraint(
                name="the_fund_has_its_part_first",
                condition=Q(state="due") | Q(insured_fen=0) | Q(told_at__isnull=False),
            ),
            models.CheckConstraint(
                name="told_of_something",
                condition=Q(told_at__isnull=True) | Q(insured_fen__gt=0),
            ),
        ]
        indexes = [
            models.Index(fields=["failed_at"], name="failed_refunds", condition=Q(state="failed")),
            models.Index(fields=["done_at"], name="done_on_a_day", condition=Q(state="done")),
            models.Index(
                F("asked_at").asc(nulls_first=True),
                "created_at",
                condition=Q(state__in=["due", "processing"]),
                name="owed_back",
            ),
        ]
