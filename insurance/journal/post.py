"""
Post what happens to money: one call at each place where it does, in the transaction that does it.

Whoever calls holds the row of what changes, so the natural key of an entry is met once; a second
posting is a bug, and the database says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, prefetch_related_objects

from insurance import queries, queries_claims
from insurance.journal import accounts, entries
from insurance.journal.entries import Billed, Draft
from insurance.journal.models import Carrying, Entry, Posting
from insurance.models import (
    Bill,
    BillShare,
    Claim,
    Clawback,
    Payment,
    Reckoning,
    Refund,
    Reversal,
    Settlement,
    Transfer,
)
from insurance.policies.bills import Quote
from pharmacy.models import Return
from prescriptions.models import Prescription

_REFUNDS: Final[Mapping[str, str]] = {
    Refund.State.DUE: accounts.REFUNDS_DUE,
    Refund.State.PROCESSING: accounts.REFUNDS_DUE,
    Refund.State.FAILED: accounts.REFUNDS_FAILED,
    Refund.State.DONE: accounts.WECHAT,
}
"""Where a refund lies."""


def opened(bill: Bill, *, at: datetime) -> None:
    _book([entries.opened(_billed(bill))], at)


def void(bill: Bill, *, at: datetime) -> None:
    _book([entries.void(_billed(bill))], at)


def reduced(bill: Bill, quote: Quote, *, at: datetime) -> None:
    """``bill`` as it still is, and what of it remains."""
    _book([entries.reduced(_billed(bill), _billed(bill, quote))], at)


def handed_over(prescription: Prescription, *, at: datetime) -> None:
    """``settings.HANDED_OVER``: the pharmacy says that the medicines are in the patient's hands."""
    _book([entries.delivered(_billed(queries.live_bill(prescription)))], at)


def paid(payment: Payment, prescription: Prescription, *, at: datetime) -> None:
    number, patient = payment.out_trade_no, prescription.patient_id
    fund = {} if payment.fund_refused else _of_fund(payment, payment.insured_fen)
    _book([entries.paid(number, patient, payment.amount_fen, fund)], at)


def refund_due(refund: Refund, *, at: datetime) -> None:
    number, patient = refund.out_refund_no, refund.payment.bill.prescription.patient_id
    fund = _of_fund(refund.payment, refund.insured_fen)
    _book([entries.refund_due(number, patient, refund.amount_fen, fund)], at)


def fund_took_back(refund: Refund, *, at: datetime) -> None:
    fund = _of_fund(refund.payment, refund.insured_fen)
    _book([entries.fund_took_back(refund.out_refund_no, fund)], at)


def refund_moved(refund: Refund, before: str, *, at: datetime) -> None:
    """``before``: its former state."""
    was, lies = _REFUNDS[before], _REFUNDS[refund.state]
    if was != lies:
        moves = Entry.objects.filter(kind="refund.move", cause=f"refund/{refund.out_refund_no}")
        number, fen, times = refund.out_refund_no, refund.amount_fen, moves.count()
        _book([entries.refund_moved(number, fen, was, lies, times)], at)


def decided(claim: Claim, bill: Bill, claimed_fen: int, approved_fen: int, *, at: datetime) -> None:
    """The fen on which it was decided now, and what was approved of them; all, the first time."""
    pharmacy = bill.pharmacy.slug
    carrier = accounts.pharmacy(pharmacy, "carries")
    if approved_fen < claimed_fen and _operator_carries(claim.payer_id, pharmacy, at):
        carrier = accounts.OPERATOR_CARRIES
    fens, times = (claimed_fen, approved_fen), _times("claim.decide", claim)
    _book([entries.decided(claim.id, claim.payer.slug, *fens, carrier, times)], at)


def undecided(claim: Claim, bill: Bill, open_fen: int, undone_fen: int, *, at: datetime) -> None:
    """``claim``, the payer's last, and ``bill`` as they were; see ``entries.undecided``."""
    carrier = _carriers(bill)[claim.payer.slug]
    fens, times = (open_fen, undone_fen), _times("claim.reopen", claim)
    _book([entries.undecided(claim.id, claim.payer.slug, *fens, carrier, times)], at)


def returned(
    bill: Bill, kept: Quote, made: Return, back: Sequence[Reversal], *, at: datetime
) -> None:
    """``bill`` reckoned as before the return, ``kept``: as after it, ``back``: its reversals."""
    now = queries.reckoned(bill)
    before = _billed(bill, now)
    after = entries.Kept(
        kept.patient_fen,
        queries.shares(bill, kept),
        {one.claim.payer.slug: one.fen for one in back},
        _carriers(bill),
        queries.at_payment(bill, kept),
    )
    _book([entries.returned(made.id, before, after)], at)


def reversed_(due: Iterable[Reversal], payer: str, *, settled: bool, at: datetime) -> None:
    _book([entries.reversed_(one.id, payer, one.fen, settled=settled) for one in due], at)


def settled(made: Settlement, *, at: datetime) -> None:
    names = (made.payer.slug, made.pharmacy.slug)
    _book([entries.settled(made.id, *names, made.total_fen)], at)


def clawed_back(made: Clawback, *, at: datetime) -> None:
    names = (made.payer.slug, made.pharmacy.slug)
    _book([entries.clawed_back(made.id, *names, made.total_fen)], at)


def rewarded(made: Transfer, *, at: datetime) -> None:
    uses = Transfer.objects.filter(id=made.id)
    slug = uses.values_list("use__delivery__offer__organisation__slug", flat=True).get()
    _book([entries.rewarded(made.out_bill_no, slug, made.amount_fen)], at)


def _billed(bill: Bill, now: Bill | Reckoning | Quote | None = None) -> Billed:
    """As the bill stands, or as it is reckoned ``now``."""
    now = now or bill
    prefetch_related_objects([bill], "shares__payer")
    return Billed(
        bill.id,
        bill.prescription.patient_id,
        bill.pharmacy.slug,
        now.patient_fen,
        queries.shares(bill, now),
        queries.at_payment(bill, now),
    )


def _of_fund(payment: Payment, fen: int) -> dict[str, int]:
    """Slug → fen of the fund that pays with the patient, if it is any."""
    if not fen:
        return {}
    shares = BillShare.objects.filter(bill=payment.bill_id).exclude(city="")
    return {shares.values_list("payer__slug", flat=True).get(): fen}


def _operator_carries(payer: int, pharmacy: str, at: datetime) -> bool:
    """The pharmacy's own contract counts before the payer's with all, and of each the last."""
    theirs = Q(pharmacy__slug=pharmacy) | Q(pharmacy=None)
    rows = Carrying.objects.filter(theirs, payer_id=payer, since__lte=at)
    found = rows.order_by(F("pharmacy").asc(nulls_last=True), "-since").first()
    return found is not None and found.carrier == Carrying.Carrier.OPERATOR


def _times(kind: str, claim: Claim) -> int:
    return Entry.objects.filter(kind=kind, cause=f"claim/{claim.id}").count()


def _carriers(bill: Bill) -> dict[str, str]:
    """
    Payer that has nothing to decide → on whose account its refused part lies, or would.

    That is where its last decision has put it: each one before was undone.
    """
    waiting = queries_claims.to_decide(bill)
    decided = sorted((one.id, one.payer.slug) for one in bill.claims.all())
    payers = {f"claim/{claim}": slug for claim, slug in decided if slug not in waiting}
    pharmacy = accounts.pharmacy(bill.pharmacy.slug, "carries")
    found = dict.fromkeys(payers.values(), pharmacy)
    posted = Posting.objects.filter(account=accounts.OPERATOR_CARRIES, entry=OuterRef("pk"))
    rows = Entry.objects.filter(kind="claim.decide", cause__in=payers).order_by("number")
    causes = list(payers)
    for cause, is_operators in sorted(
        rows.values_list("cause", Exists(posted)), key=lambda row: causes.index(row[0])
    ):
        found[payers[cause]] = accounts.OPERATOR_CARRIES if is_operators else pharmacy
    return found


def _book(drafts: Iterable[Draft], at: datetime) -> None:
    made, postings = [], []
    for draft in drafts:
        if not draft.moves:
            continue
        entry = Entry(kind=draft.kind, cause=draft.cause, number=draft.number, at=at)
        made.append(entry)
        postings += [
            Posting(entry=entry, account=account, fen=fen, at=at)
            for account, fen in draft.moves.items()
        ]
    Entry.objects.bulk_create(made)
    Posting.objects.bulk_create(postings)
