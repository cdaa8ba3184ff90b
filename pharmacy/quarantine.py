"""
What comes back goes into quarantine: units that left a shelf for a prescription return to a lot of
their own, beside the one that they left, and are given out to nobody until a pharmacist decides.

Source: medicines that were given out are not taken back, but for the fault of who gave them out
(药品一经发出不得退换; 医疗机构药事管理规定, art. 28, from memory, unconfirmed). So nothing goes
back to the lot that it left. A pharmacist decides by what is known of its way: put back (a
``Placing`` says who and why), or destroyed and counted down. What is kept cold is never put back:
nobody can say how warm it was.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from hospital.roles import Actor
from ledger import chain
from pharmacy.actions import receiving
from pharmacy.lots import Lot, Movement, Placing
from pharmacy.models import StockItem
from prescriptions.models import Prescription

REASON = "配送未成功退回，待处理"


def take_in(prescription: Prescription, entry: chain.Appended, *, by: Actor, at: datetime) -> int:
    """
    What was dispensed for a prescription lies in quarantine; how many lots.

    The caller holds the prescription's row; the items' come next, in the order of their ids, as by
    whoever reserves.
    """
    units = _units(prescription)
    items = {lot.item_id for lot in units}
    list(StockItem.objects.filter(id__in=items).order_by("id").select_for_update())
    for lot, quantity in units.items():
        _return(lot, quantity, prescription, entry, by, at)
    return len(units)


def _units(prescription: Prescription) -> Counter[Lot]:
    left = Movement.objects.filter(prescription=prescription, kind=Movement.Kind.DISPENSED)
    units: Counter[Lot] = Counter()
    for one in left.select_related("lot__item__pharmacy"):
        units[one.lot] -= one.quantity
    return units


def _return(
    left: Lot,
    units: int,
    prescription: Prescription,
    entry: chain.Appended,
    by: Actor,
    at: datetime,
) -> None:
    lot = receiving.new_lot(left.item, left.number, left.expires_on, at=at)
    lot.back_from, lot.state, lot.state_reason = prescription, Lot.State.QUARANTINED, REASON
    lot.save(force_insert=True)
    Placing.objects.create(lot=lot, state=lot.state, reason=REASON, by_id=by.account, at=at)
    Movement.objects.create(
        lot=lot,
        kind=Movement.Kind.RETURNED,
        quantity=units,
        by_id=by.account,
        at=at,
        prescription=prescription,
        entry=entry.leaf,
    )
