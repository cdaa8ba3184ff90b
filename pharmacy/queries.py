"""What can be asked about stock and deliveries; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, JSONField, Q, QuerySet
from django.db.models.expressions import RawSQL

from hospital import sphere
from hospital.models import Organisation
from hospital.roles import Actor
from pharmacy import (
    queries_parcels,
)
from pharmacy.models import (
    PrintedCode,
    Reservation,
    Scan,
    StockItem,
)
from prescriptions import controlled, rules
from prescriptions.models import CHOSEN, NOT_GIVEN, Medicine, Prescription, Status, Way

SCAN_LIFE = timedelta(minutes=30)
"""How long a scanned code lets its pharmacist look and dispense."""


def items(pharmacy: Organisation, codes: Collection[str]) -> QuerySet[StockItem]:
    return StockItem.objects.filter(pharmacy=pharmacy, medicine_id__in=codes)


def held_in_vain() -> QuerySet[Reservation, UUID]:
    """
    Ids of prescriptions for which stock is still held though no pharmacy is chosen any more: they
    were cancelled, have expired, or were changed.
    """
    return (
        Reservation.objects.filter(state=Reservation.State.HELD)
        .exclude(prescription__status__in=CHOSEN)
        .values_list("prescription_id", flat=True)
        .distinct()
    )


def live_scan(prescription: Prescription, by: Actor, *, at: datetime) -> Scan | None:
    """The newest scan that lets ``by`` handle this prescription."""
    return (
        Scan.objects.filter(
            prescription=prescription,
            pharmacist_id=by.account,
            scanned_at__gt=at - SCAN_LIFE,
            ended_at__isnull=True,
        )
        .select_related("pharmacy")
        .order_by("-scanned_at")
        .first()
    )


def live_scan_of(prescription: Prescription, scan_id: UUID, *, at: datetime) -> Scan | None:
    """This scan at the prescription's pharmacy, whoever made it, while it lasts."""
    return (
        Scan.objects.filter(
            id=scan_id,
            prescription=prescription,
            pharmacy_id=prescription.pharmacy_id,
            scanned_at__gt=at - SCAN_LIFE,
            ended_at__isnull=True,
        )
        .select_related("pharmacy", "pharmacist")
        .first()
    )


def printed_codes(patient: UUID) -> QuerySet[PrintedCode]:
    """What was printed for a patient, the newest first."""
    found = PrintedCode.objects.filter(patient_id=patient).select_related("pharmacy")
    return found.order_by("-printed_at", "-id")


def at_counter(pharmacy: int | None) -> QuerySet[Prescription]:
    """What is paid, to be given out; what was given out, to be handed over."""
    return Prescription.objects.filter(
        pharmacy_id=pharmacy, status__in=[Status.PAID, Status.DISPENSED]
    )


def owed_by(pharmacy: int | None, *, at: datetime) -> QuerySet[Prescription]:
    """
    What is left of what a pharmacy gave out in part, with its record, as long as it can be fetched.

    What the patient fetches elsewhere by now is not owed any more.
    """
    left = Prescription.objects.filter(
        owed_by_id=pharmacy, status__in=NOT_GIVEN, valid_until__gt=at
    ).filter(Q(status=Status.APPROVED) | Q(pharmacy_id=pharmacy))
    return left.select_related("record")


def awaiting_courier(company: int | None) -> QuerySet[Prescription]:
    """
    What a courier company has to fetch or is carrying, with its address.

    Each row has ``cold``, ``failed`` (how often it was brought in vain) and ``parcel``, the number
    of the company's order, if there is one.
    """
    return (
        Prescription.objects.filter(
            courier_id=company,
            way=Way.COURIER,
            status__in=[Status.DISPENSED, Status.IN_TRANSIT],
            delivery__address__isnull=False,
        )
        .select_related("pharmacy", "delivery__address__record")
        .annotate(
            cold=queries_parcels.kept_cold(),
            failed=Count("attempts"),
            parcel=F("courier_order__number"),
        )
    )


@dataclass(frozen=True, slots=True)
class Around:
    """Within so many metres of a place, in degrees of GCJ-02."""

    longitude: Decimal
    latitude: Decimal
    metres: int


def with_baskets(
    units: Mapping[str, int], around: Around | None, *, hospital: int, day: date
) -> QuerySet[Medicine]:
    """
    The medicines of ``units`` (``medListCodg`` to dispensing units), in one query with what all of
    them cost together.

    Each row has the same ``baskets``: of the pharmacies that have everything in stock now the one
    with the lowest total, the median (of an even number the lower) and the one with the highest,
    each as ``{"prices": {code: fen of one unit}, "pharmacies": how many there are}``; None if no
    pharmacy has everything. ``around`` leaves out those that are elsewhere, or nobody knows where.
    Where one of the medicines is given out at its hospital alone, the own pharmacy of ``hospital``,
    an organisation's id, is the only one that counts (decision 0022).
    What may not be given out on ``day``, an Asia/Shanghai day, is not in stock.
    PostgreSQL works it out once, whatever the number of rows.
    """
    codes = sorted(units)
    near, where = _within(around) if around else (_EVERYWHERE, [])
    asked = [codes, [units[code] for code in codes], *where, codes, BOUND, hospital, day]
    found = RawSQL(_BASKETS.format(near=near), asked, JSONField())  # noqa: S611
    return Medicine.objects.filter(code__in=codes).annotate(baskets=found)


def _within(around: Around) -> tuple[str, list[Any]]:
    """Pharmacies around a place, on the index, and the values."""
    here = sphere.Place(around.longitude, around.latitude).point
    far = sphere.chord(around.metres)
    return _AROUND, [here, far, here, far]


BOUND = [control.value for control in rules.controls_of(controlled.AT_ITS_HOSPITAL)]
"""Narcotics and psychotropics of class I: bound to their hospital, and counted by two."""
_EVERYWHERE = "SELECT id FROM hospital_organisation"
_POINT = sphere.POINT.format(table="place")
_AROUND = f"""
        SELECT place.id FROM hospital_organisation AS place
        WHERE place.kind = 'pharmacy' AND place.latitude IS NOT NULL
          AND {_POINT} <@ cube_enlarge(cube(%s::float8[]), %s, 3)
          AND {_POINT} <-> cube(%s::float8[]) <= %s
"""  # noqa: S608  # constants
_BASKETS = """
    WITH wanted AS (
        SELECT * FROM unnest(%s::text[], %s::bigint[]) AS wanted (code, units)
    ), near AS (
        {near}
    ), open_to AS (
        SELECT near.id FROM near JOIN hospital_organisation AS place USING (id)
        WHERE NOT EXISTS (
            SELECT 1 FROM prescriptions_medicine WHERE code = ANY(%s) AND control = ANY(%s)
        ) OR place.hospital_id = %s
    ), basket AS (
        SELECT shelf.pharmacy_id, sum(shelf.price_fen * wanted.units) AS total_fen,
               jsonb_object_agg(wanted.code, shelf.price_fen) AS prices
        FROM pharmacy_stockitem AS shelf JOIN wanted ON wanted.code = shelf.medicine_id
        WHERE shelf.on_hand - shelf.reserved - coalesce((
            SELECT sum(lot.on_hand) FROM pharmacy_lot AS lot
            WHERE lot.item_id = shelf.id AND lot.on_hand > 0
              AND (lot.state <> 'open' OR lot.expires_on < %s::date OR EXISTS (
                SELECT 1 FROM pharmacy_recall AS recall
                WHERE recall.state = 'in_force' AND recall.medicine_id = shelf.medicine_id
                  AND recall.number IN ('', lot.number)
              ))
        ), 0) >= wanted.units
          AND shelf.pharmacy_id IN (SELECT id FROM open_to)
        GROUP BY shelf.pharmacy_id
        HAVING count(*) = (SELECT count(*) FROM wanted)
    ), ranked AS (
        SELECT prices, row_number() OVER (ORDER BY total_fen, pharmacy_id) AS place,
               count(*) OVER () AS pharmacies
        FROM basket
    )
    SELECT jsonb_agg(
        jsonb_build_object('prices', prices, 'pharmacies', pharmacies) ORDER BY place, nth
    )
    FROM ranked JOIN LATERAL (
        VALUES (1, 1), (2, (pharmacies + 1) / 2), (3, pharmacies)
    ) AS picked (nth, at_place) ON at_place = place
"""
