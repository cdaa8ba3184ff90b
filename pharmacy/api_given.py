"""What was given out, found again."""

from __future__ import annotations

from typing import Any

from hospital import http
from hospital.roles import Role
from hospital.units import stamp
from pharmacy.actions import recovering


class Given(http.Query):
    """What the caller's pharmacy gave out of a prescription: for whoever has lost the answer."""

    roles = (Role.PHARMACIST,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        done = recovering.find(call.prescription_id, by=call.by)
        given, rest = done.dispensing, done.remainder
        return {
            "prescription": str(given.prescription_id),
            "scan": str(given.scan_id),
            "lines": given.lines,
            "at": stamp(given.dispensed_at),
            "entry": {"leaf": done.entry.leaf.hex(), "version": done.entry.version},
            "remainder": {"id": str(rest.id), "lines": rest.quantities} if rest else None,
        }
