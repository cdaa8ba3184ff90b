"""What goes onto the bags of a prescription, for who scanned it; the look is recorded first."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from hospital import access, calendar
from hospital.roles import Actor
from pharmacy import labels as pure
from pharmacy import queries
from pharmacy.actions import double_checking, scanning
from pharmacy.lots import NEVER
from pharmacy.models import Movement, Scan
from prescriptions import content, permissions
from prescriptions import queries as rx_queries
from prescriptions.actions import judging, viewing

AGAIN = timedelta(days=1)
"""How long after it was dispensed a label can be printed once more."""
TO_LABEL = ("patient/name", content.LINES)


def labels(
    scan_id: UUID, *, by: Actor, at: datetime
) -> tuple[viewing.Opened, list[dict[str, Any]]]:
    """
    The label of each line, in order: ``line`` and its ``text`` from top to bottom.

    Raises:
        double_checking.UnknownScan: it is not the caller's, or too long ago.
        permissions.WrongPharmacy: the prescription is not this pharmacy's any more.
    """
    with transaction.atomic():
        scan = _scan(scan_id, by, at)
        prescription = rx_queries.with_record(scan.prescription_id)
        permissions.check_party(prescription, by)
        looked = access.view(
            by=by,
            at=at,
            purpose="dispense",
            basis=scanning.basis(scan),
            of=[prescription.record],
            about=prescription.subject,
            fields=TO_LABEL,
            patient=prescription.patient.person,
        )
    opened = viewing.opened(prescription, looked)
    return opened, _labels(scan, opened, calendar.legal_day(at))


def _scan(scan_id: UUID, by: Actor, at: datetime) -> Scan:
    live = Q(scanned_at__gt=at - queries.SCAN_LIFE, ended_at__isnull=True)
    given = Q(dispensing__dispensed_at__gt=at - AGAIN)
    mine = Scan.objects.filter(live | given, id=scan_id, pharmacist_id=by.account)
    found = mine.select_related("pharmacy").first()
    if found is None:
        raise double_checking.UnknownScan
    return found


def _labels(scan: Scan, opened: viewing.Opened, on: date) -> list[dict[str, Any]]:
    lines = content.lines_of(opened.fields)
    codes = {line["code"] for line in lines.values()}
    catalogue = judging.catalogue(codes)
    shelf = dict(queries.items(scan.pharmacy, codes).values_list("medicine_id", "storage"))
    expiries = _expiries(scan.prescription_id)
    return [
        {
            "line": number,
            "text": pure.label(
                line,
                catalogue.get(line["code"]),
                pure.Bag(
                    patient=opened.fields["patient/name"],
                    pharmacy=scan.pharmacy.name,
                    on=on,
                    storage=shelf.get(line["code"], ""),
                    expires_on=expiries[line["code"]],
                ),
            ),
        }
        for number, line in lines.items()
    ]


def _expiries(prescription: UUID) -> defaultdict[str, list[date]]:
    """Medicine → the last days of use of the lots of which it was given out."""
    taken = Movement.objects.filter(
        kind=Movement.Kind.DISPENSED, prescription_id=prescription
    ).exclude(lot__expires_on=NEVER)
    found: defaultdict[str, list[date]] = defaultdict(list)
    for code, expires_on in taken.values_list("lot__item__medicine_id", "lot__expires_on"):
        found[code].append(expires_on)
    return found
