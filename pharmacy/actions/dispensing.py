"""Scan the patient's code, look, dispense."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import acting, errors, keystate, signing
from hospital.models import Key
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain, network, note
from ledger.entry import Statement
from pharmacy import codes, queries
from pharmacy.actions import boxes, double_checking, lots, stock
from pharmacy.models import Dispensing, Scan
from prescriptions import lifecycle, permissions
from prescriptions import queries as rx_queries
from prescriptions.actions import series, viewing
from prescriptions.models import Prescription, Status


class BadCode(errors.Invalid):
    """This is not a code that the prescription's patient signed."""

    code = "code.invalid"


class ExpiredCode(errors.Gone):
    """The code has ended; the patient's phone makes a new one."""

    code = "code.expired"


class UsedCode(errors.Conflict):
    """The code was scanned before; the patient's phone makes a new one."""

    code = "code.used"


class NotScanned(errors.Forbidden):
    """Scan the patient's code first."""

    code = "scan.missing"


@transaction.atomic(savepoint=False)
def scan(text: str, *, by: Actor, at: datetime) -> Scan:
    """
    Accept a patient's code, once.

    Raises:
        BadCode, ExpiredCode, UsedCode: see each.
        signing.UnknownKey: the phone's key is not registered;
        keystate.RevokedKey, keystate.WaitingKey, keystate.SuspendedKey: it signs nothing (yet).
        permissions.WrongPatient, GuardianshipOver: it is not the patient's, nor a guardian's (now).
        permissions.WrongPharmacy: the code or the authorization is for another pharmacy.
        lifecycle.UnknownPrescription, lifecycle.WrongState, lifecycle.OutOfTime: there is
            nothing to dispense.
    """
    parsed, code = _read(text)
    if not code.live(at):
        raise ExpiredCode
    prescription = lifecycle.lock(_prescription_id(code))
    if by.organisation != code.pharmacy:
        raise permissions.WrongPharmacy
    permissions.check_party(prescription, by)
    _check_signature(parsed, prescription, at)
    if prescription.status != Status.PAID:
        raise lifecycle.WrongState(status=prescription.status)
    if at >= prescription.valid_until:
        raise lifecycle.OutOfTime(move="scan", valid_until=stamp(prescription.valid_until))
    if Scan.objects.filter(nonce=code.nonce).exists():
        raise UsedCode
    return Scan.objects.create(
        nonce=code.nonce,
        prescription=prescription,
        pharmacist_id=by.account,
        pharmacy_id=by.organisation_id,
        scanned_at=at,
    )


def end_scans(prescription: Prescription, *, at: datetime) -> None:
    """What was scanned under an authorization ends with it; the caller holds the rx row."""
    Scan.objects.filter(prescription=prescription, ended_at__isnull=True).update(ended_at=at)


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
        looked = double_checking.look(prescription, "patient_code", by=by, at=at)
    return viewing.opened(prescription, looked)


def draw(
    prescription_id: UUID, given: lots.Given, *, by: Actor, key: str, at: datetime
) -> Statement:
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.DISPENSE, by=by, at=at)
    scanned = _scan(prescription, by, at)
    facts = _facts(prescription, boxes.complete(given, scanned), scanned, at)
    return lifecycle.propose(prescription, lifecycle.DISPENSE, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def dispense(
    prescription_id: UUID, given: lots.Given, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Give out the medicines under the pharmacist's signature; the reserved stock leaves the shelf.

    Raises:
        NotScanned, double_checking.WrongQuantity, double_checking.NotChecked,
        double_checking.OtherScan, double_checking.OtherLots, and what ``lots.choose``,
        ``boxes.choose`` and ``lifecycle.advance`` raise.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.DISPENSE, by=by, at=at)
    scanned = _scan(prescription, by, at)
    given = boxes.complete(given, scanned)
    facts = _facts(prescription, given, scanned, at)
    entry = lifecycle.advance(
        prescription,
        lifecycle.DISPENSE,
        by=by,
        at=at,
        signed=signed,
        facts=facts,
        dispensed_by_id=by.person,
    )
    stock.take(prescription, lots.chosen(given.lots, scanned), entry, by=by, at=at)
    Dispensing.objects.create(
        prescription=prescription,
        scan=scanned,
        pharmacist_id=by.account,
        lines=given.lines,
        dispensed_at=at,
    )
    series.put_off_next(prescription, at=at)
    return prescription, entry


def _read(text: str) -> tuple[note.Note, codes.Code]:
    try:
        parsed = note.parse(text.encode())
        return parsed, codes.Code.parse(parsed.text)
    except (note.Malformed, ValueError) as fault:
        raise BadCode(field="code") from fault


def _prescription_id(code: codes.Code) -> UUID:
    kind, _, name = code.subject.partition("/")
    try:
        prescription_id = UUID(hex=name)
    except ValueError as fault:
        raise BadCode(field="code") from fault
    if kind != "rx" or code.origin != network.lines()[0]:
        raise BadCode(field="code")
    return prescription_id


def _check_signature(parsed: note.Note, prescription: Prescription, at: datetime) -> None:
    key = Key.objects.filter(name=parsed.signatures[0].name).first()
    if key is None:
        raise signing.UnknownKey(key=parsed.signatures[0].name)
    patient = prescription.patient_id
    if key.account_id != patient and not acting.check_guards(patient, key.account_id, at=at):
        raise permissions.WrongPatient
    keystate.check(key.name, key.times, at)
    signing.check_signature(parsed, signing.verifier(key))


def _scan(prescription: Prescription, by: Actor, at: datetime) -> Scan:
    scanned = queries.live_scan(prescription, by, at=at)
    if scanned is None:
        raise NotScanned
    return scanned


def _facts(
    prescription: Prescription, given: lots.Given, scanned: Scan, at: datetime
) -> dict[str, Any]:
    double_checking.check_done(prescription, scanned)
    said = double_checking.facts_of(prescription, given, scanned, at)
    return {**said, **boxes.facts_of(given, scanned)}
