"""
Post what has happened to money before there was a journal, as it would have been posted.

By the same natural keys, so that nothing of it is posted again. A bill that was reduced opens with
what it was reduced to, which comes to the same balances. Read by the columns that bills have here,
so whatever changes who pays a bill has to come after this.
"""

from collections.abc import Iterator
from itertools import chain

from django.db import migrations
from django.db.models import Q

from insurance.journal import accounts, entries

AT_ONCE = 500
DELIVERED = ("delivered", "claimed", "taken_back")


def shares(bill, now):
    """Slug → fen, of those who pay something of the bill."""
    pairs = ((bill.fund, bill.fund_fen, now.fund_fen), (bill.insurer, bill.insurer_fen, now.insurer_fen))
    return {payer.slug: fen for payer, first, fen in pairs if payer is not None and first > 0}


def billed(bill, now):
    patient = bill.prescription.patient_id
    return entries.Billed(bill.id, patient, bill.pharmacy.slug, now.patient_fen, shares(bill, now))


def of_bill(bill, delivered_at) -> Iterator:
    yield entries.opened(billed(bill, bill)), bill.opened_at
    if bill.state == "void":
        yield entries.void(billed(bill, bill)), bill.opened_at
    if bill.state == "paid" and bill.prescription.status in DELIVERED:
        yield entries.delivered(billed(bill, bill)), delivered_at or bill.opened_at
    yield from of_claims(bill)


def of_claims(bill) -> Iterator:
    """Decisions and returns in their order: what a payer decides on is what was kept until then."""
    claims = list(bill.claims.select_related("payer"))
    returns = list(bill.reckonings.select_related("returned").order_by("number"))
    steps = [(one.decided_at, 0, one) for one in claims]
    steps += [(one.returned.at, one.number, one) for one in returns]
    carries, before, decided = accounts.pharmacy(bill.pharmacy.slug, "carries"), bill, {}
    for at, number, one in sorted(steps, key=lambda step: step[:2]):
        if number == 0:
            slug = one.payer.slug
            yield entries.decided(one.id, slug, one.claimed_fen, one.approved_fen, carries), at
            decided[slug] = carries
            continue
        back = one.returned.reversals.filter(claim__bill=bill).select_related("claim__payer")
        fens = {reversal.claim.payer.slug: reversal.fen for reversal in back}
        kept = entries.Kept(one.patient_fen, shares(bill, one), fens, dict(decided))
        yield entries.returned(one.returned_id, billed(bill, before), kept), at
        before = one


def of_payment(payment) -> Iterator:
    patient = payment.bill.prescription.patient_id
    if payment.state == "paid":
        yield entries.paid(payment.out_trade_no, patient, payment.amount_fen), payment.created_at
    for one in payment.refunds.all():
        number, fen = one.out_refund_no, one.amount_fen
        yield entries.refund_due(number, patient, fen), one.created_at
        to = {"failed": accounts.REFUNDS_FAILED, "done": accounts.WECHAT}.get(one.state)
        if to is not None:
            moved = entries.refund_moved(number, fen, accounts.REFUNDS_DUE, to, 0)
            yield moved, one.failed_at or one.asked_at or one.created_at


def of_reversal(one) -> Iterator:
    if one.accepted_at is not None:
        is_settled = one.state != "reduced"
        slug = one.claim.payer.slug
        yield entries.reversed_(one.id, slug, one.fen, settled=is_settled), one.accepted_at


def found(apps, of) -> Iterator:
    """Each with the moment at which it happened, as far as it is known. ``of``: which bills."""
    bills = apps.get_model("insurance", "Bill").objects.filter(of)
    model = apps.get_model("pharmacy", "Delivery")
    rows = bills.select_related("prescription", "pharmacy", "fund", "insurer").order_by("opened_at")
    for bill in rows.iterator(AT_ONCE):
        delivery = model.objects.filter(prescription_id=bill.prescription_id).first()
        yield from of_bill(bill, delivery and delivery.delivered_at)
    payments = apps.get_model("insurance", "Payment").objects.filter(bill__in=bills)
    for payment in payments.select_related("bill__prescription").iterator(AT_ONCE):
        yield from of_payment(payment)
    reversals = apps.get_model("insurance", "Reversal").objects.filter(claim__bill__in=bills)
    for one in reversals.select_related("claim__payer").iterator(AT_ONCE):
        yield from of_reversal(one)


def of_batches(apps, of) -> Iterator:
    """Settlements, clawbacks, rewards; the last only where ``of`` is all bills."""
    settlements = apps.get_model("insurance", "Settlement").objects.order_by("settled_at")
    clawbacks = apps.get_model("insurance", "Clawback").objects.order_by("at")
    if of:
        bills = apps.get_model("insurance", "Bill").objects.filter(of)
        settlements = settlements.filter(claims__bill__in=bills).distinct()
        clawbacks = clawbacks.filter(reversals__claim__bill__in=bills).distinct()
    for made in settlements.select_related("payer", "pharmacy").iterator(AT_ONCE):
        names = (made.payer.slug, made.pharmacy.slug)
        yield entries.settled(made.id, *names, made.total_fen), made.settled_at
    for made in clawbacks.select_related("payer", "pharmacy").iterator(AT_ONCE):
        names = (made.payer.slug, made.pharmacy.slug)
        yield entries.clawed_back(made.id, *names, made.total_fen), made.at
    transfers = apps.get_model("insurance", "Transfer").objects.filter(state="done")
    for one in transfers.iterator(AT_ONCE) if not of else ():
        slug = one.use.delivery.offer.organisation.slug
        yield entries.rewarded(one.out_bill_no, slug, one.amount_fen), one.asked_at or one.created_at


def post(apps, drafts) -> None:
    entry, posting = (apps.get_model("journal", name) for name in ("Entry", "Posting"))
    for draft, at in drafts:
        if draft.moves:
            made = entry.objects.create(
                kind=draft.kind, cause=draft.cause, number=draft.number, at=at
            )
            posting.objects.bulk_create(
                posting(entry=made, account=account, fen=fen, at=at)
                for account, fen in draft.moves.items()
            )


def backfill(apps, of=Q()) -> None:
    post(apps, chain(found(apps, of), of_batches(apps, of)))


class Migration(migrations.Migration):
    dependencies = [
        ("journal", "0002_append_only_and_balanced"),
        ("insurance", "0009_returns_and_clawbacks"),
        ("pharmacy", "0014_returns"),
        ("prescriptions", "0019_taken_back"),
        ("sharing", "0001_offers_opt_ins_and_uses"),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, editor: backfill(apps), migrations.RunPython.noop
        )
    ]
