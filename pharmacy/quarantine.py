"""
What comes back goes into quarantine: units that left a shelf for a prescription return to a lot of
their own, beside the one that they left, and are given out to nobody until a pharmacist decides.

Source: medicines that were given out are not taken back, but for the fault of who gave them out
(药品一经发出不得退换; 医疗机构药事管理规定, art. 28, from memory, unconfirmed). So nothing goes
back to the lot that it left. Of what a courier brings back undelivered a pharmacist decides by what
is known of its way: put back (a ``Placing`` says who and why), or destroyed. What is kept cold is
never put back: nobody can say how warm it was; nor is what the patient had, for the same reason:
the database refuses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from hospital import errors
from hospital.roles import Actor
from ledger import chain
from pharmacy.actions import receiving
from pharmacy.lots import Lot, Movement, Placing
from pharmacy.models import StockItem
from pharmacy.returns import Return
from prescriptions.models import Prescription

UNDELIVERED = "配送未成功退回，待处理"
BY_PATIENT = "患者退回"
"""Why it is put aside."""

Units = Sequence[tuple[Lot, int]]
"""Lots of which a prescription was given out, and how many units of each come back."""


class NotOfThisLot(errors.Invalid):
    """The prescription was not given out of this lot, or less of it is still with the patient."""

    code = "return.not_of_this_lot"


class WrongLots(errors.Invalid):
    """The lots hold together of each medicine what comes back of it."""

    code = "return.wrong_lots"


def with_patient(prescription: Prescription) -> list[tuple[Lot, int]]:
    """
    Lots of which it was given out, and units that did not come back; the caller holds its row.
    """
    given = Movement.objects.filter(prescription=prescription, kind=Movement.Kind.DISPENSED)
    sums = given.values_list("lot_id").annotate(units=Sum("quantity"))
    left = Counter({lot: -units for lot, units in sums})
    for lots in Return.objects.filter(prescription=prescription).values_list("lots", flat=True):
        left.subtract({UUID(lot): units for lot, units in lots.items()})
    found = Lot.objects.filter(id__in=left).select_related("item__pharmacy", "item__medicine")
    return [(lot, left[lot.id]) for lot in found.order_by("item_id", "expires_on", "id")]


def chosen(
    left: Units, wanted: Mapping[str, int], named: Mapping[UUID, int]
) -> list[tuple[Lot, int]]:
    """
    The lots that come back: those ``named``, or, where none is, what would expire first.

    ``wanted``: medicine → units. Raises ``NotOfThisLot``, ``WrongLots``.
    """
    if named:
        return _named(left, wanted, named)
    found, missing = [], dict(wanted)
    for lot, units in left:
        some = min(units, missing.get(lot.item.medicine_id, 0))
        if some:
            found.append((lot, some))
            missing[lot.item.medicine_id] -= some
    if any(missing.values()):
        raise WrongLots(field="lines")
    return found


def take_in(
    prescription: Prescription,
    entry: chain.Appended,
    *,
    by: Actor,
    at: datetime,
    units: Units | None = None,
) -> int:
    """
    What comes back lies in quarantine, with the entry that says so; how many lots. ``units`` are
    the patient's; None: all that was given out, which nobody had.

    The caller holds the prescription's row; the items' come next, in the order of their ids, as by
    whoever reserves. The database refuses more than was given.
    """
    coming = with_patient(prescription) if units is None else units
    ids = {lot.item_id for lot, _ in coming}
    list(StockItem.objects.filter(id__in=ids).order_by("id").select_for_update())
    for left, some in coming:
        Movement.objects.create(
            lot=_beside(left, prescription, by, at, by_patient=units is not None),
            kind=Movement.Kind.RETURNED,
            quantity=some,
            by_id=by.account,
            at=at,
            prescription=prescription,
            entry=entry.leaf,
        )
    return len(coming)


def _beside(
    left: Lot, prescription: Prescription, by: Actor, at: datetime, *, by_patient: bool
) -> Lot:
    """The lot that holds what came back from a prescription of the lot that it left."""
    same = Lot.objects.filter(item=left.item, number=left.number, back_from=prescription)
    found = same.first()
    if found is not None:
        return found
    lot = receiving.new_lot(left.item, left.number, left.expires_on, at=at)
    reason = BY_PATIENT if by_patient else UNDELIVERED
    lot.back_from, lot.by_patient = prescription, by_patient
    lot.state, lot.state_reason = Lot.State.QUARANTINED, reason
    lot.save(force_insert=True)
    Placing.objects.create(lot=lot, state=lot.state, reason=reason, by_id=by.account, at=at)
    return lot


def _named(
    left: Units, wanted: Mapping[str, int], named: Mapping[UUID, int]
) -> list[tuple[Lot, int]]:
    having = {lot.id: (lot, units) for lot, units in left}
    found, sums = [], dict.fromkeys(wanted, 0)
    for lot_id, units in named.items():
        lot, most = having.get(lot_id, (None, 0))
        if lot is None or units > most:
            raise NotOfThisLot(field="lots", lot=str(lot_id), left=most)
        medicine = lot.item.medicine_id
        sums[medicine] = sums.get(medicine, 0) + units
        found.append((lot, units))
    if sums != dict(wanted):
        raise WrongLots(field="lots")
    return sorted(found, key=lambda one: (one[0].item_id, one[0].id))
