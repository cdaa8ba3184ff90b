"""What can be asked about claims that are still to be decided on; nothing here writes."""

from __future__ import annotations

from hospital import paging
from insurance import queries
from insurance.models import Bill, Claim, Pending, Reckoning
from insurance.policies.bills import Quote
from prescriptions.models import Status


def to_decide(bill: Bill, now: Bill | Reckoning | Quote | None = None) -> dict[str, int]:
    """
    Slug → fen on which a payer has still to decide: of its share of what is kept, ``now`` or
    after the last return, all, or what an appeal or reopening has left open. None has nothing.
    """
    decided: dict[str, list[Claim]] = {}
    for claim in bill.claims.all():
        decided.setdefault(claim.payer.slug, []).append(claim)
    found = {}
    for payer, fen in queries.shares(bill, now or queries.reckoned(bill)).items():
        own = decided.get(payer, [])
        if not own or any(one.rest_fen for one in own):
            found[payer] = fen - sum(map(standing, own))
    return {payer: fen for payer, fen in found.items() if fen > 0}


def standing(claim: Claim) -> int:
    """Fen of a claim that are approved and do not come back."""
    return claim.approved_fen - sum(one.fen for one in claim.reversals.all())


def pending(bill: Bill, payer: int) -> Pending | None:
    """The row by which this payer's claim waits for a person."""
    return Pending.objects.filter(bill=bill, payer_id=payer, closed_at=None).first()


def waiting_for_a_person(
    payer: int, wanted: paging.Wanted
) -> tuple[list[Pending], paging.Cursor | None]:
    """This payer's claims that wait for an officer, the oldest first."""
    parties = ("bill__prescription", "bill__pharmacy")
    rows = (
        Pending.objects.filter(
            payer_id=payer, closed_at=None, bill__prescription__status=Status.DELIVERED
        )
        .select_related(*parties)
        .prefetch_related("bill__shares__payer", "bill__reckonings__shares")
        .prefetch_related("bill__claims__payer", "bill__claims__reversals")
    )
    return paging.oldest_first(rows, wanted)
