"""What can be asked about offline dispensings; nothing here writes."""

from __future__ import annotations

from hospital import paging
from hospital.roles import Actor, Role
from pharmacy.brought import OfflineSlip


def brought(by: Actor, wanted: paging.Wanted) -> tuple[list[OfflineSlip], paging.Cursor | None]:
    """The slips that ``by`` may see: a pharmacist those of the own pharmacy, a regulator all."""
    rows = OfflineSlip.objects.select_related("pharmacy")
    if by.role is not Role.REGULATOR:
        rows = rows.filter(pharmacy_id=by.organisation_id)
    return paging.newest_first(rows, wanted)
