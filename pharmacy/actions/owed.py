"""
What a pharmacy still owes, and to whom: the rests of what it gave out in part.

A page is one look with the number of its records. It opens the name and the medicines, by which
somebody at the counter finds what to put aside and for whom, and nothing else. It ends as soon as
the patient has chosen another pharmacy for the rest, for then nothing is owed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from hospital import access, paging
from hospital.corrections.attached import Amendment
from hospital.roles import Actor
from pharmacy import queries
from prescriptions import content
from prescriptions.models import Prescription

ABOUT = BASIS = "owed"
SHOWN = ("patient/name", content.LINES)


@dataclass(frozen=True, slots=True)
class Owed:
    """``fields`` is None if the content was erased."""

    prescription: Prescription
    fields: dict[str, Any] | None
    amendments: Sequence[Amendment]


def page(
    wanted: paging.Wanted, *, by: Actor, at: datetime
) -> tuple[list[Owed], paging.Cursor | None]:
    """A page of what the caller's pharmacy owes, oldest first; the look is recorded first."""
    with transaction.atomic():
        found, following = paging.oldest_first(queries.owed_by(by.organisation_id, at=at), wanted)
        looked = access.view(
            by=by,
            at=at,
            purpose="dispense",
            basis=BASIS,
            of=[one.record for one in found],
            about=ABOUT,
            fields=SHOWN,
            among=[one.patient_id for one in found],
        )
    opened = [
        Owed(one, access.listed(one.record, looked), access.amendments(one.record, looked))
        for one in found
    ]
    return opened, following
