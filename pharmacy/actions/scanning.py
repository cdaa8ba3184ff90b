"""Scan the patient's code, once; look at what was prescribed, recorded."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from hospital import errors
from hospital.models import Key
from hospital.roles import Actor
from hospital.units import stamp
from pharmacy import queries
from pharmacy.actions import double_checking, printing, reading
from pharmacy.models import PrintedCode, Scan
from prescriptions import lifecycle, permissions
from prescriptions import queries as rx_queries
from prescriptions.actions import viewing
from prescriptions.models import Prescription, Status, Way

BY_PHONE, BY_PAPER, BY_ORDER = "patient_code", "printed_code", "courier_order"
"""Why a pharmacist may look, as the ``record.view`` entry says it."""
ORDERED = "parcel/"
"""How the nonce of a scan without a code begins; no code's does (``codes``)."""


class NoParcel(errors.Conflict):
    """The patient fetches it and shows a code; only what a courier fetches is taken up without."""

    code = "scan.no_parcel"


@transaction.atomic(savepoint=False)
def scan(text: str, born: date | None = None, *, by: Actor, at: datetime) -> list[Scan]:
    """
    Accept a patient's code, once: a scan of each prescription that it names, or of none.

    ``born`` is the patient's birth date, as whoever brings a printed code tells it.

    Raises:
        reading.UsedCode, reading.OtherPharmacy: see each; and what ``reading.read``,
            ``reading.check_clock``, ``reading.signer`` and ``reading.check_owner`` raise.
        printing.*: the printed code is not in force, or the birth date is wrong.
        permissions.WrongPharmacy: the authorization is for another pharmacy, or was taken back.
        lifecycle.UnknownPrescription, lifecycle.WrongState, lifecycle.OutOfTime: there is
            nothing to dispense.
    """
    parsed, code = reading.read(text)
    if by.organisation != code.pharmacy:
        raise reading.OtherPharmacy
    reading.check_clock(code, at)
    key = reading.signer(parsed, at)
    prescriptions = [lifecycle.lock(one) for one in code.prescriptions]
    if Scan.objects.filter(nonce=code.nonce).exists():
        raise reading.UsedCode
    for prescription in prescriptions:
        _check(prescription, key, by, at)
    printed = printing.use(code, born, at=at)
    try:
        return Scan.objects.bulk_create(
            _scan(code.nonce, number, one, printed, by, at)
            for number, one in enumerate(prescriptions, 1)
        )
    except IntegrityError as fault:  # another code with this nonce is scanned at this moment
        raise reading.UsedCode from fault


@transaction.atomic(savepoint=False)
def take_up(prescription_id: UUID, *, by: Actor, at: datetime) -> Scan:
    """
    Take up what a courier is to fetch, without a code: its patient is at home.

    The authorization that the patient signed names this pharmacy and the way, and is what a code at
    the counter proves besides that somebody stands there.

    Raises:
        NoParcel: the patient fetches it, and shows a code.
        permissions.WrongPharmacy, lifecycle.*: as ``scan``.
    """
    prescription = lifecycle.lock(prescription_id)
    _check_waits(prescription, by, at)
    if prescription.way != Way.COURIER:
        raise NoParcel
    made = _scan(f"{ORDERED}{uuid4().hex}", 1, prescription, None, by, at)
    made.save()
    return made


def end_scans(prescription: Prescription, *, at: datetime) -> None:
    """
    What was scanned or printed under an authorization ends with it; the caller holds the rx row.
    """
    Scan.objects.filter(prescription=prescription, ended_at__isnull=True).update(ended_at=at)
    printing.end([prescription.id], PrintedCode.Ending.WITHDRAWN, at=at)


def view(scan_id: UUID, *, by: Actor, at: datetime) -> viewing.Opened:
    """
    What the pharmacist needs to check and dispense; the look is recorded first.

    Raises:
        double_checking.UnknownScan: it is not the caller's, has ended, or is older than
            ``queries.SCAN_LIFE``.
    """
    with transaction.atomic():
        found = Scan.objects.filter(
            id=scan_id,
            pharmacist_id=by.account,
            scanned_at__gt=at - queries.SCAN_LIFE,
            ended_at__isnull=True,
        ).first()
        if found is None:
            raise double_checking.UnknownScan
        prescription = rx_queries.with_record(found.prescription_id)
        permissions.check_party(prescription, by)
        looked = double_checking.look(prescription, basis(found), by=by, at=at)
    return viewing.opened(prescription, looked)


def basis(scan: Scan) -> str:
    """Why whoever made this scan may look."""
    if scan.nonce.startswith(ORDERED):
        return BY_ORDER
    return BY_PHONE if scan.printed_id is None else BY_PAPER


def _check(prescription: Prescription, key: Key, by: Actor, at: datetime) -> None:
    """May it be given out here, by the word of who has this key?"""
    permissions.check_party(prescription, by)
    reading.check_owner(prescription, key, at)
    _check_waits(prescription, by, at)


def _check_waits(prescription: Prescription, by: Actor, at: datetime) -> None:
    """Is it to be given out here now?"""
    permissions.check_party(prescription, by)
    if prescription.status != Status.PAID:
        raise lifecycle.WrongState(status=prescription.status)
    if at >= prescription.valid_until:
        raise lifecycle.OutOfTime(move="scan", valid_until=stamp(prescription.valid_until))


def _scan(
    nonce: str,
    number: int,
    prescription: Prescription,
    printed: PrintedCode | None,
    by: Actor,
    at: datetime,
) -> Scan:
    return Scan(
        nonce=nonce,
        number=number,
        prescription=prescription,
        pharmacist_id=by.account,
        pharmacy_id=by.organisation_id,
        printed=printed,
        scanned_at=at,
    )
