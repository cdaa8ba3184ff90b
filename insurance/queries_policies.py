"""What a payer has stated: products, editions, policies, in pages; nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from hospital import errors
from insurance.models import Edition, Insured, Policy, Product
from insurance.policies.covers import in_force


class NoProduct(errors.NotFound):
    """Your organisation has no product of this code."""

    code = "product.not_found"


@dataclass(frozen=True, slots=True)
class Offered:
    """A product, the number of its last edition, and that of the edition in force, if one is."""

    code: str
    name: str
    editions: int
    in_force: int | None


@dataclass(frozen=True, slots=True)
class Stated:
    """A policy, the code of its product, and how many people it insures."""

    number: str
    product: str
    rank: int
    valid_from: datetime
    valid_until: datetime
    insured: int


def products(payer: int, *, after: str, most: int, at: datetime) -> list[Offered]:
    """A payer's products by their codes, behind ``after``."""
    editions = Edition.objects.filter(product=OuterRef("pk")).order_by("-number").values("number")
    last, counts = Subquery(editions[:1]), Subquery(editions.filter(in_force(at))[:1])
    rows = Product.objects.filter(payer_id=payer, code__gt=after).order_by("code")
    return [Offered(*row) for row in rows.values_list("code", "name", last, counts)[:most]]


def product(payer: int, code: str) -> Product:
    """One of them. Raises ``NoProduct``."""
    found = Product.objects.filter(payer_id=payer, code=code).first()
    if found is None:
        raise NoProduct
    return found


def editions(product: Product, *, before: int | None, most: int) -> list[Edition]:
    """Its editions, the newest first; those with numbers below ``before``."""
    rows = product.editions.order_by("-number")
    return list((rows if before is None else rows.filter(number__lt=before))[:most])


def policies(payer: int, *, after: str, most: int) -> list[Stated]:
    """A payer's policies by their numbers, behind ``after``."""
    insured = Insured.objects.filter(policy=OuterRef("pk")).order_by().values("policy")
    people = Coalesce(Subquery(insured.values(people=Count("id"))), 0)
    rows = Policy.objects.filter(payer_id=payer, number__gt=after).order_by("number")
    columns = ("number", "product__code", "rank", "valid_from", "valid_until", people)
    return [Stated(*row) for row in rows.values_list(*columns)[:most]]
