"""Where a box is and what became of it; for a patient, out of which boxes the medicines came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import access, paging
from hospital.roles import Actor, Role
from pharmacy import queries_boxes
from pharmacy.actions.boxes import UnknownBox
from pharmacy.actions.history import GIVEN_OUT
from pharmacy.boxes import Box, BoxMove, Collision
from pharmacy.lots import Movement
from prescriptions import content, permissions
from prescriptions import queries as rx_queries
from prescriptions.actions import viewing


@dataclass(frozen=True, slots=True)
class Way:
    """A box's moves in order, and who brought its code again, the newest first, at most 50."""

    box: Box
    moves: Sequence[BoxMove]
    collisions: Sequence[Collision] = ()


def trace(code: str, *, by: Actor) -> Way:
    """
    The way of the box with this code: as far as the caller's pharmacy knows it, or all of it.

    It says nothing of prescriptions, and nothing sealed is opened, so it is no look.

    Raises:
        UnknownBox: nobody scanned it, or only others did.
    """
    (box,) = queries_boxes.with_codes([code]) or (None,)
    if box is None:
        raise UnknownBox
    if by.role is Role.REGULATOR:
        brought, _ = queries_boxes.collisions(paging.Wanted(size=paging.PAGE_MAX), box)
        return Way(box, queries_boxes.moves_of(box, None), brought)
    if not queries_boxes.was_at(box, by.organisation_id):
        raise UnknownBox
    return Way(box, queries_boxes.moves_of(box, by.organisation_id))


@dataclass(frozen=True, slots=True)
class Received:
    """``prescribed`` are the prescription's lines, ``movements`` what left the shelf for it."""

    prescribed: viewing.Opened
    movements: Sequence[Movement]


def received(prescription_id: UUID, *, by: Actor, at: datetime) -> Received:
    """
    What the caller received for the own prescription; the look is recorded first.

    Raises what ``permissions.basis_to_view`` and ``viewing.opened`` raise.
    """
    with transaction.atomic():
        prescription = rx_queries.with_record(prescription_id)
        looked = access.view(
            by=by,
            at=at,
            purpose="own",
            basis=permissions.basis_to_view(prescription, by),
            of=[prescription.record],
            about=prescription.subject,
            fields=(GIVEN_OUT, content.LINES),
            patient=prescription.patient.person,
        )
        movements = queries_boxes.given_out(prescription)
    return Received(viewing.opened(prescription, looked), movements)
