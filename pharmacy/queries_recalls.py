"""What can be asked about recalls; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from hospital import paging
from hospital.models import Account, Person
from pharmacy import queries_boxes, queries_stock
from pharmacy.lots import UNREGISTERED, Lot, Movement
from pharmacy.models import StockItem
from pharmacy.recalls import Collected, Recall
from prescriptions.models import Prescription

FEW = 5
"""Of fewer persons than this nobody is told how many they are."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a recall reaches: pharmacies that have some of it, units that lie there, units given."""

    pharmacies: int
    units: int
    given: int


def lots(recall: Recall) -> QuerySet[Lot]:
    """Its lots, in whatever pharmacy, with what patients brought back of them."""
    rows = Lot.objects.filter(item__medicine_id=recall.medicine_id)
    return rows.filter(number=recall.number) if recall.number else rows


def lots_at(recall: Recall, pharmacy: int) -> list[Lot]:
    """A pharmacy's, with what it may have of them, whoever received it."""
    return list(lots(recall).filter(item__pharmacy_id=pharmacy).order_by("expires_on", "id"))


def given(recall: Recall) -> QuerySet[Movement]:
    """What was given out of its lots."""
    return Movement.objects.filter(kind=Movement.Kind.DISPENSED, lot__in=lots(recall))


@dataclass(frozen=True, slots=True)
class Batch:
    """
    So many movements out of recalled lots, up to which, and the accounts of the patients, each
    once; not of who has had everything erased.
    """

    many: int
    lot: UUID
    movement: int
    patients: Sequence[str]


def batch(recall: Recall, most: int) -> Batch | None:
    """
    The next of what was given out of its lots, from where telling has come to, by lot and by id,
    and who received it; None if there is no more. One query.

    It costs what it finds: a loop over the lots, prescriptions and accounts, each by an index.
    """
    with connection.cursor() as cursor:
        cursor.execute(BATCH, asked_of(recall, most))
        row = cursor.fetchone()
    return Batch(*row) if row else None


def asked_of(recall: Recall, many: int) -> dict[str, Any]:
    """The parameters of ``BATCH``."""
    return {
        "medicine": recall.medicine_id,
        "number": recall.number,
        "lot": recall.lot or UUID(int=0),
        "movement": recall.movement,
        "many": many,
    }


IN_ORDER: Final = """
    SELECT lot.id, moved.id, moved.prescription_id
    FROM (
        SELECT one.id FROM pharmacy_lot AS one
        JOIN pharmacy_stockitem AS item ON item.id = one.item_id
        WHERE item.medicine_id = %(medicine)s
          AND (%(number)s = '' OR one.number = %(number)s) AND one.id >= %(lot)s
        ORDER BY one.id
    ) AS lot
    CROSS JOIN LATERAL (
        SELECT given.id, given.prescription_id FROM pharmacy_movement AS given
        WHERE given.lot_id = lot.id AND given.kind = 'dispensed'
          AND given.id > CASE WHEN lot.id = %(lot)s THEN %(movement)s ELSE 0 END
        ORDER BY given.id OFFSET 0
    ) AS moved
    ORDER BY lot.id, moved.id LIMIT %(many)s
"""
"""``OFFSET 0``: what is asked of one lot stays a query of its own, so the planner has to loop."""
BATCH: Final = f"""
    WITH given (lot, movement, prescription) AS MATERIALIZED ({IN_ORDER})
    SELECT (SELECT count(*) FROM given), last.lot, last.movement, ARRAY(
        SELECT each.id::text FROM (
            SELECT DISTINCT patient.id FROM given
            CROSS JOIN LATERAL (
                SELECT patient_id FROM prescriptions_prescription
                WHERE id = given.prescription OFFSET 0
            ) AS filled
            CROSS JOIN LATERAL (
                SELECT id FROM hospital_account
                WHERE id = filled.patient_id AND left_at IS NULL OFFSET 0
            ) AS patient
        ) AS each
    )
    FROM (SELECT lot, movement FROM given ORDER BY lot DESC, movement DESC LIMIT 1) AS last
"""  # noqa: S608  # constants
"""A join would read all prescriptions for each batch: the planner takes that for cheaper."""


def may_be_of(
    prescription: Prescription, lots_named: Collection[UUID], boxes: Collection[str]
) -> bool:
    """
    Was what was given out for it of a lot that is recalled? Where no lot of an item is named, it
    may have been of any that lies there.
    """
    held = [one.item_id for one in queries_stock.held_for(prescription)]
    named = {*lots_named, *(one.lot_id for one in queries_boxes.with_codes(boxes))}
    found = list(queries_stock.lots_to_take(held, named))
    known = {lot.item_id for lot in found if lot.id in named}
    return any(lot.recalled and (lot.id in named or lot.item_id not in known) for lot in found)


def reach(recall: Recall) -> Reach:
    """Counted now; four sums over indexes."""
    shelves = lots(recall).filter(on_hand__gt=0)
    found = shelves.aggregate(
        units=Sum("on_hand"), pharmacies=Count("item__pharmacy_id", distinct=True)
    )
    units = given(recall).aggregate(units=Sum("quantity"))["units"] or 0
    return Reach(found["pharmacies"], found["units"] or 0, -units)


def was_any_recalled(found: Collection[Lot]) -> bool:
    """Is, or was, any of these lots recalled?"""
    named = [Q(medicine_id=one.item.medicine_id, number__in=["", one.number]) for one in found]
    return bool(named) and Recall.objects.filter(reduce(or_, named)).exists()


def unregistered(recall: Recall) -> int:
    """Units of the medicine whose lot nobody knows: they may be of this one."""
    rows = Lot.objects.filter(item__medicine_id=recall.medicine_id, number=UNREGISTERED)
    return rows.aggregate(units=Sum("on_hand"))["units"] or 0


def by_state(recall: Recall) -> dict[str, int]:
    """State → prescriptions that were filled from it, where they are ``FEW`` at least."""
    filled = Prescription.objects.filter(id__in=given(recall).values("prescription_id"))
    rows = filled.values_list("status").annotate(many=Count("patient_id", distinct=True))
    return {status: many for status, many in rows.order_by("status") if many >= FEW}


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a pharmacy has of a recall, and when it has confirmed that it is put aside."""

    pharmacy: str
    units: int
    collected: Collected | None


def shelves(recall: Recall, *, after: str, most: int) -> list[Shelf]:
    """A page of the pharmacies that had some of it, by their slugs; two queries."""
    rows = lots(recall).filter(item__pharmacy__slug__gt=after)
    page = list(
        rows.values_list("item__pharmacy_id", "item__pharmacy__slug")
        .annotate(units=Sum("on_hand"))
        .order_by("item__pharmacy__slug")[:most]
    )
    found = Collected.objects.filter(recall=recall, pharmacy__in=[one for one, _, _ in page])
    collected = {one.pharmacy_id: one for one in found}
    return [Shelf(slug, units, collected.get(pharmacy)) for pharmacy, slug, units in page]


def concerning(pharmacy: int, wanted: paging.Wanted) -> tuple[list[Recall], paging.Cursor | None]:
    """A page of the recalls of what a pharmacy has, or had, the newest first."""
    item = StockItem.objects.filter(pharmacy_id=pharmacy, medicine_id=OuterRef("medicine_id"))
    lot = Lot.objects.filter(
        item__pharmacy_id=pharmacy,
        item__medicine_id=OuterRef("medicine_id"),
        number=OuterRef("number"),
    )
    here = Q(Exists(item), number="") | Q(Exists(lot))
    return paging.newest_first(Recall.objects.filter(here), wanted)


def collected_by(pharmacy: int, recalls: Collection[Recall]) -> dict[UUID, Collected]:
    rows = Collected.objects.filter(pharmacy_id=pharmacy, recall__in=recalls)
    return {one.recall_id: one for one in rows}


def dispensings_at(
    recall: Recall, pharmacy: int, wanted: paging.Wanted
) -> tuple[list[Prescription], paging.Cursor | None]:
    """A page of what the pharmacy itself gave out of it, the newest first; references only."""
    mine = given(recall).filter(lot__item__pharmacy_id=pharmacy).values("prescription_id")
    return paging.newest_first(Prescription.objects.filter(id__in=mine), wanted)


def of_patient(patient: UUID) -> list[tuple[Recall, list[Prescription]]]:
    """The recalls in force of what a patient received, the newest first; three queries."""
    moved = Movement.objects.filter(
        kind=Movement.Kind.DISPENSED, prescription__patient_id=patient
    ).values_list("prescription_id", "lot__item__medicine_id", "lot__number")
    received = list(moved.distinct())
    medicines = {medicine for _, medicine, _ in received}
    found = Recall.objects.filter(medicine_id__in=medicines, state=Recall.State.IN_FORCE)
    mine = Prescription.objects.select_related("record").in_bulk({rx for rx, _, _ in received})
    pairs = [
        (recall, [mine[rx] for rx, *lot in received if _hits(recall, *lot)])
        for recall in found.order_by("-created_at", "-id")
    ]
    return [(recall, filled) for recall, filled in pairs if filled]


def person(patient: UUID) -> Person | None:
    return Account.objects.select_related("person").get(id=patient).person


def _hits(recall: Recall, medicine: str, number: str) -> bool:
    return recall.medicine_id == medicine and recall.number in ("", number)
