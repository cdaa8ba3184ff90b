"""Dispense what was scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from pharmacy import (
    queries,
)
from pharmacy.actions import (
    boxes,
    checklist,
    double_checking,
    lots,
    proposals,
    stock,
)
from pharmacy.models import Dispensing, Scan
from prescriptions import lifecycle
from prescriptions.actions import series
from prescriptions.models import Prescription


class NotScanned(errors.Forbidden):
    """Scan the patient's code first."""

    code = "scan.missing"


def draw(
    prescription_id: UUID, given: lots.Given, *, by: Actor, key: str, at: datetime
) -> Statement:
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.DISPENSE, by=by, at=at)
    scanned = scan_of(prescription, by, at)
    facts = _facts(prescription, boxes.complete(given, scanned), scanned, at)
    return lifecycle.propose(prescription, lifecycle.DISPENSE, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def dispense(
    prescription_id: UUID, given: lots.Given, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Give out the medicines under the pharmacist's signature; the reserved stock leaves the shelf.

    Raises:
        NotScanned, checklist.Unchecked, double_checking.WrongQuantity, double_checking.NotChecked,
        double_checking.OtherScan, double_checking.OtherLots, and what ``lots.choose``,
        ``boxes.choose`` and ``lifecycle.advance`` raise.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.DISPENSE, by=by, at=at)
    scanned = scan_of(prescription, by, at)
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
    hand_out(prescription, given, scanned, entry, by=by, at=at)
    return prescription, entry


def hand_out(
    prescription: Prescription,
    given: lots.Given,
    scanned: Scan,
    entry: chain.Appended,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """What follows from the entry: the shelf, the book of what was given, the issue after it."""
    taken = lots.Given(given.lines, lots.chosen(given.lots, scanned))
    stock.take(prescription, taken, entry, by=by, at=at)
    Dispensing.objects.create(
        prescription=prescription,
        scan=scanned,
        pharmacist_id=by.account,
        lines=given.lines,
        dispensed_at=at,
    )
    proposals.close(prescription, at=at)
    series.put_off_next(prescription, at=at)


def scan_of(prescription: Prescription, by: Actor, at: datetime) -> Scan:
    """The scan under which ``by`` gives it out. Raises ``NotScanned``."""
    scanned = queries.live_scan(prescription, by, at=at)
    if scanned is None:
        raise NotScanned
    return scanned


def _facts(
    prescription: Prescription, given: lots.Given, scanned: Scan, at: datetime
) -> dict[str, Any]:
    double_checking.check_done(prescription, scanned)
    said = double_checking.facts_of(prescription, given, scanned, at)
    checked = {"checks": checklist.facts_of(given.checks)}
    return {**said, **checked, **boxes.facts_of(given, scanned)}
