"""What can be asked about stock and deliveries; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from hospital.models import Organisation
from hospital.roles import Actor
from pharmacy.models import Delivery, Reservation, Scan, StockItem
from prescriptions.models import Prescription, Status, Way

SCAN_LIFE = timedelta(minutes=30)
"""How long a scanned code lets its pharmacist look and dispense."""


def items(pharmacy: Organisation, codes: Collection[str]) -> QuerySet[StockItem]:
    return StockItem.objects.filter(pharmacy=pharmacy, medicine_id__in=codes)


def closed_but_held() -> QuerySet[Reservation, UUID]:
    """Ids of cancelled or expired prescriptions for which stock is still held."""
    return (
        Reservation.objects.filter(
            state=Reservation.State.HELD,
            prescription__status__in=[Status.CANCELLED, Status.EXPIRED],
        )
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


def awaiting_courier(company: int | None) -> QuerySet[Delivery]:
    """What a courier company has to fetch or is carrying, oldest first."""
    return (
        Delivery.objects.filter(
            prescription__courier_id=company,
            prescription__way=Way.COURIER,
            prescription__status__in=[Status.DISPENSED, Status.IN_TRANSIT],
        )
        .select_related("prescription__pharmacy", "address__record")
        .order_by("prescription__created_at", "id")
    )
