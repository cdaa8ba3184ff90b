"""What was put aside is destroyed."""

from __future__ import annotations

from typing import Any

from hospital import http
from hospital.roles import Role
from hospital.units import stamp
from pharmacy.actions import destroying
from pharmacy.api_stock import UNITS_MAX
from pharmacy.codefields import Codes
from pharmacy.returns import REASON_MAX, Destruction


class Destroy(http.Command):
    """Destroy units of a lot that is put aside; narcotics once a second person confirms it."""

    roles = (Role.PHARMACIST,)
    success = 201

    class Input(http.Strict):
        units = http.Whole(min_value=1, max_value=UNITS_MAX)
        document = http.Text(max_length=REASON_MAX, help_text="the record's number (销毁记录)")
        boxes = Codes(default=list, help_text="codes of the boxes among them")

    def act(self, call: http.Call) -> dict[str, Any]:
        return _shown(destroying.destroy(call.where["lot_id"], **call.values, **call.doer))


class Confirm(http.Command):
    """Confirm, as the second person who was there, that a narcotic was destroyed."""

    roles = (Role.PHARMACIST,)

    def act(self, call: http.Call) -> dict[str, Any]:
        return _shown(destroying.confirm(call.where["destruction_id"], **call.doer))


def _shown(one: Destruction) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "units": one.units,
        "state": one.state,
        "at": stamp(one.at),
        "witnessed_at": stamp(one.witnessed_at) if one.witnessed_at else None,
    }
