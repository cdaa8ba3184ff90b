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
from insurance.models import Bill, BillShare, Claim
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
    The payer's shares of the bills of a period, oldest first, each with its claim as ``mine``.
    """
    rows = _shares(payer, period).select_related("payer", "bill__pharmacy", "bill__prescription")
    rows = rows.prefetch_related("bill__shares__payer", "bill__reckonings__shares")
    found: list[Any]
    found, following = paging.oldest_first(rows.annotate(created_at=F("opened_at")), wanted)
    claims = Claim.objects.filter(payer_id=payer, bill__in=[one.bill_id for one in found])
    mine = {one.bill_id: one for one in claims.select_related("settlement__remittance")}
    for share in found:
        share.mine = mine.get(share.bill_id)
    return found, following


def sums(payer: int, period: Period) -> dict[str, int]:
    """How many of them there are in each stage, and how many fen; one query."""
    own = FilteredRelation("bill__claims", condition=Q(bill__claims__payer_id=payer))
    rows = _shares(payer, period).alias(own=own)
    paid = F("own__approved_fen") - F("own__reversed_fen")
    decided, settled = Q(own__isnull=False), Q(own__settlement__isnull=False)
    found = rows.aggregate(
        received=Count("id"),
        received_fen=_fen("fen", Q()),
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


def _shares(payer: int, period: Period) -> QuerySet[BillShare]:
    return BillShare.objects.filter(
        payer_id=payer,
        fen__gt=0,
        opened_at__gte=period.since,
        opened_at__lt=period.until,
        bill__state=Bill.State.PAID,
        bill__prescription__status__in=DECIDABLE,
    )
