"""A patient reads which recalls concern what he or she has received: a look at the own records."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import access
from hospital.roles import Actor
from pharmacy import queries_recalls
from pharmacy.recalls import Recall
from prescriptions.actions.viewing import LISTED


def view(*, by: Actor, at: datetime) -> list[tuple[Recall, list[UUID]]]:
    """
    The recalls in force, and which prescriptions were filled of each.

    One ``record.view`` entry covers them; it carries the number of prescriptions. Nothing sealed is
    opened, but that a recalled medicine was received says what is in the record.
    """
    with transaction.atomic():
        found = queries_recalls.of_patient(by.patient)
        records = {one.id: one for _, filled in found for one in filled}
        access.view(
            by=by,
            at=at,
            purpose="list",
            basis="own_record",
            of=[one.record for one in records.values()],
            about="recalls",
            fields=LISTED,
            patient=queries_recalls.person(by.patient),
        )
    return [(recall, [one.id for one in filled]) for recall, filled in found]
