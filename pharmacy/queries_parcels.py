"""What can be asked about parcels on their way; nothing here writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from pharmacy.models import Attempt, CourierNews, CourierOrder, Reservation, StockItem
from pharmacy.parcels import NOT_FETCHED, OVER, State
from prescriptions.models import Prescription, Status, Way

ASK_AGAIN = timedelta(seconds=30)
"""How long an order that was not accepted waits until it is asked for again."""
ASK_ABOUT = timedelta(minutes=10)
"""How often a company is asked about an order that is not over."""


def kept_cold() -> Exists:
    """Of a prescription's row: does anything that was given out belong into the cold (冷处)?"""
    return Exists(
        Reservation.objects.filter(
            prescription=OuterRef("pk"),
            state=Reservation.State.TAKEN,
            item__storage=StockItem.Storage.COLD,
        )
    )


def is_cold(prescription: Prescription) -> bool:
    return Prescription.objects.filter(kept_cold(), id=prescription.id).exists()


def not_ordered(company: str) -> QuerySet[Prescription]:
    """What waits at a pharmacy for this company, without an order; each row has ``cold``."""
    return Prescription.objects.filter(
        status=Status.DISPENSED,
        way=Way.COURIER,
        courier__slug=company,
        courier_order__isnull=True,
    ).annotate(cold=kept_cold())


def due(company: str, *, at: datetime) -> QuerySet[CourierOrder]:
    """Orders that the company has not accepted yet, of what still waits; who waits longest first"""
    return _asked_before(company, at - ASK_AGAIN).filter(
        state=State.DUE, prescription__status=Status.DISPENSED
    )


def in_vain(company: str, *, at: datetime) -> QuerySet[CourierOrder]:
    """Orders to fetch what is not to be fetched any more: somebody has it, or it was delivered."""
    return _asked_before(company, at - ASK_AGAIN).filter(
        (Q(state=State.DUE) & ~Q(prescription__status=Status.DISPENSED))
        | (
            Q(state__in=NOT_FETCHED)
            & ~Q(prescription__status__in=[Status.DISPENSED, Status.IN_TRANSIT])
        )
    )


def unheard(company: str, *, at: datetime) -> QuerySet[CourierOrder]:
    """Orders on their way about which the company was not asked for a while."""
    orders = _asked_before(company, at - ASK_ABOUT)
    return orders.exclude(state__in=[State.DUE, *OVER])


def coming_back(pharmacy: int | None) -> QuerySet[Prescription]:
    """Parcels on their way back; each row has ``cold`` and ``parcel``, the order's number."""
    rows = Prescription.objects.filter(pharmacy_id=pharmacy, status=Status.RETURNING)
    return rows.annotate(cold=kept_cold(), parcel=F("courier_order__number"))


def told_of(prescription: Prescription) -> QuerySet[CourierNews]:
    return CourierNews.objects.filter(order__prescription=prescription).order_by("number")


def attempts_at(prescription: Prescription) -> QuerySet[Attempt]:
    return Attempt.objects.filter(prescription=prescription).order_by("number")


def order_of(prescription_id: UUID) -> CourierOrder | None:
    return CourierOrder.objects.filter(prescription_id=prescription_id).first()


def _asked_before(company: str, moment: datetime) -> QuerySet[CourierOrder]:
    return (
        CourierOrder.objects.filter(prescription__courier__slug=company)
        .filter(Q(asked_at__isnull=True) | Q(asked_at__lte=moment))
        .select_related("prescription__pharmacy")
        .order_by(F("asked_at").asc(nulls_first=True), "id")
    )
