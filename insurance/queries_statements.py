"""
A payer's statement of claims: what it had to do with in a period, bill by bill, and sums.

A bill is *received* when it was opened, and stands in one place of one period for ever. Nothing
here writes; a page costs what the page holds, the sums what the period holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from hospital import paging
from insurance.models import Bill, Claim
from prescriptions.models import Status

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
    The bills of a period of which the payer has a share, oldest first, with its claim as ``mine``.
    """
    rows = _bills(payer, period).select_related("pharmacy", "prescription")
    rows = rows.prefetch_related("shares__payer", "reckonings__shares")
    found: list[Any]
    found, following = paging.oldest_first(rows.annotate(created_at=F("shares__opened_at")), wanted)
    claims = Claim.objects.filter(payer_id=payer, bill__in=found)
    mine = {one.bill_id: one for one in claims.select_related("settlement__remittance")}
    for bill in found:
        bill.mine = mine.get(bill.id)
    return found, following


def sums(payer: int, period: Period) -> dict[str, int]:
    """How many of them there are in each stage, and how many fen; one query."""
    own = FilteredRelation("claims", condition=Q(claims__payer_id=payer))
    rows = _bills(payer, period).alias(own=own)
    paid = F("own__approved_fen") - F("own__reversed_fen")
    decided, settled = Q(own__isnull=False), Q(own__settlement__isnull=False)
    found = rows.aggregate(
        received=Count("id"),
        received_fen=_fen("shares__fen", Q()),
        decided=Count("id", filter=decided),
        refused=Count("id", filter=Q(own__decision="refuse")),
        claimed_fen=_fen("own__claimed_fen", decided),
        approved_fen=_fen("own__approved_fen", decided),
        reversed_fen=_fen("own__reversed_fen", decided),
        settled=Count("id", filter=settled),
        settled_fen=Coalesce(Sum(paid, filter=settled), 0),
        owed_fen=Coalesce(Sum(paid, filter=decided & ~settled), 0),
    )
    return {**found, "open": found["received"] - found["decided"]}


def _fen(name: str, where: Q) -> Coalesce:
    return Coalesce(Sum(name, filter=where), 0)


def _bills(payer: int, period: Period) -> QuerySet[Bill]:
    """By the index of the payer's shares."""
    return Bill.objects.filter(
        shares__payer_id=payer,
        shares__fen__gt=0,
        shares__opened_at__gte=period.since,
        shares__opened_at__lt=period.until,
        state=Bill.State.PAID,
        prescription__status__in=DECIDABLE,
    )
