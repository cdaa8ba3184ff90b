"""
Products of payers, policies of them, and who is insured by a policy.

A product is sold in editions, each with its terms (``policies.terms``); the one with the highest
number of those in force counts. Terms are never changed: a change is another edition, which a
trigger sees to. Whoever must not change the terms of running policies sells another product.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from hospital.models import Account, Organisation


class Product(models.Model):
    """What a payer sells or owes, under a code of its own."""

    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payer", "code"], name="one_product_of_a_code")
        ]


class Edition(models.Model):
    """The terms of a product, in force from ``valid_from`` until ``valid_until``, or for ever."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="editions")
    number = models.PositiveSmallIntegerField()
    terms = models.JSONField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="edited_once"),
            models.CheckConstraint(
                name="edition_lasts",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
        ]


class Policy(models.Model):
    """
    A policy, of one person or of a family that shares its family's ceiling and deductible.

    ``number`` is the payer's own. ``rank``: of several commercial payers the lower one is asked
    first; the social fund always comes before them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    number = models.CharField(max_length=40)
    product = models.ForeignKey(Product, models.PROTECT, related_name="policies")
    rank = models.PositiveSmallIntegerField(default=100)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payer", "number"], name="one_policy_of_a_number"),
            models.CheckConstraint(
                name="policy_lasts", condition=Q(valid_until__gt=F("valid_from"))
            ),
        ]


class Insured(models.Model):
    """A person insured by a policy ``since`` then: from there waiting periods are counted."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="insured")
    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "patient"], name="insured_once_by_a_policy")
        ]
