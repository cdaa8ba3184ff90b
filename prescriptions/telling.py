"""
Which moves of a prescription patient and guardians are told of; those of their own are none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from hospital.guardians import queries
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from hospital.notices.models import Notice
from ledger import chain
from prescriptions.models import Prescription

TELLS: Final[Mapping[str, Kind]] = {
    "upload_reviewed": Kind.APPROVED,
    "approve": Kind.APPROVED,
    "confirm": Kind.APPROVED,
    "send_back": Kind.RETURNED,
    "dispense": Kind.DISPENSED,
    "dispense_part": Kind.PARTED,
    "decline": Kind.DECLINED,
    "substitute": Kind.SUBSTITUTE,
    "ship": Kind.SHIPPED,
    "collide": Kind.COLLIDED,
    "fail": Kind.NOT_DELIVERED,
    "turn_back": Kind.COMES_BACK,
    "take_back": Kind.TAKEN_BACK,
    "cancel": Kind.CANCELLED,
    "undo": Kind.CANCELLED,
    "ask_field": Kind.CLAIM_ASKS,
}
"""By the name of the move."""


def tell(prescription: Prescription, move: str, entry: chain.Appended, at: datetime) -> None:
    """Tell patient and guardians of a move that was just entered, if it is one of ``TELLS``."""
    kind = TELLS.get(move)
    if kind is not None:
        notices.tell_all(to_all([(prescription, kind, entry.version)], at=at), at=at)


def to_all(news: Sequence[tuple[Prescription, Kind, int]], *, at: datetime) -> list[Notice]:
    """What each patient is told, and what whoever guards the patient now; one query."""
    guards = defaultdict(list)
    for patient, guardian in queries.guarding({one.patient_id for one, _, _ in news}, at=at):
        guards[patient].append(guardian)
    return [
        Notice(account_id=account, kind=told, subject=one.subject, version=version)
        for one, kind, version in news
        for account, told in (
            (one.patient_id, kind),
            *((guardian, Kind.WARD_NEWS) for guardian in guards[one.patient_id]),
        )
    ]
