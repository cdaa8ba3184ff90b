"""
Two pharmacists give out narcotics and psychotropics of class I: one scans and dispenses, another
of the same pharmacy has checked it before (双人复核), in an entry of its own.

The check is of one scan, of the lines to be given out and of the lots from which they are taken;
dispensing repeats all three. It ends with the
scan, with the content, and with the patient's authorization: what the doctor changes or the patient
takes back is scanned and checked again.

Source: regulation on narcotics and psychotropics (State Council order 442) and order 53, art. 38:
who gives out and who checks both sign; two persons: the health commission's rules for them (2005).
All are cited from memory: unconfirmed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, errors
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from pharmacy import queries
from pharmacy.actions import lots
from pharmacy.models import Scan
from prescriptions import content, lifecycle, permissions
from prescriptions import queries as rx_queries
from prescriptions.actions import viewing
from prescriptions.facts import TWO_PHARMACISTS
from prescriptions.models import Prescription


class UnknownScan(errors.NotFound):
    """You have no such scan, or it has ended."""

    code = "scan.unknown"


class WrongQuantity(errors.Invalid):
    """What is dispensed is exactly what was prescribed, and authorized; or else it is a part."""

    code = "dispensing.wrong_quantity"


class NotNeeded(errors.Conflict):
    """One pharmacist is enough for what is written on this form."""

    code = "dispensing.check_not_needed"


class NotChecked(errors.Conflict):
    """Another pharmacist of the pharmacy checks this before it is given out."""

    code = "dispensing.not_checked"


class OtherScan(errors.Conflict):
    """What was checked was scanned at another time; it is checked again."""

    code = "dispensing.other_scan"


def view(prescription_id: UUID, scan_id: UUID, *, by: Actor, at: datetime) -> viewing.Opened:
    """
    What a colleague scanned and is about to give out; the look is recorded first.

    Raises what ``double_check`` raises.
    """
    with transaction.atomic():
        prescription = rx_queries.with_record(prescription_id)
        _scan(prescription, scan_id, by, at)
        looked = look(prescription, "double_check", by=by, at=at)
    return viewing.opened(prescription, looked)


def look(prescription: Prescription, basis: str, *, by: Actor, at: datetime) -> access.Viewing:
    """Record that a pharmacist looks at what is to be given out, in the caller's transaction."""
    return access.view(
        by=by,
        at=at,
        purpose="dispense",
        basis=basis,
        of=[prescription.record],
        about=prescription.subject,
        fields=content.TO_DISPENSE,
        patient=prescription.patient.person,
    )


def draw(
    prescription_id: UUID,
    scan_id: UUID,
    given: lots.Given,
    *,
    by: Actor,
    key: str,
    at: datetime,
) -> Statement:
    """The statement by which the second pharmacist has checked it."""
    prescription = lifecycle.find(prescription_id)
    facts = facts_to_check(prescription, given, _scan(prescription, scan_id, by, at), at)
    return lifecycle.propose(
        prescription, lifecycle.DOUBLE_CHECK, by=by, key=key, at=at, facts=facts
    )


@transaction.atomic(savepoint=False)
def double_check(
    prescription_id: UUID,
    scan_id: UUID,
    given: lots.Given,
    signed: str,
    *,
    by: Actor,
    at: datetime,
) -> tuple[Prescription, chain.Appended]:
    """
    Check what a colleague scanned, under the second pharmacist's signature; the last check counts.

    Raises:
        NotNeeded, UnknownScan, WrongQuantity: see each.
        permissions.SamePharmacist: it is the caller's own scan, from whatever account.
        and what ``lots.choose`` and ``lifecycle.advance`` raise.
    """
    prescription = lifecycle.lock(prescription_id)
    scanned = _scan(prescription, scan_id, by, at)
    entry = lifecycle.advance(
        prescription,
        lifecycle.DOUBLE_CHECK,
        by=by,
        at=at,
        signed=signed,
        facts=facts_to_check(prescription, given, scanned, at),
        double_checker_id=by.person,
        double_checked_scan=scanned.id,
    )
    lots.remember(scanned, given.lots)
    return prescription, entry


def check_done(prescription: Prescription, scanned: Scan) -> None:
    """
    May what was scanned be given out? That it is by another person asks ``lifecycle.check``.

    Raises ``NotChecked``, ``OtherScan``.
    """
    if prescription.form not in TWO_PHARMACISTS:
        return
    if prescription.double_checker_id is None:
        raise NotChecked
    if prescription.double_checked_scan != scanned.id:
        raise OtherScan


def facts_to_check(
    prescription: Prescription, given: lots.Given, scanned: Scan, at: datetime
) -> dict[str, Any]:
    """What is checked, as the entry says it. Raises ``WrongQuantity``, ``lots.LotsMissing``, …"""
    if not given.lines == prescription.quantities == prescription.chosen:
        raise WrongQuantity(field="lines")
    said = {"pharmacy": scanned.pharmacy.slug, "lines": given.lines, "scan": scanned.id.hex}
    return {**said, **lots.facts_of(prescription, given.lots, at=at)}


def facts_of(
    prescription: Prescription, given: lots.Given, scanned: Scan, at: datetime
) -> dict[str, Any]:
    """The same of what is given out: from the lots that were checked, where two give it out."""
    choice = lots.chosen(given.lots, scanned)
    return facts_to_check(prescription, lots.Given(given.lines, choice), scanned, at)


def _scan(prescription: Prescription, scan_id: UUID, by: Actor, at: datetime) -> Scan:
    """The colleague's scan, once all else allows the check."""
    lifecycle.check(prescription, lifecycle.DOUBLE_CHECK, by=by, at=at)
    if prescription.form not in TWO_PHARMACISTS:
        raise NotNeeded
    found = queries.live_scan_of(prescription, scan_id, at=at)
    if found is None:
        raise UnknownScan
    if found.pharmacist.person_id == by.person:
        raise permissions.SamePharmacist
    return found
