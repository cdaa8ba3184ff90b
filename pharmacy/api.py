"""The counter, the courier's page, the hand-over."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from hospital import http, paging
from hospital.roles import Role
from ledger.entry import Statement
from pharmacy.actions import (
    delivering,
    dispensing,
)
from pharmacy.giveninputs import DispenseInput, given
from prescriptions.api import changed


class DeliverInput(http.Strict):
    code = http.Text(
        max_length=6, default="", allow_blank=True, help_text="not needed from the patient's phone"
    )


class DispenseStatement(http.Draw):
    """The statement by which the pharmacist dispenses."""

    roles = (Role.PHARMACIST,)

    class Input(DispenseInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        lines = call.values["lines"]
        statement = dispensing.draw(call.prescription_id, given(call), **call.drawer)
        return statement, {"zh": f"发药：{len(lines)}种，共{sum(lines.values())}件"}


class Dispense(http.Command):
    """Dispense."""

    roles = (Role.PHARMACIST,)
    records_refusals = True

    class Input(DispenseInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(
            *dispensing.dispense(call.prescription_id, given(call), call.note, **call.doer)
        )


class Parcels(http.Query):
    """The parcels of the caller's courier company, the oldest first, with addresses alone."""

    roles = (Role.COURIER,)
    query = {
        "cursor": "next of the page before",
        "size": "1 to 50; 20 if left out",
        "number": "the parcel of this order alone",
    }

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        number = self.request.query_params.get("number")
        page, following = delivering.parcels(wanted, number, **call.doer)
        return {
            "next": str(following) if following else None,
            "parcels": [
                {
                    "prescription": str(parcel.prescription.id),
                    "status": parcel.prescription.status,
                    "number": parcel.prescription.parcel,  # type: ignore[attr-defined]
                    "cold": parcel.prescription.cold,  # type: ignore[attr-defined]
                    "failed": parcel.prescription.failed,  # type: ignore[attr-defined]
                    "from": parcel.prescription.pharmacy.slug,  # type: ignore[union-attr]
                    "to": parcel.address,
                }
                for parcel in page
            ],
        }


class ShipStatement(http.Draw):
    """The statement by which the courier takes over."""

    roles = (Role.COURIER,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = delivering.draw_ship(call.prescription_id, **call.drawer)
        return statement, {"zh": "已从药房取件"}


class Ship(http.Command):
    """Take over from the pharmacy."""

    roles = (Role.COURIER,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*delivering.ship(call.prescription_id, call.note, **call.doer))


class DeliveryCode(http.Query):
    """The one-time code that the patient tells whoever hands the medicines over."""

    roles = (Role.PATIENT,)
    for_wards = True

    def show(self, call: http.Call) -> dict[str, Any]:
        return {"code": delivering.show_code(call.prescription_id, by=call.by)}


class _CodeFirst(http.Endpoint):
    """The patient's code is judged before the command, so that every wrong one counts."""

    roles = (Role.PATIENT, Role.COURIER, Role.PHARMACIST)
    for_wards = True

    def post(self, request: Request, **where: Any) -> Any:
        delivering.try_code(where["prescription_id"], self.read()["code"], by=self.actor)
        return super().post(request, **where)  # type: ignore[misc]


class DeliverStatement(_CodeFirst, http.Draw):
    """The statement by which the medicines are handed over."""

    roles = (Role.PATIENT, Role.COURIER, Role.PHARMACIST)

    class Input(DeliverInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = delivering.draw_delivery(
            call.prescription_id,
            call.values["code"],
            **call.drawer,
        )
        return statement, {
            "zh": "确认收到药品" if call.by.role is Role.PATIENT else "药品已交给患者"
        }


class Deliver(_CodeFirst, http.Command):
    """Hand over: the patient's phone signs, or courier or pharmacist with the patient's code."""

    class Input(DeliverInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        done = delivering.deliver(call.prescription_id, call.values["code"], call.note, **call.doer)
        return changed(*done)
