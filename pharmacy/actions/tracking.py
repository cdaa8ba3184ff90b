"""What a patient sees of the own parcel, and a pharmacy of those that come back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from hospital import errors, paging
from hospital.roles import Actor
from pharmacy import queries_parcels
from pharmacy.models import Delivery
from pharmacy.parcels import Reason, State
from prescriptions import lifecycle, permissions
from prescriptions.models import Prescription, Way


class NoParcel(errors.NotFound):
    """No courier brings this."""

    code = "parcel.none"


TOLD: Final = {
    State.ASSIGNED: "配送公司已安排配送员",
    State.PICKED_UP: "配送公司：已取件",
    State.MOVING: "配送公司：配送中",
    State.FAILED: "配送公司：本次未送达",
    State.RETURNING: "配送公司：退回中",
    State.RETURNED: "配送公司：已退回药房",
    State.DELIVERED: "配送公司：已送达",
    State.CANCELLED: "配送公司：订单已取消",
}
"""What the company has told is said to be told: only what is signed is said as it is."""
FAILED: Final = {
    Reason.NOBODY_HOME: "未能送达：无人签收",
    Reason.WRONG_ADDRESS: "未能送达：地址有误",
    Reason.REFUSED: "未能送达：收件人拒收",
    Reason.DAMAGED: "未能送达：包裹破损，退回药房",
    Reason.COLD_CHAIN: "未能送达：冷链中断，退回药房",
}


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    zh: str


@dataclass(frozen=True, slots=True)
class Tracked:
    """``number``: the parcel's at the company, empty without one; ``failed``: how often."""

    status: str
    number: str
    failed: int
    steps: list[Step]


def of(prescription_id: UUID, *, by: Actor) -> Tracked:
    """
    How the caller's parcel goes: what was signed and what the company tells, by time.

    Raises:
        NoParcel: the patient fetches it.
        lifecycle.UnknownPrescription, permissions.WrongPatient: see each.
    """
    prescription = lifecycle.find(prescription_id)
    permissions.check_party(prescription, by)
    if prescription.way != Way.COURIER:
        raise NoParcel
    delivery = Delivery.objects.get(prescription=prescription)
    order = queries_parcels.order_of(prescription_id)
    attempts = list(queries_parcels.attempts_at(prescription))
    told = queries_parcels.told_of(prescription)
    dated = [(delivery.shipped_at, "配送员已取件"), (delivery.delivered_at, "已签收")]
    steps = [
        *(Step(at, zh) for at, zh in dated if at is not None),
        *(Step(one.at, FAILED[Reason(one.reason)]) for one in attempts),
        *(Step(one.happened_at, TOLD[State(one.state)]) for one in told),
    ]
    return Tracked(
        status=prescription.status,
        number=order.number if order else "",
        failed=len(attempts),
        steps=sorted(steps, key=lambda step: step.at),
    )


def coming_back(
    wanted: paging.Wanted, *, by: Actor
) -> tuple[list[Prescription], paging.Cursor | None]:
    """A page of what is on its way back to the caller's pharmacy; nothing sealed is opened."""
    return paging.oldest_first(queries_parcels.coming_back(by.organisation_id), wanted)
