"""What can be asked about lots, counts and the narcotics' ledger; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum

from hospital import paging
from hospital.roles import Actor
from pharmacy.lots import Count, Lot, Movement, Placing, usable_on, with_recalls
from pharmacy.models import Recall, Reservation, Scan
from pharmacy.queries import BOUND, SCAN_LIFE
from prescriptions.facts import TWO_PHARMACISTS
from prescriptions.models import Medicine, Prescription, Status


def held_for(prescription: Prescription) -> list[Reservation]:
    """What is held, with its items."""
    return list(_held(prescription))


def held_by_line(prescription: Prescription) -> dict[str, Medicine]:
    """Which medicine is held for each line: where the patient agreed, not the one it names."""
    found = _held(prescription).select_related("item__medicine")
    return {line: one.item.medicine for one in found for line in one.lines}


def lock_held_for(prescription: Prescription) -> list[Reservation]:
    """The same, the items' rows locked in the order of their ids, as ``reserve`` locks them."""
    return list(_held(prescription).select_for_update(of=("item",)))


def _held(prescription: Prescription) -> QuerySet[Reservation]:
    held = Reservation.objects.filter(prescription=prescription, state=Reservation.State.HELD)
    return held.select_related("item").order_by("item_id")


def lots_to_take(items: Collection[int], named: Collection[UUID]) -> QuerySet[Lot]:
    """Of these items, what is not empty or was named; what expires first stands first."""
    found = Lot.objects.filter(Q(on_hand__gt=0) | Q(id__in=named), item_id__in=items)
    return with_recalls(found).order_by("expires_on", "created_at", "id")


def is_recalled(medicine: str, number: str) -> bool:
    """Is a lot of this number recalled? Asked under ``recalls.hold``, it stays so."""
    in_force = Recall.objects.filter(medicine_id=medicine, state=Recall.State.IN_FORCE)
    return in_force.filter(number__in=["", number]).exists()


def withheld(items: Collection[int], day: date) -> Mapping[int, int]:
    """Item's id → units that lie there and may not be given out on this day; no row if none."""
    found = Lot.objects.filter(~usable_on(day), item_id__in=items, on_hand__gt=0)
    return dict(found.values_list("item_id").annotate(units=Sum("on_hand")))


def lots_of(pharmacy: int | None, *, medicine: str, expires_by: date | None) -> QuerySet[Lot]:
    """A pharmacy's lots that are not empty, of one medicine or all, that expire by a day."""
    rows = Lot.objects.filter(item__pharmacy_id=pharmacy, on_hand__gt=0)
    if medicine:
        rows = rows.filter(item__medicine_id=medicine)
    if expires_by is not None:
        rows = rows.filter(expires_on__lte=expires_by)
    return with_recalls(rows).select_related("item__medicine").order_by("expires_on", "id")


def by_expiry(rows: QuerySet[Lot], wanted: paging.Wanted) -> tuple[list[Lot], paging.Cursor | None]:
    """A page of lots in the order of their expiry, and where the next one begins."""
    after = wanted.after
    if after is not None:
        day = after.created_at.date()
        rows = rows.filter(expires_on__gte=day).exclude(expires_on=day, id__lte=after.id)
    found = list(rows[: wanted.size + 1])
    page, more = found[: wanted.size], found[wanted.size :]
    return page, _cursor(page[-1]) if more else None


def placings_of(
    lot_id: UUID, pharmacy: int | None, wanted: paging.Wanted
) -> tuple[list[Placing], paging.Cursor | None]:
    """A page of when a lot of the pharmacy was put aside or back, the newest first."""
    rows = Placing.objects.filter(lot_id=lot_id, lot__item__pharmacy_id=pharmacy)
    return paging.newest_first(rows.annotate(created_at=F("at")), wanted)


def has_lot(lot_id: UUID, pharmacy: int | None) -> bool:
    return Lot.objects.filter(id=lot_id, item__pharmacy_id=pharmacy).exists()


def _cursor(lot: Lot) -> paging.Cursor:
    return paging.Cursor(datetime.combine(lot.expires_on, time(), UTC), lot.id)


def waiting_counts(lot: Lot) -> QuerySet[Count]:
    return Count.objects.filter(lot=lot, state=Count.State.WAITING)


Moments = tuple[datetime, datetime]
"""From the first to before the second."""
SUMS = ("opening", "received", "dispensed", "corrected", "returned", "destroyed")


def narcotics_of(pharmacy: int, moments: Moments) -> list[Lot]:
    """
    All lots of what is counted by two, with what moved in the time, as ``SUMS`` name it.

    What was opened for goods that lay there counts as received; ``dispensed`` and ``destroyed``
    are below zero.
    """
    since, until = moments
    during = Q(movements__at__gte=since, movements__at__lt=until)
    kinds = {
        "received": [Movement.Kind.OPENED, Movement.Kind.RECEIVED],
        "dispensed": [Movement.Kind.DISPENSED],
        "corrected": [Movement.Kind.CORRECTED],
        "returned": [Movement.Kind.RETURNED],
        "destroyed": [Movement.Kind.DESTROYED],
    }
    sums = {
        name: Sum("movements__quantity", filter=during & Q(movements__kind__in=kind))
        for name, kind in kinds.items()
    }
    rows = Lot.objects.filter(
        item__pharmacy_id=pharmacy, item__medicine__control__in=BOUND, created_at__lt=until
    ).annotate(opening=Sum("movements__quantity", filter=Q(movements__at__lt=since)), **sums)
    return list(rows.select_related("item").order_by("item__medicine_id", "expires_on", "id"))


def last_counts(lots: Collection[UUID], until: datetime) -> dict[UUID, Count]:
    """The last count of each lot before a moment."""
    found = Count.objects.filter(lot_id__in=lots, counted_at__lt=until)
    rows = found.order_by("lot_id", "-counted_at", "id").distinct("lot_id")
    return {one.lot_id: one for one in rows}


def given_out_by_two(pharmacy: int, moments: Moments) -> list[str]:
    """Subjects of what two pharmacists gave out there in the time."""
    found = Prescription.objects.filter(
        form__in=[form.value for form in TWO_PHARMACISTS],
        dispensing__scan__pharmacy_id=pharmacy,
        dispensing__dispensed_at__gte=moments[0],
        dispensing__dispensed_at__lt=moments[1],
    ).only("id")
    return [one.subject for one in found]


def to_double_check(by: Actor, *, at: datetime) -> QuerySet[Scan]:
    """
    What colleagues at the caller's pharmacy have scanned, and a second pharmacist is to check:
    the newest live scan of each, oldest first. References only; nothing sealed is read.
    """
    assert by.person is not None, "pharmacists are people"
    live = Scan.objects.filter(
        pharmacy_id=by.organisation_id,
        scanned_at__gt=at - SCAN_LIFE,
        ended_at__isnull=True,
        prescription__status=Status.PAID,
        prescription__pharmacy_id=by.organisation_id,
        prescription__form__in=[form.value for form in TWO_PHARMACISTS],
        prescription__valid_until__gt=at,
    )
    newest = live.order_by("prescription_id", "-scanned_at", "id").distinct("prescription_id")
    waiting = Scan.objects.filter(id__in=newest.values("id")).exclude(
        prescription__double_checked_scan=F("id")
    )
    return waiting.exclude(pharmacist__person_id=by.person).order_by("scanned_at", "id")


def soon(day: date, days: int) -> date:
    """So many days later; the last day there is if that is earlier."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))
