"""What is owed to pharmacies and what was paid to them, page by page; nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef, QuerySet

from hospital import errors, paging
from hospital.roles import Actor, Role
from insurance import queries
from insurance.models import Batch, Claim, Settlement
from ledger import network


class NoSettlement(errors.NotFound):
    """Your organisation has no such settlement."""

    code = "settlement.not_found"


@dataclass(frozen=True, slots=True)
class Owed:
    """A claim as its settlement names it; ``line`` is the line of logs that holds it."""

    id: int
    subject: str
    pharmacy: str
    line: str
    claimed_fen: int
    approved_fen: int
    reversed_fen: int
    decision: str
    reason: str
    decided_at: datetime

    @property
    def paid_fen(self) -> int:
        return self.approved_fen - self.reversed_fen


def owed(claims: QuerySet[Claim] | Iterable[Claim]) -> list[Owed]:
    """
    ``claims`` by their subjects; two queries, whose cost is that of the claims.

    Two, since the first may lock: only its own table's rows.
    """
    rows = list(claims)
    named = Claim.objects.filter(id__in=[one.id for one in rows]).values_list(
        "id",
        "bill__prescription_id",
        "bill__pharmacy__slug",
        "bill__prescription__patient__person__handle",
    )
    about: dict[int, tuple[Any, ...]] = {claim: tuple(rest) for claim, *rest in named}
    found = [
        Owed(
            one.id,
            f"rx/{about[one.id][0].hex}",
            about[one.id][1],
            network.line_for(about[one.id][2].int),
            *(one.claimed_fen, one.approved_fen, one.reversed_fen),
            *(one.decision, one.reason, one.decided_at),
        )
        for one in rows
    ]
    return sorted(found, key=lambda one: one.subject)


def unsettled(payer: int, *, after: int, most: int, due: str = "") -> list[Claim]:
    """
    Up to ``most`` claims of this payer behind the id ``after`` that are approved and not paid.

    ``due``: ``at_once``, what waits for no batch; ``batch``, what a batch has made due, for which
    no claim is looked at that is younger than the batches.
    """
    rows = Claim.objects.filter(queries.to_settle(), payer_id=payer, id__gt=after)
    if due == "at_once":
        rows = rows.filter(at_once=True)
    if due == "batch":
        open_still = Batch.objects.filter(payer_id=payer, left__gt=0)
        youngest = open_still.aggregate(upto=Max("upto"))["upto"] or 0
        of_it = open_still.filter(pharmacy=OuterRef("bill__pharmacy"), upto__gte=OuterRef("id"))
        rows = rows.filter(Exists(of_it), at_once=False, id__lte=youngest)
    parties = ("bill__pharmacy", "bill__prescription__patient__person")
    return list(rows.select_related(*parties).order_by("id")[:most])


def batches(payer: int, *, after: int, most: int) -> list[Batch]:
    """What the schedule has made due and is not all paid, by ids behind ``after``."""
    rows = Batch.objects.filter(payer_id=payer, left__gt=0, id__gt=after)
    return list(rows.select_related("pharmacy").order_by("id")[:most])


def settlements(
    by: Actor, wanted: paging.Wanted, *, open_only: bool = False
) -> tuple[list[Settlement], paging.Cursor | None]:
    """What the organisation of ``by`` has paid, or was paid, the oldest first."""
    mine = "pharmacy_id" if by.role == Role.PHARMACIST else "payer_id"
    rows = Settlement.objects.filter(**{mine: by.organisation_id}).exclude(subject="")
    if open_only:
        rows = rows.filter(remittance=None)
    rows = rows.select_related("payer", "pharmacy", "remittance")
    return paging.oldest_first(rows.annotate(created_at=F("settled_at")), wanted)


def settlement(by: Actor, settlement_id: UUID) -> Settlement:
    """One of them. Raises ``NoSettlement``."""
    mine = "pharmacy_id" if by.role == Role.PHARMACIST else "payer_id"
    rows = Settlement.objects.select_related("payer", "pharmacy", "remittance").exclude(subject="")
    found = rows.filter(**{mine: by.organisation_id}, id=settlement_id).first()
    if found is None:
        raise NoSettlement
    return found
