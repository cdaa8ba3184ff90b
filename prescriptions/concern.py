"""
Which organisations' feeds tell of a prescription: whom its state concerns, before or after a move.

A pharmacy is told from the authorization that names it until that is over: of a withdrawal, and of
nothing later. A courier company is told from the moment when there is something to carry, and who
pays a share from the delivery, which is when there is something to decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hospital.feeds import publishing
from ledger import chain
from prescriptions.models import CHOSEN, Prescription, Status

TO_CARRY: Final = (Status.DISPENSED, Status.IN_TRANSIT, Status.RETURNING)
TO_PAY: Final = (Status.DELIVERED, Status.CLAIMED, Status.TAKEN_BACK)


def parties(prescription: Prescription) -> frozenset[int]:
    """The organisations whom it concerns as it is now, by id."""
    concerned = {
        prescription.pharmacy_id if prescription.status in CHOSEN else None,
        prescription.courier_id if prescription.status in TO_CARRY else None,
    }
    payers = prescription.payers if prescription.status in TO_PAY else ()
    return frozenset(one for one in (*concerned, *payers) if one is not None)


@contextmanager
def told(prescription: Prescription, kind: str, move: str, entry: chain.Appended) -> Iterator[None]:
    """Tell of a move just entered whom it concerns, before or after what is done within."""
    before = parties(prescription)
    yield
    concerned = before | parties(prescription)
    publishing.publish(concerned, entry, kind=kind, move=move, state=prescription.status)
