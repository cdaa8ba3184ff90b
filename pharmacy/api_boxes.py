"""Boxes over HTTP: scanned in, listed, looked up, and shown to the patient who received them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from ledger.note import encode_base64
from pharmacy import queries_boxes, queries_stock
from pharmacy.actions import boxing, tracing
from pharmacy.actions.lots import UnknownLot
from pharmacy.api_stock import NotesCollisions, shown_lot
from pharmacy.boxes import Box, BoxMove, Collision
from pharmacy.codefields import Codes
from pharmacy.lots import Movement
from prescriptions import content


class InLot(NotesCollisions, http.Command):
    """Scan boxes that lie in a lot already, or list those that are not empty, the newest first."""

    roles = (Role.PHARMACIST,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}
    success = 201

    class Input(http.Strict):
        boxes = Codes(allow_empty=False, help_text="codes that were scanned")
        box_units = http.Whole(
            min_value=1, max_value=10_000, default=1, help_text="dispensing units of a sealed box"
        )

    def get(self, request: Request, lot_id: UUID) -> Response:
        if not queries_stock.has_lot(lot_id, self.actor.organisation_id):
            raise UnknownLot
        wanted = paging.Wanted.asked(request.query_params)
        page, following = queries_boxes.in_lot(lot_id, wanted)
        return Response(
            {
                "boxes": [shown_box(one) for one in page],
                "next": str(following) if following else None,
            }
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        asked = call.values
        scanned = boxing.scan_in(
            call.where["lot_id"], asked["boxes"], asked["box_units"], **call.doer
        )
        return shown_lot(scanned)


class OneBox(http.Query):
    """
    Where the box with a code is, and what became of it.

    A pharmacist reads what went on in the own pharmacy; a regulator the whole way, with what opens
    the commitment in the ledger's entries, and who brought the same code again.
    """

    roles = (Role.PHARMACIST, Role.REGULATOR)
    query = {"code": "the traceability code, 20 digits"}

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params.get("code", "").replace("\x00", "")
        way = tracing.trace(asked, by=call.by)
        told = {
            **shown_box(way.box),
            "medicine": way.box.lot.item.medicine_id,
            "lot": way.box.lot.number,
            "expires_on": way.box.lot.expires_on.isoformat(),
            "way": [_move(one) for one in way.moves],
        }
        if call.by.role is not Role.REGULATOR:
            return told
        return {
            **told,
            **_opening(way.box),
            "collisions": [_collision(one) for one in way.collisions],
        }


class Collisions(http.Query):
    """Codes that a pharmacy brought though another has the box, or it was used; newest first."""

    roles = (Role.REGULATOR,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = queries_boxes.collisions(wanted)
        return {
            "collisions": [
                {
                    "code": one.box.code,
                    "state": one.box.state,
                    "first": one.box.lot.item.pharmacy.slug,
                    **_collision(one),
                }
                for one in page
            ],
            "next": str(following) if following else None,
        }


class GivenOut(http.Query):
    """
    What the patient received, by lot and traceability code; the look is recorded first.

    ``salt`` opens the ``commitment`` by which the entry of the dispensing names the box, for whom
    the patient likes to show it to.
    """

    roles = (Role.PATIENT,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        received = tracing.received(call.prescription_id, **call.doer)
        prescribed = received.prescribed
        return {
            "prescription": str(call.prescription_id),
            "lines": content.lines_of(prescribed.fields),
            "amendments": [one.shown() for one in prescribed.amendments],
            "given": [_given(one) for one in received.movements],
        }


def shown_box(box: Box) -> dict[str, Any]:
    return {
        "code": box.code,
        "state": box.state,
        "holds": box.holds,
        "on_hand": box.on_hand,
        "scanned_at": stamp(box.scanned_at),
    }


def _opening(box: Box) -> dict[str, str]:
    return {"commitment": box.commitment, "salt": encode_base64(bytes(box.salt))}


def _move(one: BoxMove) -> dict[str, Any]:
    moved = one.movement
    return {
        "pharmacy": one.lot.item.pharmacy.slug,
        "kind": moved.kind if moved else "scanned",
        "units": one.quantity,
        "at": stamp(moved.at if moved else one.box.scanned_at),
        "by": str(moved.by_id if moved else one.box.scanned_by_id),
    }


def _collision(one: Collision) -> dict[str, Any]:
    return {"pharmacy": one.pharmacy.slug, "by": str(one.by_id), "at": stamp(one.at)}


def _given(moved: Movement) -> dict[str, Any]:
    return {
        "medicine": moved.lot.item.medicine_id,
        "lot": moved.lot.number,
        "expires_on": moved.lot.expires_on.isoformat(),
        "units": -moved.quantity,
        "boxes": [
            {"code": one.box.code, "units": -one.quantity, **_opening(one.box)}
            for one in moved.box_moves.all()
        ],
    }
