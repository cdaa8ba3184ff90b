"""
A payer's statement of claims: what it had to do with in a period, bill by bill, and sums.

A bill is *received* when it was opened, and stands in one place of one period for ever. Nothing
here writes; a page costs what the page holds, the sums what the period holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from hospital import paging
from insurance.models import Bill, Claim
from prescriptions.models import Status

EVERYWHERE: Final = Q()
DECIDABLE = (Status.DELIVERED, Status.CLAIMED, Status.TAKEN_BACK)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` until ``until``, exclusive."""

    since: datetime
    until: datetime


def page(
    payer: int, period: Period, wanted: paging.Wanted
) -> tuple[list[Any], paging.Cursor | None]:
    """
    The bills of a period of which the payer has a share, oldest first, with its claims as ``mine``.
    """
    rows = _bills(payer, period).select_related("pharmacy", "prescription")
    rows = rows.prefetch_related("shares__payer", "reckonings__shares")
    found: list[Any]
    found, following = paging.oldest_first(rows.annotate(created_at=F("shares__opened_at")), wanted)
    claims = Claim.objects.filter(payer_id=payer, bill__in=found).order_by("number")
    mine: dict[UUID, list[Claim]] = {bill.id: [] for bill in found}
    for one in claims.select_related("settlement__remittance"):
        mine[one.bill_id].append(one)
    for bill in found:
        bill.mine = mine[bill.id]
    return found, following


def sums(payer: int, period: Period) -> dict[str, int]:
    """
    How many of them there are in each stage, and how many fen; one query. What waits to be decided
    on again, after an appeal or as it was reopened, is open.
    """
    rows = _bills(payer, period).alias(
        first=FilteredRelation("claims", condition=Q(claims__payer_id=payer, claims__number=1)),
        second=FilteredRelation("claims", condition=Q(claims__payer_id=payer, claims__number=2)),
    )
    decided, paid = Q(first__rest_fen=0), Q(first__settlement__isnull=False)
    owed = Q(second__settlement=None, second__approved_fen__gt=F("second__reversed_fen"))
    found = rows.aggregate(
        received=Count("id"),
        received_fen=_fen("shares__fen"),
        decided=Count("id", filter=decided),
        refused=Count("id", filter=decided & Q(first__approved_fen=0)),
        claimed_fen=_fen("first__claimed_fen"),
        approved_fen=_both("approved_fen"),
        reversed_fen=_both("reversed_fen"),
        settled=Count("id", filter=decided & paid & ~owed),
        settled_fen=_kept(settled=True),
        owed_fen=_kept(settled=False),
    )
    return {**found, "open": found["received"] - found["decided"]}


def _kept(*, settled: bool) -> Any:
    return sum(
        _fen(
            F(f"{one}__approved_fen") - F(f"{one}__reversed_fen"),
            Q(**{f"{one}__settlement__isnull": not settled}),
        )
        for one in ("first", "second")
    )


def _both(name: str) -> Any:
    return _fen(f"first__{name}") + _fen(f"second__{name}")


def _fen(name: Any, where: Q = EVERYWHERE) -> Any:
    return Coalesce(Sum(name, filter=where), 0)


def _bills(payer: int, period: Period) -> QuerySet[Bill]:
    """By the index of the payer's shares."""
    return Bill.objects.filter(
        shares__payer_id=payer,
        shares__fen__gt=0,
        shares__city="",
        shares__opened_at__gte=period.since,
        shares__opened_at__lt=period.until,
        state=Bill.State.PAID,
        prescription__status__in=DECIDABLE,
    )
