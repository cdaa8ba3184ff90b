"""The journal beside what it stands for: what bills, payments, refunds, claims and batches say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q, Sum

from insurance import queries
from insurance.journal import accounts
from insurance.journal import queries as journal
from insurance.journal.models import Carrying, Posting
from insurance.models import Bill, Clawback, Payment, Refund, Reversal, Settlement, Transfer

DELIVERED = {"delivered", "claimed", "taken_back"}
CLEARING = {accounts.WECHAT, accounts.REFUNDS_DUE, accounts.REFUNDS_FAILED}
Said = Counter[str]


def faults(pharmacy: str = "") -> Iterator[str]:
    """
    Every entry balances, and every account says what the other tables say.

    ``pharmacy``: of its bills alone, and without the accounts that all pharmacies share; its
    payers pay no other's.
    """
    yield from _unbalanced()
    said = expected(pharmacy)
    names = set(said) if pharmacy else {*said, *_names()}
    if pharmacy:
        names |= set(accounts.of_organisation(pharmacy))
        names = {name for name in names if name not in CLEARING}
    for account, fen in journal.balances(sorted(names)).items():
        if fen != said[account]:
            yield f"the journal has {fen} at {account}, and the tables say {said[account]}"


def _names() -> set[str]:
    return set(Posting.objects.values_list("account", flat=True).distinct())


def _unbalanced() -> Iterator[str]:
    sums = Posting.objects.values("entry").annotate(fen=Sum("fen")).exclude(fen=0)
    yield from (f"entry {one['entry']} is {one['fen']} fen out of balance" for one in sums)


def expected(pharmacy: str = "") -> Said:
    """Account → fen, without a look at the journal."""
    only: dict[str, Any] = {"pharmacy__slug": pharmacy} if pharmacy else {}
    said: Said = Counter()
    bills = Bill.objects.filter(**only).exclude(state="void")
    for bill in bills.select_related("prescription", "pharmacy", "fund", "insurer"):
        _bill(said, bill)
    of_bills = Q(bill__in=Bill.objects.filter(**only))
    _payments(said, of_bills)
    _batches(said, only)
    if not pharmacy:
        for one in Transfer.objects.filter(state="done").annotate(
            slug=F("use__delivery__offer__organisation__slug")
        ):
            said[accounts.rewards(one.slug)] += one.amount_fen
            said[accounts.WECHAT] -= one.amount_fen
    return said


def _bill(said: Said, bill: Bill) -> None:
    now, slug = queries.reckoned(bill), bill.pharmacy.slug
    shares = queries.shares(bill, now)
    said[accounts.patient(bill.prescription.patient_id)] += now.patient_fen
    if bill.prescription.status not in DELIVERED:
        said[accounts.pharmacy(slug, "reserved")] -= now.total_fen
        for payer, fen in shares.items():
            said[accounts.payer(payer, "promised")] += fen
        return
    said[accounts.pharmacy(slug, "earned")] -= now.total_fen
    claims = {one.payer.slug: one for one in bill.claims.select_related("payer")}
    for payer, fen in shares.items():
        if payer not in claims:
            said[accounts.payer(payer, "delivered")] += fen
            continue
        claim = claims[payer]
        stands = claim.approved_fen - sum(one.fen for one in claim.reversals.all())
        said[accounts.payer(payer, "owes")] += claim.approved_fen
        said[_carrier(claim.payer_id, bill.pharmacy_id, slug)] += fen - stands
        _reversals(said, payer, list(claim.reversals.all()))


def _carrier(payer: int, pharmacy: int, slug: str) -> str:
    found = {
        one.pharmacy_id: one.carrier
        for one in Carrying.objects.filter(payer_id=payer)
        if one.pharmacy_id in (None, pharmacy)
    }
    is_operators = found.get(pharmacy, found.get(None)) == "operator"
    return accounts.OPERATOR_CARRIES if is_operators else accounts.pharmacy(slug, "carries")


def _reversals(said: Said, payer: str, reversals: list[Reversal]) -> None:
    lies = {"due": "reversing", "reduced": "owes", "owed": "back", "taken": "back"}
    for one in reversals:
        said[accounts.payer(payer, lies[one.state])] -= one.fen


def _payments(said: Said, of_bills: Q) -> None:
    patient = "bill__prescription__patient"
    paid = Payment.objects.filter(of_bills, state="paid")
    for account, fen in paid.values_list(patient, "amount_fen"):
        said[accounts.patient(account)] -= fen
        said[accounts.WECHAT] += fen
    refunds = Refund.objects.filter(payment__in=Payment.objects.filter(of_bills))
    lies = {"failed": accounts.REFUNDS_FAILED, "done": accounts.WECHAT}
    for account, fen, state in refunds.values_list(f"payment__{patient}", "amount_fen", "state"):
        said[accounts.patient(account)] += fen
        said[lies.get(state, accounts.REFUNDS_DUE)] -= fen


def _batches(said: Said, only: dict[str, Any]) -> None:
    for made in Settlement.objects.filter(**only).select_related("payer", "pharmacy"):
        said[accounts.pharmacy(made.pharmacy.slug, "settled")] += made.total_fen
        said[accounts.payer(made.payer.slug, "owes")] -= made.total_fen
    for taken in Clawback.objects.filter(**only).select_related("payer", "pharmacy"):
        said[accounts.pharmacy(taken.pharmacy.slug, "settled")] -= taken.total_fen
        said[accounts.payer(taken.payer.slug, "back")] += taken.total_fen
