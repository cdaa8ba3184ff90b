"""
The patient answers a pharmacist's proposal of another medicine (``pharmacy.actions.proposing``).

Who agrees authorizes anew, with one signature: the same pharmacy, way and units, and the bill with
the substitute's price and insurance class. What was paid for the old bill goes back, and the new
share is paid. Who refuses keeps the authorization as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital.faces import actions as faces
from hospital.faces.models import FaceCheck
from hospital.roles import Actor
from hospital.units import stamp
from insurance import queries as bills
from insurance.actions import billing, checkout
from insurance.models import Bill
from ledger import chain
from ledger.entry import Statement
from pharmacy import queries_stock
from pharmacy.actions import proposals, scanning, stock
from pharmacy.models import Substitution
from prescriptions import lifecycle, seconds
from prescriptions.actions import answering
from prescriptions.models import ChangeRequest, Prescription


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is proposed, the bill that it replaces, what it comes to, and what the entry says."""

    proposal: Substitution
    former: Bill
    wants: stock.Wanted
    quote: billing.Quote
    facts: dict[str, Any]


def draw(
    prescription_id: UUID, face_check: UUID | None, *, by: Actor, key: str, at: datetime
) -> tuple[Statement, Agreed]:
    """The statement by which the patient agrees, and the bill that it accepts."""
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.AGREE, by=by, at=at)
    agreed = _agreed(prescription, face_check, by, at, lock=False)
    statement = lifecycle.propose(
        prescription, lifecycle.AGREE, by=by, key=key, at=at, facts=agreed.facts
    )
    return statement, agreed


@transaction.atomic(savepoint=False)
def agree(
    prescription_id: UUID, face_check: UUID | None, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended, Bill]:
    """
    Agree under the patient's signature.

    Raises:
        proposals.NothingProposed, billing.NotCovered, stock.OutOfStock, checkout.FaceNeeded, and
        what ``faces.spend`` and ``lifecycle.advance`` raise.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.AGREE, by=by, at=at)
    agreed = _agreed(prescription, face_check, by, at, lock=True)
    request = answering.open_request(prescription)
    entry = lifecycle.advance(
        prescription,
        lifecycle.AGREE,
        by=by,
        at=at,
        signed=signed,
        facts=agreed.facts,
        **seconds.UNCHECKED,
    )
    if face_check is not None:
        faces.spend(face_check, FaceCheck.Purpose.CHECKOUT, by=by, at=at)
    answering.close(request, ChangeRequest.Answer.WITHDRAWN, at=at)
    proposals.answer(agreed.proposal, Substitution.Answer.AGREED, at=at)
    stock.hold_instead(prescription, agreed.former.pharmacy, agreed.wants, at=at)
    scanning.end_scans(prescription, at=at)
    billing.void(agreed.former, at=at)
    bill = billing.open_bill(prescription, agreed.former.pharmacy, agreed.quote, at=at)
    billing.settle_if_nothing_is_paid(prescription, bill, at=at)
    return prescription, entry, bill


def draw_refusal(prescription_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.DISAGREE, by=by, at=at)
    facts = {"proposal": proposals.open_one(prescription).commitment}
    return lifecycle.propose(prescription, lifecycle.DISAGREE, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def refuse(
    prescription_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Refuse under the patient's signature; everything stays as it was authorized.

    Raises ``proposals.NothingProposed``, and what ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.DISAGREE, by=by, at=at)
    found = proposals.open_one(prescription)
    facts = {"proposal": found.commitment}
    entry = lifecycle.advance(
        prescription, lifecycle.DISAGREE, by=by, at=at, signed=signed, facts=facts
    )
    proposals.answer(found, Substitution.Answer.REFUSED, at=at)
    return prescription, entry


def _agreed(
    prescription: Prescription, face_check: UUID | None, by: Actor, at: datetime, *, lock: bool
) -> Agreed:
    found = proposals.open_one(prescription)
    former = bills.live_bill(prescription)
    held = queries_stock.held_for(prescription)
    codes = {line: (one.item.medicine_id, n) for one in held for line, n in one.lines.items()}
    codes[found.line] = (found.item.medicine_id, codes[found.line][1])
    wants = {line: codes[line] for line in sorted(codes, key=int)}
    payers = [one.payer.slug for one in former.in_order]
    quote = billing.quote(prescription, former.pharmacy, wants, payers, at=at, lock=lock)
    facts: dict[str, Any] = {
        "proposal": found.commitment,
        "pharmacy": former.pharmacy.slug,
        "lines": dict(quote.units),
        "bill": quote.facts(),
    }
    readers = [former.pharmacy.slug, *quote.payers, *quote.at_payment]
    if prescription.courier is not None:
        facts["courier"] = prescription.courier.slug
        readers.append(prescription.courier.slug)
    if (face := checkout.seen(prescription, face_check, quote, by, at)) is not None:
        facts["face"] = stamp(face)
    facts["grant"] = checkout.granted(prescription, readers)
    return Agreed(found, former, wants, quote, facts)
