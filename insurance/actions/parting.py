"""
Give out a part: what was given goes on as the prescription that it was, with a bill of its own
size; what is left is a remainder, which the patient fetches where he or she likes.

One transaction: the pharmacist's entry, the remainder and its entry, the shelf, the bill, and what
is owed back to the patient. So however many pharmacies give out of one prescription, together they
never give more than was prescribed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.roles import Actor
from insurance.actions import billing, reducing
from insurance.models import Bill
from ledger import chain
from ledger.entry import Statement
from pharmacy.actions import boxes, checklist, dispensing, lots
from pharmacy.models import Scan
from prescriptions import lifecycle, rests
from prescriptions.actions import owing
from prescriptions.facts import TWO_PHARMACISTS
from prescriptions.models import Prescription


class WholeOnly(errors.Conflict):
    """What two pharmacists give out is given out whole or not at all."""

    code = "dispensing.whole_only"


class NotAuthorized(errors.Invalid):
    """Of each line at most what the patient has authorized is given, of one at least something."""

    code = "dispensing.not_authorized"


class NothingLeft(errors.Invalid):
    """That is all that was prescribed: it is dispensed, and not in part."""

    code = "dispensing.nothing_left"


@dataclass(frozen=True, slots=True)
class Parted:
    """The bill as it was until then, what it comes to, and what the entry says."""

    scan: Scan
    given: lots.Given
    bill: Bill
    quote: billing.Quote
    facts: dict[str, Any]

    @property
    def back_fen(self) -> int:
        """What the patient gets back."""
        return self.bill.patient_fen - self.quote.patient_fen


def draw(
    prescription_id: UUID, given: lots.Given, *, by: Actor, key: str, at: datetime
) -> tuple[Statement, Parted]:
    """The statement by which a part is given out, and what becomes of the bill."""
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.DISPENSE_PART, by=by, at=at)
    parted = _parted(prescription, given, by, at)
    statement = lifecycle.propose(
        prescription, lifecycle.DISPENSE_PART, by=by, key=key, at=at, facts=parted.facts
    )
    return statement, parted


@transaction.atomic(savepoint=False)
def dispense(
    prescription_id: UUID, given: lots.Given, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended, Prescription, int]:
    """
    Give out a part under the pharmacist's signature. Also gives the remainder, and what goes back.

    Raises:
        NotAuthorized, NothingLeft, WholeOnly, checklist.Unchecked, dispensing.NotScanned,
        reducing.OldBill, and what ``lots.choose`` and ``lifecycle.advance`` raise.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.DISPENSE_PART, by=by, at=at)
    parted = _parted(prescription, given, by, at)
    entry = lifecycle.advance(
        prescription,
        lifecycle.DISPENSE_PART,
        by=by,
        at=at,
        signed=signed,
        facts=parted.facts,
        dispensed_by_id=by.person,
    )
    remainder = owing.owe(prescription, given.lines, at=at)
    dispensing.hand_out(prescription, parted.given, parted.scan, entry, by=by, at=at)
    back_fen = reducing.reduce(parted.bill, parted.quote, at=at)
    return prescription, entry, remainder, back_fen


def _parted(prescription: Prescription, given: lots.Given, by: Actor, at: datetime) -> Parted:
    if prescription.form in TWO_PHARMACISTS:
        raise WholeOnly
    authorized: rests.Units = prescription.chosen or {}
    if not rests.within(given.lines, authorized):
        raise NotAuthorized(field="lines", authorized=dict(authorized))
    if given.lines == prescription.quantities:
        raise NothingLeft(field="lines")
    scanned = dispensing.scan_of(prescription, by, at)
    given = boxes.complete(given, scanned)
    bill, quote = reducing.reduced(prescription, given.lines)
    facts = {
        "pharmacy": scanned.pharmacy.slug,
        "lines": given.lines,
        "scan": scanned.id.hex,
        "checks": checklist.facts_of(given.checks),
        "rest": rests.id_of_remainder(prescription.id).hex,
        "bill": quote.facts(),
        **boxes.facts_of(given, scanned),
    }
    return Parted(scanned, given, bill, quote, facts)
