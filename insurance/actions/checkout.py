"""
The patient's checkout: authorize a pharmacy, and take it back.

One transaction: the signed authorization, the stock kept for it, the bill. Where nothing is left
for the patient to pay, the cashier says so at once. Controlled medicines and large amounts take a
fresh look at the patient's face besides the key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from hospital import errors, queries
from hospital.actions.people import UnknownAddress
from hospital.faces import actions as faces
from hospital.faces.models import FaceCheck
from hospital.models import Address, Organisation
from hospital.roles import Actor, OrganisationKind
from hospital.units import stamp
from insurance import queries as bills
from insurance.actions import billing
from insurance.models import Bill
from ledger import chain
from ledger.entry import Statement
from pharmacy.actions import delivering, proposals, scanning, stock
from prescriptions import controlled, lifecycle, rests, seconds
from prescriptions.actions import answering, series
from prescriptions.facts import TWO_PHARMACISTS
from prescriptions.models import ChangeRequest, Prescription, Way
from prescriptions.rests import Units


class FaceNeeded(errors.Forbidden):
    """A controlled medicine, or a large amount: let WeChat look at your face (``checkout``)."""

    code = "checkout.face_needed"


class BadLines(errors.Invalid):
    """Of each line at most what is left of it is authorized, and of one line at least something."""

    code = "checkout.bad_lines"


class WholeOnly(errors.Conflict):
    """What two pharmacists give out is given out whole, so it is authorized whole."""

    code = "checkout.whole_only"


class BadWay(errors.Invalid):
    """A courier and an address are named exactly when a courier brings it."""

    code = "checkout.bad_way"


@dataclass(frozen=True, slots=True)
class Choice:
    """
    Where and how the patient wants it, and who shall pay (None: all payers that cover).

    ``face_check`` is a passed one for this, unspent. ``lines``: how many units of which lines, all
    that are left if None. ``promise``: of terms that were told a while ago (``policies.promised``).
    """

    pharmacy: str
    way: str
    courier: str | None = None
    address: UUID | None = None
    payers: Sequence[str] | None = None
    face_check: UUID | None = None
    lines: Units | None = None
    promise: str | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    pharmacy: Organisation
    courier: Organisation | None
    address: Address | None
    wants: stock.Wanted
    quote: billing.Quote
    facts: dict[str, Any]


def draw(
    prescription_id: UUID, choice: Choice, *, by: Actor, key: str, at: datetime
) -> tuple[Statement, billing.Quote]:
    """The authorization to sign, and the bill that it accepts."""
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.AUTHORIZE, by=by, at=at)
    series.check_former(prescription)
    plan = _plan(prescription, choice, by, at, lock=False)
    statement = lifecycle.propose(
        prescription, lifecycle.AUTHORIZE, by=by, key=key, at=at, facts=plan.facts
    )
    return statement, plan.quote


@transaction.atomic(savepoint=False)
def authorize(
    prescription_id: UUID, choice: Choice, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended, Bill]:
    """
    Authorize a pharmacy under the patient's signature.

    What a former authorization has left, which a change of the content ended, is cleared first.

    Raises:
        controlled.OnlyAtItsHospital, BadLines, WholeOnly, BadWay, UnknownAddress,
        queries.UnknownOrganisation, billing.NotCovered, stock.NotStocked, stock.OutOfStock,
        series.FormerIssueOpen, FaceNeeded:
        see each; and what ``faces.spend`` and ``lifecycle.advance`` raise. A price that changed
        since the statement was drawn is a ``signing.AlteredStatement``.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.AUTHORIZE, by=by, at=at)
    series.check_former(prescription)
    plan = _plan(prescription, choice, by, at, lock=True)
    entry = lifecycle.advance(
        prescription,
        lifecycle.AUTHORIZE,
        by=by,
        at=at,
        signed=signed,
        facts=plan.facts,
        pharmacy=plan.pharmacy,
        way=choice.way,
        courier=plan.courier,
        chosen=plan.quote.units,
        payers=plan.quote.payer_ids,
    )
    if choice.face_check is not None:  # after the keys, as wherever one is spent
        faces.spend(choice.face_check, FaceCheck.Purpose.CHECKOUT, by=by, at=at)
    clear(prescription, at=at)
    stock.reserve(prescription, plan.pharmacy, plan.wants, at=at)
    bill = billing.open_bill(prescription, plan.pharmacy, plan.quote, at=at)
    delivering.plan(prescription, plan.address)
    billing.settle_if_nothing_is_paid(prescription, bill, at=at)
    return prescription, entry, bill


def draw_withdrawal(prescription_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    prescription = lifecycle.find(prescription_id)
    return lifecycle.propose(prescription, lifecycle.WITHDRAW, by=by, key=key, at=at, facts={})


@transaction.atomic(savepoint=False)
def withdraw(
    prescription_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Take the authorization back before anything is dispensed: stock returns to the shelf, the
    bill is void, a payment is owed back. A notice of payment that comes later is refunded too, and
    nobody waits for an answer to what the pharmacy has asked.
    """
    prescription = lifecycle.lock(prescription_id)
    request = answering.open_request(prescription)
    entry = lifecycle.advance(
        prescription,
        lifecycle.WITHDRAW,
        by=by,
        at=at,
        signed=signed,
        facts={},
        pharmacy=None,
        way="",
        courier=None,
        chosen=None,
        **seconds.UNCHECKED,
    )
    clear(prescription, at=at)
    answering.close(request, ChangeRequest.Answer.WITHDRAWN, at=at)
    return prescription, entry


def clear(prescription: Prescription, *, at: datetime) -> None:
    """
    End all that stands on an authorization that is over: stock, scans, the bill, what was paid.

    Its bill is live until this was done, so without one there is nothing to do. The caller holds
    the prescription's row.
    """
    bill = bills.bill_left(prescription)
    if bill is not None:
        stock.release(prescription)
        proposals.close(prescription, at=at)
        scanning.end_scans(prescription, at=at)
        billing.void(bill, at=at)


def _plan(
    prescription: Prescription, choice: Choice, by: Actor, at: datetime, *, lock: bool
) -> _Plan:
    controlled.check_choice(prescription.dispenser, choice.pharmacy, choice.way)
    pharmacy = queries.organisation(choice.pharmacy, OrganisationKind.PHARMACY, field="pharmacy")
    courier, address = _carriage(choice, by)
    wants = billing.wanted(prescription, _units(prescription, choice))
    quoted = billing.quote(
        prescription, pharmacy, wants, choice.payers, at=at, promise=choice.promise, lock=lock
    )
    readers = [pharmacy.slug, *quoted.payers, *quoted.at_payment]
    facts: dict[str, Any] = {
        "pharmacy": pharmacy.slug,
        "way": choice.way,
        "lines": dict(quoted.units),
        "bill": quoted.facts(),
    }
    if courier is not None and address is not None:
        readers.append(courier.slug)
        facts["courier"] = courier.slug
        facts["address"] = bytes(address.record.commitment).hex()
    if (face := seen(prescription, choice.face_check, quoted, by, at)) is not None:
        facts["face"] = stamp(face)
    facts["grant"] = granted(prescription, readers)
    return _Plan(pharmacy, courier, address, wants, quoted, facts)


def granted(prescription: Prescription, readers: Sequence[str]) -> dict[str, Any]:
    """What an authorization opens to who delivers and who pays."""
    return {
        "to": sorted(readers),
        "purpose": "dispense_deliver_settle",
        "until": stamp(prescription.valid_until),
    }


def _units(prescription: Prescription, choice: Choice) -> Units:
    """The units that are to be authorized."""
    left: Units = prescription.quantities
    if choice.lines is None:
        return left
    if not rests.within(choice.lines, left):
        raise BadLines(field="lines", left=dict(left))
    if prescription.form in TWO_PHARMACISTS and choice.lines != left:
        raise WholeOnly
    return choice.lines


def seen(
    prescription: Prescription,
    face_check: UUID | None,
    quoted: billing.Quote,
    by: Actor,
    at: datetime,
) -> datetime | None:
    """
    When the patient's face was recognised for this; None if nobody has to look.

    Raises ``FaceNeeded``.
    """
    if face_check is not None:
        return faces.recognised_at(face_check, FaceCheck.Purpose.CHECKOUT, by=by, at=at)
    if prescription.form in controlled.TO_FACES:
        raise FaceNeeded(reason="controlled")
    if quoted.total_fen >= settings.FACE_FROM_FEN:
        raise FaceNeeded(reason="amount", from_fen=settings.FACE_FROM_FEN)
    return None


def _carriage(choice: Choice, by: Actor) -> tuple[Organisation | None, Address | None]:
    if choice.way == Way.COLLECT:
        if choice.courier is not None or choice.address is not None:
            raise BadWay(field="way")
        return None, None
    if choice.courier is None or choice.address is None:
        raise BadWay(field="courier" if choice.courier is None else "address")
    courier = queries.organisation(choice.courier, OrganisationKind.COURIER, field="courier")
    address = (
        Address.objects.select_related("record")
        .filter(id=choice.address, account_id=by.account)
        .first()
    )
    if address is None:
        raise UnknownAddress(field="address")
    return courier, address
