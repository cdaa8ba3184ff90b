"""
Who pays which fen of a bill, of its lines, and of what is kept after a return; as rows, one for
each payer. That they add up to the total, deferred constraint triggers see to at every commit.

A share remembers by which figures it was reckoned (``limits``) and what had been used of the
policy's year before (``before``), so that a part or a return is reckoned by the same.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hospital.models import Account, Organisation
from insurance.policies.models import Policy
from insurance.policies.reckon import WHOLE_BP


class BillShare(models.Model):
    """
    What a payer pays of a bill; ``number``: when it is asked, from 1. A share may be nothing.

    ``opened_at`` is the bill's, so that a payer's bills are found in their order by one index.
    ``city``: where it is paid together with the patient's share, by one medical-insurance order at
    WeChat Pay; empty: by a claim.
    """

    bill = models.ForeignKey("insurance.Bill", models.PROTECT, related_name="shares")
    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, related_name="+")
    number = models.PositiveSmallIntegerField()
    fen = models.PositiveBigIntegerField()
    limits = models.JSONField()
    before = models.JSONField()
    opened_at = models.DateTimeField()
    city = models.CharField(max_length=6, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bill"], condition=~Q(city=""), name="one_payer_at_payment"
            ),
            models.UniqueConstraint(fields=["bill", "payer"], name="one_share_of_a_payer"),
            models.UniqueConstraint(fields=["bill", "number"], name="asked_one_after_the_other"),
        ]
        indexes = [models.Index(fields=["payer", "opened_at"], name="shares_of_payer")]


class LineShare(models.Model):
    """
    What a payer pays of a line: ``counts_bp`` of it counted, ``why`` not all. ``steps``: which rule
    took how many fen, ``[[rule, fen], …]``; they and ``fen`` are what the payer was asked about.

    ``counts_bp`` is None in bills that are older than rates on their lines.
    """

    line = models.ForeignKey("insurance.BillLine", models.CASCADE, related_name="shares")
    share = models.ForeignKey(BillShare, models.PROTECT, related_name="lines")
    counts_bp = models.PositiveSmallIntegerField(null=True)
    why = models.CharField(max_length=20)
    fen = models.PositiveBigIntegerField()
    steps = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "share"], name="one_share_of_a_line"),
            models.CheckConstraint(
                name="at_most_all_of_a_line_counts", condition=Q(counts_bp__lte=WHOLE_BP)
            ),
        ]


class ReckoningShare(models.Model):
    """What a share comes to after a return."""

    reckoning = models.ForeignKey("insurance.Reckoning", models.PROTECT, related_name="shares")
    share = models.ForeignKey(BillShare, models.PROTECT, related_name="+")
    fen = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reckoning", "share"], name="reckoned_once_a_share")
        ]


class PolicyUse(models.Model):
    """
    What a live bill uses of a policy's year: reserved with the checkout, given back when the bill
    is void, less after a part or a return. What is used so far is the sum of these rows.

    ``patient`` is the insured, ``day`` the legal day of the checkout.
    """

    share = models.OneToOneField(BillShare, models.PROTECT, related_name="use")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="uses")
    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    day = models.DateField()
    deductible_fen = models.PositiveBigIntegerField()
    counted_fen = models.PositiveBigIntegerField()
    paid_fen = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["policy", "day"], name="uses_of_policy")]
