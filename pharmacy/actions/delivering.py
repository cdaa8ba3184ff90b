"""From the counter or the courier into the patient's hands."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from hospital import access, errors, paging, sealing
from hospital.models import Address, SealedRecord
from hospital.roles import Actor, Role
from ledger import chain
from ledger.entry import Statement
from pharmacy import coldchain, handover, queries
from pharmacy.models import Delivery
from pharmacy.parcels import NUMBER
from prescriptions import lifecycle, permissions
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription, Status, Way

TRIES = 5
CODE_DIGITS = 6
TO_DELIVER = ("recipient", "phone", "text")
_BY_CODE = {Role.COURIER: lifecycle.HAND_OVER, Role.PHARMACIST: lifecycle.HAND_OUT}


class WrongDeliveryCode(errors.Forbidden):
    """This is not the code on the patient's phone."""

    code = "delivery.wrong_code"


class DeliveryLocked(errors.LockedOut):
    """Too many wrong codes; only the patient's own signature can take the medicines now."""

    code = "delivery.locked"


class WrongWay(errors.Conflict):
    """The patient chose another way to get the medicines."""

    code = "delivery.wrong_way"


@dataclass(frozen=True, slots=True)
class Parcel:
    """
    What a courier may know: where from, where to, and nothing about the content. ``address`` is
    None if it was erased.
    """

    prescription: Prescription
    address: dict[str, str] | None


def plan(prescription: Prescription, address: Address | None) -> None:
    """Where the medicines will go; the patient's latest choice counts."""
    Delivery.objects.bulk_create(
        [Delivery(prescription=prescription, address=address)],
        update_conflicts=True,
        unique_fields=["prescription"],
        update_fields=["address"],
    )


def code_for(prescription: Prescription) -> str:
    """
    The one-time code that the patient tells the courier: six digits, the same until delivered.

    Derived, not stored: a keyed digest of the prescription; ``TRIES`` guesses find it with a
    chance of 1 in 200 000.
    """
    digest = sealing.index(prescription.subject, "delivery_code")
    return str(int.from_bytes(digest[:8], "big") % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def show_code(prescription_id: UUID, *, by: Actor) -> str:
    """The code, for its patient once there is something to receive."""
    prescription = lifecycle.find(prescription_id)
    permissions.check_party(prescription, by)
    if prescription.status not in (Status.PAID, Status.DISPENSED, Status.IN_TRANSIT):
        raise lifecycle.WrongState(status=prescription.status)
    return code_for(prescription)


def parcels(
    wanted: paging.Wanted, number: str | None, *, by: Actor, at: datetime
) -> tuple[list[Parcel], paging.Cursor | None]:
    """
    A page of the courier company's parcels, oldest first, with addresses, or the one of an order of
    this ``number``; the look is recorded first.
    """
    with transaction.atomic():
        rows = queries.awaiting_courier(by.organisation_id)
        if number is not None:
            rows = (
                rows.filter(courier_order__number=number)
                if NUMBER.fullmatch(number)
                else rows.none()
            )
        found, following = paging.oldest_first(rows, wanted)
        addresses = [_address(one) for one in found]
        looked = access.view(
            by=by,
            at=at,
            purpose="deliver",
            basis="patient_choice",
            of=addresses,
            about="parcels",
            fields=TO_DELIVER,
            among=[one.patient_id for one in found],
        )
    opened = [
        Parcel(one, access.listed(address, looked))
        for one, address in zip(found, addresses, strict=True)
    ]
    return opened, following


def _address(prescription: Prescription) -> SealedRecord:
    address = prescription.delivery.address
    assert address is not None, "what a courier brings has an address"
    return address.record


def draw_ship(prescription_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    prescription = lifecycle.find(prescription_id)
    return lifecycle.propose(
        prescription, lifecycle.SHIP, by=by, key=key, at=at, facts=_ship_facts(by)
    )


@transaction.atomic(savepoint=False)
def ship(
    prescription_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """The courier takes over from the pharmacy."""
    prescription = lifecycle.lock(prescription_id)
    entry = lifecycle.advance(
        prescription, lifecycle.SHIP, by=by, at=at, signed=signed, facts=_ship_facts(by)
    )
    Delivery.objects.filter(prescription=prescription).update(shipped_at=at)
    return prescription, entry


def draw_delivery(
    prescription_id: UUID, code: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    prescription = lifecycle.find(prescription_id)
    move, facts = _delivery(prescription, code, by, at)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def deliver(
    prescription_id: UUID, code: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Hand the medicines over: signed by the patient's phone, or by courier or pharmacist who
    brings the one-time code that the patient told.

    Raises:
        WrongDeliveryCode, DeliveryLocked, WrongWay, coldchain.TooLongAway: see each; and what
        ``advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    move, facts = _delivery(prescription, code, by, at)
    entry = lifecycle.advance(prescription, move, by=by, at=at, signed=signed, facts=facts)
    Delivery.objects.filter(prescription=prescription).update(delivered_at=at)
    handover.done(prescription, at=at)
    return prescription, entry


def try_code(prescription_id: UUID, code: str, *, by: Actor) -> None:
    """
    Judge and count the code by itself, before the command: a refused command is rolled back, a
    try is not, and tries at the same moment wait for each other.

    Raises:
        WrongDeliveryCode, DeliveryLocked: see each; and what ``permissions.check_party`` raises.
    """
    if by.role is Role.PATIENT:
        return
    with transaction.atomic():
        prescription = lifecycle.lock(prescription_id)
        permissions.check_party(prescription, by)
        if prescription.status not in (Status.DISPENSED, Status.IN_TRANSIT):
            return
        try:
            _check_code(prescription, code)
            return
        except WrongDeliveryCode:
            Delivery.objects.filter(prescription=prescription).update(failures=F("failures") + 1)
    raise WrongDeliveryCode


def _ship_facts(by: Actor) -> dict[str, Any]:
    return {"courier": by.organisation}


def _delivery(
    prescription: Prescription, code: str, by: Actor, at: datetime
) -> tuple[Move, dict[str, Any]]:
    move = _BY_CODE.get(by.role, lifecycle.RECEIVE)
    lifecycle.check(prescription, move, by=by, at=at)
    if move is lifecycle.HAND_OVER:
        coldchain.check(prescription, at)
    couriered = prescription.way == Way.COURIER
    if couriered and prescription.status == Status.DISPENSED:
        raise WrongWay(way=prescription.way)  # the courier has not fetched it yet
    if by.role is Role.PATIENT:
        return move, {"proof": "signature"}
    _check_code(prescription, code)
    return move, {"proof": "code"}


def _check_code(prescription: Prescription, code: str) -> None:
    if Delivery.objects.get(prescription=prescription).failures >= TRIES:
        raise DeliveryLocked
    if not hmac.compare_digest(code.encode(), code_for(prescription).encode()):
        raise WrongDeliveryCode
