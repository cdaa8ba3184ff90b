"""What waits at the counter; what was given out, found again."""

from __future__ import annotations

from typing import Any

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from pharmacy import queries
from pharmacy.actions import owed, recovering
from prescriptions import content


class Counter(http.Query):
    """
    What waits at the caller's pharmacy, the oldest first: ``paid``, to be given out when its
    patient's code is scanned; ``dispensed``, to be handed over. References alone.
    """

    roles = (Role.PHARMACIST,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        rows = queries.at_counter(call.by.organisation_id)
        page, following = paging.oldest_first(rows, wanted)
        return {
            "waiting": [
                {"prescription": str(one.id), "status": one.status, "way": one.way} for one in page
            ],
            "next": str(following) if following else None,
        }


class Owed(http.Query):
    """
    What the caller's pharmacy still owes, and to whom, oldest first; the look is recorded first.

    ``lines`` says of each what is left. What the patient fetches elsewhere by now is not among it.
    """

    roles = (Role.PHARMACIST,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = owed.page(wanted, **call.doer)
        return {
            "owed": [_owed(one) for one in page],
            "next": str(following) if following else None,
        }


def _owed(one: owed.Owed) -> dict[str, Any]:
    rx, known = one.prescription, content.lines_of(one.fields or {})
    named = ("code", "generic_name", "specification", "unit")
    return {
        "prescription": str(rx.id),
        "left_of": str(rx.remainder_of_id),
        "status": rx.status,
        "valid_until": stamp(rx.valid_until),
        "patient": (one.fields or {}).get("patient/name"),
        "lines": {
            line: {"units": units, **{name: known.get(line, {}).get(name) for name in named}}
            for line, units in rx.quantities.items()
        },
        "amendments": [each.shown() for each in one.amendments],
    }


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
