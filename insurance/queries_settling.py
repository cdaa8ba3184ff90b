"""What is owed to pharmacies and what was paid to them, page by page; nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef, QuerySet

from hospital import errors, paging
from hospital.roles import Actor, Role
from insurance import queries
from insurance.models import Batch, Claim, Settlement
from ledger import network

COLUMNS = (
    *("id", "bill__prescription_id", "bill__pharmacy__slug"),
    "bill__prescription__patient__person__handle",
    *("claimed_fen", "approved_fen", "reversed_fen", "decision", "reason", "decided_at"),
)


class NoSettlement(errors.NotFound):
    """Your organisation has no such settlement."""

    code = "settlement.not_found"


@dataclass(frozen=True, slots=True)
class Owed:
    """A claim as its settlement names it; ``line`` is the line of logs that holds it."""

    id: int
    prescription: UUID
    pharmacy: str
    line: str
    claimed_fen: int
    approved_fen: int
    reversed_fen: int
    decision: str
    reason: str
    decided_at: datetime

    @property
    def subject(self) -> str:
        return f"rx/{self.prescription.hex}"

    @property
    def paid_fen(self) -> int:
        return self.approved_fen - self.reversed_fen


def owed(claims: QuerySet[Claim]) -> list[Owed]:
    """``claims`` in their order. One query and no models: a month's end reads millions of them."""
    rows = claims.values_list(*COLUMNS)
    return [
        Owed(number, rx, pharmacy, network.line_for(handle.int), *rest)
        for number, rx, pharmacy, handle, *rest in rows
    ]


def by_subject(claims: QuerySet[Claim]) -> list[Owed]:
    """As settlements name them and as files list them."""
    return sorted(owed(claims), key=lambda one: one.subject)


def unsettled(payer: int, *, after: int, most: int, due: str = "") -> list[Owed]:
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
    return owed(rows.order_by("id")[:most])


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
