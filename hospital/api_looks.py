"""Who saw my data: the patient asks, in plain Chinese and with the proofs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hospital import http, looking, lookwords, paging
from hospital.roles import Role
from hospital.units import stamp


class MyLooks(http.Query):
    """
    Looks at the caller's data, newest first: who, of which organisation, when, at what, why, on
    which basis, and a sentence in Chinese.

    ``leaf`` asks for the receipt of the entry. ``listed`` looks were at lists in which the caller
    stood; their entries do not say whose records were in them. All others are in the caller's
    proven list of entries. No view is recorded: nothing of a record is opened. A guardian who asks
    for the ward is recorded.
    """

    roles = (Role.PATIENT,)
    for_wards = True
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        wanted = paging.Wanted.asked({"size": asked.get("size")})
        looking.record(call.by, at=call.at)
        page, following = looking.looks_at(call.by, wanted, asked.get("cursor"))
        return {"looks": [_shown(one, call.by.patient) for one in page], "next": following}


def _shown(look: looking.Look, patient: UUID) -> dict[str, Any]:
    facts = look.facts
    name, organisation = look.name, look.reader.organisation if look.reader else None
    own = look.reader is not None and look.reader.id == patient
    role = lookwords.role(str(facts["role"]), own=own)
    who = role if own else f"{organisation.name if organisation else ''}{role}{name}"
    return {
        "at": stamp(look.at),
        "leaf": look.entry.leaf.hex(),
        "log": look.entry.log,
        "index": look.entry.index,
        "own": own,
        "listed": bool(look.listed),
        "reader": {"name": name, "role": facts["role"], "organisation": facts["organisation"]},
        "of": facts["of"],
        "fields": facts["fields"],
        "records": facts["records"],
        "purpose": facts["purpose"],
        "basis": facts["basis"],
        "unusual": lookwords.unusual(str(facts["purpose"])),
        "text": lookwords.sentence(facts, look.at, who, in_list=bool(look.listed)),
    }
