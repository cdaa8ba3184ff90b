"""Which moves of a prescription its patient is told of; those of the patient's own are none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from ledger import chain
from prescriptions.models import Prescription

TELLS: Final[Mapping[str, Kind]] = {
    "upload_reviewed": Kind.APPROVED,
    "approve": Kind.APPROVED,
    "confirm": Kind.APPROVED,
    "send_back": Kind.RETURNED,
    "dispense": Kind.DISPENSED,
    "ship": Kind.SHIPPED,
    "cancel": Kind.CANCELLED,
    "undo": Kind.CANCELLED,
}
"""By the name of the move."""


def tell(prescription: Prescription, move: str, entry: chain.Appended, at: datetime) -> None:
    """Tell the patient of a move that was just entered, if it is one of ``TELLS``."""
    kind = TELLS.get(move)
    if kind is not None:
        notices.tell(prescription.patient_id, kind, entry.subject, entry.version, at=at)
