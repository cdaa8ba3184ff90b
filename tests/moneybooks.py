"""The journal beside what it stands for: what bills, payments, refunds, claims and batches say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from django.db.models import Q, QuerySet, Sum

from insurance import queries
from insurance.journal import accounts
from insurance.journal import queries as journal
from insurance.journal.models import Carrying, Posting
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

DELIVERED = {"delivered", "claimed", "taken_back"}
EVERYTHING: Final = Q()
Said = Counter[str]
Bills = QuerySet[Bill]


def faults(of: Q = EVERYTHING) -> Iterator[str]:
    """
    Every entry balances, every account says what the other tables say, and no fund pays twice.

    ``of``: what was posted for these bills alone, and for the settlements and clawbacks of theirs.
    """
    books = _balances() if of is EVERYTHING else posted(of)
    said = expected(of)
    for account in sorted({*said, *books}):
        if books[account] != said[account]:
            yield f"{books[account]} fen at {account}, and the tables say {said[account]}"
    yield from funds_that_pay_twice(of)
    sums = Posting.objects.values("entry__cause").annotate(fen=Sum("fen")).exclude(fen=0)
    yield from (f"{one['entry__cause']}: {one['fen']} fen out of balance" for one in sums)


def funds_that_pay_twice(of: Q) -> Iterator[str]:
    """Who pays with the patient has paid its share of what is kept, and was never claimed from."""
    shares = BillShare.objects.filter(bill__in=Bill.objects.filter(of)).exclude(city="")
    shares = shares.select_related("payer", "bill")
    for share in shares.prefetch_related("bill__reckonings__shares", "bill__shares"):
        bill = share.bill
        for claim in Claim.objects.filter(bill=bill, payer=share.payer):
            yield f"claim {claim.id}: {share.payer.slug} has paid with the patient"
        payments = bill.payments.filter(state="paid", fund_refused=False)
        refunds = Refund.objects.filter(payment__bill=bill)
        came = sum(one.insured_fen for one in payments) - sum(one.insured_fen for one in refunds)
        is_paid = bill.state == "paid"
        kept = queries.reckoned(bill).fens[share.number - 1] if is_paid else 0
        if came != kept:
            yield f"bill {bill.id}: {share.payer.slug} has paid {came} fen, its share is {kept}"


def _balances() -> Said:
    names = Posting.objects.values_list("account", flat=True).distinct()
    return Counter(journal.balances(sorted(names)))


def posted(of: Q) -> Said:
    """Account → fen, of all that was posted for these bills."""
    found: Said = Counter()
    rows = Posting.objects.filter(entry__cause__in=causes(of))
    for account, fen in rows.values_list("account", "fen"):
        found[account] += fen
    return found


def causes(of: Q) -> Iterator[str]:
    """The natural keys of all that can be posted for these bills."""
    bills = Bill.objects.filter(of)
    yield from (f"bill/{one.id.hex}" for one in bills)
    for name, field, rows in (
        ("payment", "out_trade_no", Payment.objects.filter(bill__in=bills)),
        ("refund", "out_refund_no", Refund.objects.filter(payment__bill__in=bills)),
        ("claim", "id", Claim.objects.filter(bill__in=bills)),
        ("return", "returned_id", Reckoning.objects.filter(bill__in=bills)),
        ("reversal", "id", Reversal.objects.filter(claim__bill__in=bills)),
        ("settlement", "id", Settlement.objects.filter(claims__bill__in=bills)),
        ("clawback", "id", Clawback.objects.filter(reversals__claim__bill__in=bills)),
    ):
        for value in rows.values_list(field, flat=True):
            yield f"{name}/{getattr(value, 'hex', value)}"


def expected(of: Q = EVERYTHING) -> Said:
    """Account → fen, without a look at the journal."""
    said: Said = Counter()
    bills = Bill.objects.filter(of)
    live = bills.exclude(state="void")
    for bill in live.select_related("prescription", "pharmacy").prefetch_related("shares__payer"):
        _bill(said, bill)
    _payments(said, bills)
    _batches(said, None if of is EVERYTHING else bills)
    if of is EVERYTHING:
        slug = "use__delivery__offer__organisation__slug"
        for name, fen in Transfer.objects.filter(state="done").values_list(slug, "amount_fen"):
            said[accounts.rewards(name)] += fen
            said[accounts.WECHAT] -= fen
    return said


def _bill(said: Said, bill: Bill) -> None:
    now, slug = queries.reckoned(bill), bill.pharmacy.slug
    shares = queries.shares(bill, now)
    for fund, fen in queries.at_payment(bill, now).items():
        said[accounts.payer(fund, "share")] += fen
    said[accounts.patient(bill.prescription.patient_id)] += now.patient_fen
    if bill.prescription.status not in DELIVERED:
        said[accounts.pharmacy(slug, "reserved")] -= now.total_fen
        for payer, fen in shares.items():
            said[accounts.payer(payer, "promised")] += fen
        return
    said[accounts.pharmacy(slug, "earned")] -= now.total_fen
    claims: dict[str, list[Claim]] = defaultdict(list)
    for claim in bill.claims.select_related("payer").prefetch_related("reversals"):
        claims[claim.payer.slug].append(claim)
    for payer, fen in shares.items():
        if payer not in claims:
            said[accounts.payer(payer, "delivered")] += fen
            continue
        stands = sum(_claim(said, payer, one) for one in claims[payer])
        is_open = any(one.rest_fen for one in claims[payer])  # all that is left waits again
        delivered = accounts.payer(payer, "delivered")
        carrier = _carrier(max(claims[payer], key=lambda one: one.number), bill)
        said[delivered if is_open else carrier] += fen - stands


def _claim(said: Said, payer: str, claim: Claim) -> int:
    """By how many fen it stands."""
    said[accounts.payer(payer, "owes")] += claim.approved_fen
    reversals = list(claim.reversals.all())
    _reversals(said, payer, reversals)
    return claim.approved_fen - sum(one.fen for one in reversals)


def _carrier(last: Claim, bill: Bill) -> str:
    """By the contract of the day of the payer's ``last`` decision."""
    then = Carrying.objects.filter(payer_id=last.payer_id, since__lte=last.decided_at)
    found = {one.pharmacy_id: one.carrier for one in then.order_by("since")}
    is_operators = found.get(bill.pharmacy_id, found.get(None)) == "operator"
    carries = accounts.pharmacy(bill.pharmacy.slug, "carries")
    return accounts.OPERATOR_CARRIES if is_operators else carries


def _reversals(said: Said, payer: str, reversals: list[Reversal]) -> None:
    lies = {"due": "reversing", "reduced": "owes", "owed": "back", "taken": "back"}
    for one in reversals:
        said[accounts.payer(payer, lies[one.state])] -= one.fen


def _payments(said: Said, bills: Bills) -> None:
    patient = "bill__prescription__patient"
    paid = Payment.objects.filter(bill__in=bills, state="paid")
    for account, fen in paid.values_list(patient, "amount_fen"):
        said[accounts.patient(account)] -= fen
        said[accounts.WECHAT] += fen
    by_funds = paid.filter(fund_refused=False, insured_fen__gt=0)
    for payment in by_funds.prefetch_related("bill__shares__payer"):
        _fund(said, payment, "share", -payment.insured_fen)
        _fund(said, payment, "paid", payment.insured_fen)
    refunds = Refund.objects.filter(payment__bill__in=bills)
    to_funds = refunds.filter(insured_fen__gt=0)
    for refund in to_funds.prefetch_related("payment__bill__shares__payer"):
        _fund(said, refund.payment, "share", refund.insured_fen)
        if refund.told_at is None:
            said[accounts.REFUNDS_DUE] -= refund.insured_fen
        else:
            _fund(said, refund.payment, "paid", -refund.insured_fen)
    lies = {"failed": accounts.REFUNDS_FAILED, "done": accounts.WECHAT}
    for account, fen, state in refunds.values_list(f"payment__{patient}", "amount_fen", "state"):
        said[accounts.patient(account)] += fen
        said[lies.get(state, accounts.REFUNDS_DUE)] -= fen


def _fund(said: Said, payment: Payment, which: str, fen: int) -> None:
    share = payment.bill.at_payment
    assert share is not None, "a fund has paid, and the bill names none"
    said[accounts.payer(share.payer.slug, which)] += fen


def _batches(said: Said, bills: Bills | None) -> None:
    settlements, clawbacks = Settlement.objects.all(), Clawback.objects.all()
    if bills is not None:
        settlements = settlements.filter(claims__bill__in=bills).distinct()
        clawbacks = clawbacks.filter(reversals__claim__bill__in=bills).distinct()
    for made in settlements.select_related("payer", "pharmacy"):
        said[accounts.pharmacy(made.pharmacy.slug, "settled")] += made.total_fen
        said[accounts.payer(made.payer.slug, "owes")] -= made.total_fen
    for taken in clawbacks.select_related("payer", "pharmacy"):
        said[accounts.pharmacy(taken.pharmacy.slug, "settled")] -= taken.total_fen
        said[accounts.payer(taken.payer.slug, "back")] += taken.total_fen
