"""What is owed to pharmacies and what was paid to them, page by page; nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet

from hospital import errors, paging
from hospital.roles import Actor, Role
from insurance import queries
from insurance.models import Batch, Claim, Settlement
from ledger import network

COLUMNS = (
    *("id", "bill__prescription_id", "bill__pharmacy__slug"),
    "bill__prescription__patient__person__handle",
    *("number", "claimed_fen", "approved_fen", "reversed_fen"),
    *("decision", "reason", "decided_at"),
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
    number: int
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
        Owed(claim, rx, pharmacy, network.line_for(handle.int), *rest)
        for claim, rx, pharmacy, handle, *rest in rows
    ]


def by_subject(claims: QuerySet[Claim]) -> list[Owed]:
    """As settlements name them and as files list them."""
    return sorted(owed(claims), key=lambda one: one.subject)


def unsettled(payer: int, *, after: int, most: int, due: str = "") -> tuple[list[Owed], int | None]:
    """
    Claims of this payer that are approved and not paid, by ids behind ``after``, and the id behind
    which to go on. Up to ``most`` are looked at, so that a page costs what it holds; it has fewer
    where some are not due, or just coming back.

    ``due``: ``at_once``, what waits for no batch; ``batch``, what a batch has made due, for which
    no claim is looked at that is younger than the batches.
    """
    rows = Claim.objects.filter(payer_id=payer, settlement=None, id__gt=after)
    upto: dict[str, int] = {}
    if due == "at_once":
        rows = rows.filter(at_once=True)
    if due == "batch":
        made = Batch.objects.filter(payer_id=payer, left__gt=0)
        upto = dict(made.values_list("pharmacy__slug", "upto"))
        rows = rows.filter(at_once=False, id__lte=max(upto.values(), default=0))
    owing = rows.filter(approved_fen__gt=F("reversed_fen")).order_by("id")
    ids = list(owing.values_list("id", flat=True)[:most])
    found = owed(Claim.objects.filter(queries.to_settle(), id__in=ids).order_by("id"))
    if due == "batch":
        found = [one for one in found if one.id <= upto.get(one.pharmacy, 0)]
    return found, ids[-1] if len(ids) == most else None


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
