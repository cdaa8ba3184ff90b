"""The bill of one authorization: prices at the pharmacy, divided among the payers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from hospital import calendar, errors, records, services
from hospital.models import Organisation, SealedRecord
from insurance import queries
from insurance.actions import owing_back
from insurance.journal import post
from insurance.models import Bill, Payment, PolicyUse
from insurance.policies import bills, covers, promised
from insurance.policies.bills import Quote as Quote
from insurance.policies.covers import Cover, InForce, Promise
from insurance.policies.reckon import Line, reckon
from insurance.policies.terms import Medicine as Covered
from pharmacy.actions import stock
from prescriptions import content, lifecycle
from prescriptions.models import Medicine, Prescription
from prescriptions.rests import Units


class NotCovered(errors.Invalid):
    """This payer promises this patient nothing."""

    code = "payer.not_covering"


@dataclass(frozen=True, slots=True)
class Priced:
    """A line's number, its medicine as terms look at it, and the price of all its units."""

    line: str
    medicine: Covered
    total_fen: int


@dataclass(frozen=True, slots=True)
class Promises:
    """What the payers that apply have promised the patient, in the order in which they pay."""

    promises: tuple[Promise, ...]

    def quote(self, priced: Iterable[Priced], units: Units) -> Quote:
        """Who would pay what of these lines: the arithmetic of every bill."""
        lines = tuple(
            Line(
                one.line, one.total_fen, tuple(each.counts(one.medicine) for each in self.promises)
            )
            for one in priced
        )
        return quoted(lines, units, tuple(one.cover for one in self.promises))


def quoted(lines: Sequence[Line], units: Units, by: tuple[Cover, ...]) -> Quote:
    """Who would pay what of lines of which it is known what counts."""
    reckoned = reckon(lines, [one.limits for one in by], [one.used for one in by])
    return Quote(tuple(lines), units, by, reckoned)


def wanted(prescription: Prescription, units: Units) -> stock.Wanted:
    """
    Which medicines, and how many of each: of the lines of ``units``.

    Opens the lines for the patient's own command, in which they reach nobody but the shelf.
    """
    lines = content.lines_of(_opened(prescription, content.LINES))
    return {line: (said["code"], units[line]) for line, said in lines.items() if line in units}


def quote(
    prescription: Prescription,
    pharmacy: Organisation,
    wants: stock.Wanted,
    payers: Sequence[str] | None,
    *,
    at: datetime,
    promise: str | None = None,
    lock: bool = False,
) -> Quote:
    """
    What the prescription costs at ``pharmacy``; ``payers`` are slugs, None means all that cover;
    ``promise`` is one that still holds (``policies.promised``), or None.

    ``lock``: nobody else uses their policies' years until the transaction ends. Diagnoses are
    opened if a policy asks for them: for the patient's own command, in which they reach nobody.

    Raises:
        NotCovered, promised.NoPromise, promised.PromiseOver, stock.NotStocked: see each.
    """
    found = in_force(prescription, payers, at=at, promise=promise)
    if lock:
        covers.lock([one.policy for one in found])
    ill = _opened(prescription, content.DIAGNOSES) if ask_for_diagnoses(found) else {}
    terms = promises(prescription, found, ill, at=at)
    prices = stock.prices(pharmacy, wants)
    medicines = medicines_of(wants)
    priced = [
        Priced(number, medicines[code], prices[number]) for number, (code, _) in wants.items()
    ]
    return terms.quote(priced, {number: units for number, (_, units) in wants.items()})


def medicines_of(wants: stock.Wanted) -> dict[str, Covered]:
    """Medicine code → what terms look at of it."""
    found = Medicine.objects.filter(code__in={code for code, _ in wants.values()})
    rows = found.values_list("code", "insurance_class", "atc")
    return {code: Covered(named, code, atc) for code, named, atc in rows}


def open_bill(
    prescription: Prescription, pharmacy: Organisation, quote: Quote, *, at: datetime
) -> Bill:
    """
    Store what was quoted, and reserve it of the policies' years; the caller holds the
    prescription's row and the policies' locks.
    """
    bill = Bill.objects.create(
        prescription=prescription,
        pharmacy=pharmacy,
        total_fen=quote.total_fen,
        patient_fen=quote.patient_fen,
        opened_at=at,
    )
    bills.store(bill, quote)
    post.opened(bill, at=at)
    return bill


def settle_if_nothing_is_paid(prescription: Prescription, bill: Bill, *, at: datetime) -> None:
    """Of a bill that was just opened: neither the patient nor a fund at payment pays anything."""
    if bill.patient_fen == 0 and not queries.at_payment(bill, bill):
        settle_patient_share(prescription, bill, {"patient_fen": 0}, at=at)


def settle_patient_share(
    prescription: Prescription, bill: Bill, facts: dict[str, Any], *, at: datetime
) -> None:
    """Nothing is left to be paid at payment; the cashier signs it. Caller holds the rx row."""
    lifecycle.advance_as_server(
        prescription,
        lifecycle.PAY,
        by=services.CASHIER,
        service="cashier",
        at=at,
        facts=facts,
    )
    bill.state = Bill.State.PAID
    bill.save(update_fields=["state"])


def void(bill: Bill, *, at: datetime) -> None:
    """
    The bill counts no more: its policies' years have back what it used, and what was paid for it
    is owed back. Caller holds the rx row.
    """
    for payment in Payment.objects.filter(bill=bill, state=Payment.State.PAID):
        owing_back.all_of(payment, at=at)
    PolicyUse.objects.filter(share__bill=bill).delete()
    bill.state = Bill.State.VOID
    bill.save(update_fields=["state"])
    post.void(bill, at=at)


def in_force(
    prescription: Prescription,
    payers: Sequence[str] | None,
    *,
    at: datetime,
    promise: str | None = None,
) -> list[InForce]:
    """
    The policies that apply, in the order in which they pay; ``payers`` and ``promise`` as in
    ``quote``.

    Raises ``NotCovered``, ``promised.NoPromise``, ``promised.PromiseOver``.
    """
    patient = prescription.patient_id
    if promise is not None:
        found = covers.in_order(promised.kept(promise, patient, at=at))
    else:
        found = covers.in_order(covers.rows(patient, at=at).values_list("said", flat=True))
    if payers is None:
        return found
    if not set(payers) <= {one.payer.slug for one in found}:
        raise NotCovered(field="payers")
    return [one for one in found if one.payer.slug in payers]


def ask_for_diagnoses(found: Sequence[InForce]) -> bool:
    return any(one.terms.diagnoses for one in found)


def promises(
    prescription: Prescription, found: Sequence[InForce], ill: Mapping[str, Any], *, at: datetime
) -> Promises:
    """
    What the policies promise for this prescription, with what others have used; ``ill`` has the
    fields of its diagnoses. A bill that it has already is about to be replaced, and is no use.
    """
    theirs = Q(policy__in=[one.policy for one in found])
    others = covers.use_rows(prescription.patient_id, theirs, at=at).exclude(
        share__bill__prescription=prescription
    )
    uses = list(others.values_list("said", flat=True)) if found else []
    codes = content.diagnoses_of(ill)
    on = calendar.legal_day(at)
    return Promises(tuple(one.promise(uses, on, codes) for one in found))


def _opened(prescription: Prescription, prefix: str) -> Mapping[str, Any]:
    return records.unsealed(SealedRecord.objects.get(id=prescription.record_id), (prefix,))
