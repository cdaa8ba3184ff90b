"""What can be asked about bills, payments and claims; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject

from hospital import access, errors, paging
from hospital import queries as people
from hospital.consultations.models import Consultation, State
from hospital.models import Account
from insurance.models import (
    Bill,
    BillShare,
    Claim,
    LineShare,
    Payment,
    Pending,
    Reckoning,
    Refund,
    Reversal,
    Transfer,
)
from insurance.policies import covers
from insurance.policies.bills import Quote
from prescriptions.models import CHOSEN, Prescription, Status
from prescriptions.sharing.models import Use

ASK_AGAIN = timedelta(seconds=5)
ASK_WHO_WAITS = timedelta(minutes=1)
"""How often it is asked about what a patient has a day to confirm."""


class NoBill(errors.Conflict):
    """There is nothing to pay: the prescription has no open bill."""

    code = "bill.none"


def live_bill(prescription: Prescription) -> Bill:
    """The bill of the authorization in force. Raises ``NoBill``."""
    bills = Bill.objects.select_related("pharmacy").prefetch_related("shares__payer")
    bill = bills.filter(prescription=prescription).exclude(state=Bill.State.VOID).first()
    if bill is None:
        raise NoBill
    return bill


def reckoned(bill: Bill) -> Bill | Reckoning:
    """What it comes to now: as opened, or as it was reckoned after the last return."""
    return max(bill.reckonings.all(), key=lambda one: one.number, default=bill)


def shares(bill: Bill, now: Bill | Reckoning | Quote) -> dict[str, int]:
    """
    Slug → fen that each payer is claimed from, of those who paid something when the bill was
    opened.
    """
    pairs = zip(bill.in_order, now.fens, strict=True)
    return {share.payer.slug: fen for share, fen in pairs if share.fen > 0 and not share.city}


def at_payment(bill: Bill, now: Bill | Reckoning | Quote) -> dict[str, int]:
    """The same of who pays together with the patient, by a medical-insurance order."""
    pairs = zip(bill.in_order, now.fens, strict=True)
    return {share.payer.slug: fen for share, fen in pairs if share.fen > 0 and share.city}


def line_of(claim: Claim) -> str:
    """The line of logs that holds what is owed: the patient's. A settlement is made per line."""
    person = claim.bill.prescription.patient.person
    assert person is not None, "only an identified patient has prescriptions"
    return access.line_of(person)


def reversals(
    payer: int, state: str, wanted: paging.Wanted
) -> tuple[list[Reversal], paging.Cursor | None]:
    """What comes back to a payer and is in this state, the oldest first."""
    rows = reversals_in(payer, state).annotate(created_at=F("returned__at"))
    return paging.oldest_first(rows, wanted)


def reversals_in(payer: int, state: str) -> QuerySet[Reversal]:
    """All of them, the oldest first."""
    rows = Reversal.objects.filter(claim__payer_id=payer, state=state)
    parties = ("claim__bill__pharmacy", "claim__bill__prescription__patient__person", "returned")
    return rows.select_related(*parties).order_by("returned__at", "id")


def bill_left(prescription: Prescription) -> Bill | None:
    """The live bill, if there is one, of whichever authorization, and whose it is."""
    bills = Bill.objects.select_related("prescription", "pharmacy")
    bills = bills.prefetch_related("shares__payer")
    return bills.filter(prescription=prescription).exclude(state=Bill.State.VOID).first()


def doctor_and_patient(
    doctor: UUID, id_number: str, consultation: UUID | None, *, at: datetime
) -> QuerySet[Account]:
    """
    A doctor, and the patient of an identity number, in one query; of the doctor's consultation
    where no number is given.

    The patient's row has ``policies`` and ``uses``, as ``policies.covers`` reads them, and
    ``consulted``, what is needed of the open consultation with the doctor that has this id, or
    None. Raises ``identity.BadIdNumber``.
    """
    theirs = Consultation.objects.filter(
        id__in=[consultation],
        patient=OuterRef("pk"),
        doctor_id=doctor,
        state=State.OPEN,
        close_until__gt=at,
    ).values(said=JSONObject(earlier="earlier", follow_up="follow_up", guardian="guardian"))
    asked = Consultation.objects.filter(id__in=[consultation], doctor_id=doctor).values("patient")
    named = people.of_id_number(id_number) if id_number else Q(id__in=asked, is_active=True)
    both = Q(id=doctor) | named
    return (
        Account.objects.filter(both)
        .select_related("person", "organisation", "department")
        .annotate(
            policies=ArraySubquery(covers.rows(OuterRef("pk"), at=at)),
            uses=ArraySubquery(
                covers.use_rows(OuterRef("pk"), Q(policy__insured__patient=OuterRef("pk")), at=at)
            ),
            consulted=Subquery(theirs),
        )
    )


def undecided(payer: int, wanted: paging.Wanted) -> tuple[list[Bill], paging.Cursor | None]:
    """
    Delivered bills with a share of this payer on which it has not decided, oldest first; without
    those that wait for a person.
    """
    decided = Claim.objects.filter(bill=OuterRef("pk"), payer_id=payer)
    put_aside = Pending.objects.filter(bill=OuterRef("pk"), payer_id=payer, closed_at=None)
    rows = (
        Bill.objects.filter(
            shares__payer_id=payer,
            shares__fen__gt=0,
            shares__city="",
            prescription__status=Status.DELIVERED,
            state=Bill.State.PAID,
        )
        .exclude(Exists(decided))
        .exclude(Exists(put_aside))
        .select_related("pharmacy", "prescription")
        .prefetch_related("shares__payer", "reckonings__shares")
        .prefetch_related("claims__payer", "claims__reversals")
        .annotate(created_at=F("shares__opened_at"))
    )
    return paging.oldest_first(rows, wanted)


def undecided_of(patient: UUID) -> QuerySet[Bill]:
    """Bills of what was delivered to a patient on which a payer has still to decide."""
    paid = BillShare.objects.filter(bill=OuterRef("pk"), fen__gt=0, city="")
    return Bill.objects.filter(
        Exists(paid),
        prescription__patient_id=patient,
        prescription__status=Status.DELIVERED,
        state=Bill.State.PAID,
    )


def paid_by(payer: int) -> QuerySet[Bill]:
    """Live bills with a share of this payer, decided or not."""
    rows = Bill.objects.filter(shares__payer_id=payer, shares__fen__gt=0)
    return rows.exclude(state=Bill.State.VOID)


def lines_paid_by(payer: int, prescriptions: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """The lines of prescriptions of which this payer pays a share; one query."""
    rows = LineShare.objects.filter(
        share__payer_id=payer, fen__gt=0, share__bill__prescription__in=prescriptions
    )
    live = rows.exclude(share__bill__state=Bill.State.VOID)
    found: dict[UUID, set[str]] = {}
    for prescription, line in live.values_list("share__bill__prescription_id", "line__line"):
        found.setdefault(prescription, set()).add(line)
    return {one: frozenset(lines) for one, lines in found.items()}


def to_settle() -> Q:
    """
    Of claims: something is still to be paid, and nothing of it is just coming back.

    What was approved when the rest had been paid is paid first, and comes back with that.
    """
    coming = Reversal.objects.filter(claim=OuterRef("pk"), state=Reversal.State.DUE)
    open_still = Q(settlement__isnull=True, approved_fen__gt=F("reversed_fen"))
    return open_still & (~Q(Exists(coming)) | Q(number__gt=1))


def unanswered(*, at: datetime) -> QuerySet[Payment]:
    """Payments about which WeChat says nothing for a while; what was asked longest ago first."""
    over = Q(expires_at__lte=at) | Q(bill__state=Bill.State.VOID)  # none pays without a prepay id
    return (
        Payment.objects.filter(state=Payment.State.OPEN, created_at__lte=at - ASK_AGAIN)
        .filter(over | ~Q(prepay_id="", city=""))
        .filter(Q(asked_at__isnull=True) | Q(asked_at__lte=at - ASK_AGAIN))
        .select_related("bill__prescription")
        .order_by(F("asked_at").asc(nulls_first=True), "created_at")
    )


def failed_refunds() -> QuerySet[Refund]:
    """Refunds that ended without the money's arriving, the oldest first."""
    rows = Refund.objects.filter(state=Refund.State.FAILED)
    return rows.select_related("payment").order_by("failed_at", "id")


def owed_back() -> QuerySet[Refund]:
    """
    Refunds that WeChat has not confirmed, whose turn it is first.

    Each has its turn: those that WeChat refuses again and again keep nobody waiting.
    """
    return (
        Refund.objects.filter(state__in=[Refund.State.DUE, Refund.State.PROCESSING])
        .select_related("payment")
        .order_by(F("asked_at").asc(nulls_first=True), "created_at")
    )


def billed_in_vain() -> Iterable[UUID]:
    """
    Prescriptions with a live bill though no pharmacy is chosen any more: they were cancelled, have
    expired, or were changed.
    """
    return (
        Bill.objects.exclude(state=Bill.State.VOID)
        .exclude(prescription__status__in=CHOSEN)
        .values_list("prescription_id", flat=True)
    )


def unfinished_transfers(*, at: datetime) -> QuerySet[Transfer]:
    """What WeChat Pay is to be asked about, what was asked longest ago first."""
    state = Transfer.State
    soon = Q(state__in=[state.DUE, state.PROCESSING], asked_at__lte=at - ASK_AGAIN)
    later = Q(state=state.WAITING, asked_at__lte=at - ASK_WHO_WAITS)
    unfinished = Transfer.objects.filter(state__in=[state.DUE, state.PROCESSING, state.WAITING])
    rows = unfinished.filter(Q(asked_at__isnull=True) | soon | later)
    return rows.select_related("use__patient").order_by(
        F("asked_at").asc(nulls_first=True), "created_at"
    )


def rewards_owed(patient: UUID) -> int:
    """How many rewards WeChat Pay was not told of yet, though the patient could have them."""
    uses = Use.objects.filter(patient_id=patient, patient__wechat_openid__isnull=False)
    due = Q(due_at__isnull=False) & ~Q(transfers__state=Transfer.State.FAILED)
    return uses.filter(due | Q(transfers__state=Transfer.State.DUE)).distinct().count()


def sums_of(offers: list[UUID]) -> dict[UUID, dict[str, int]]:
    """Per offer how often data were used, and what of the rewards has been paid; one query."""
    paid = Q(transfers__state=Transfer.State.DONE)
    rows = (
        Use.objects.filter(delivery__offer__in=offers)
        .values("delivery__offer")
        .annotate(
            uses=Count("id", distinct=True), paid_fen=Sum("transfers__amount_fen", filter=paid)
        )
    )
    nothing = {offer: {"uses": 0, "paid_fen": 0} for offer in offers}
    found = {
        row["delivery__offer"]: {"uses": row["uses"], "paid_fen": row["paid_fen"] or 0}
        for row in rows
    }
    return {**nothing, **found}


def open_for_a_ward(guardian: UUID) -> QuerySet[Payment]:
    """Payments that this guardian has opened for a ward and WeChat may still report as paid."""
    return Payment.objects.filter(payer=guardian, state=Payment.State.OPEN)
