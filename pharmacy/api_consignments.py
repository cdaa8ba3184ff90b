"""Goods between pharmacies over HTTP: sent, accepted, refused, taken back."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from pharmacy import queries_boxes
from pharmacy.actions import consigning
from pharmacy.api_stock import UNITS_MAX
from pharmacy.codefields import Codes
from pharmacy.consignments import REASON_MAX, Consignment
from pharmacy.models import StockItem


class Consignments(http.Command):
    """Send goods to another pharmacy, or list what was sent and what comes, the newest first."""

    roles = (Role.PHARMACIST,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}
    success = 201

    class Input(http.Strict):
        lot = serializers.UUIDField()
        to = http.Text(max_length=40, help_text="the pharmacy's slug")
        units = http.Whole(min_value=1, max_value=UNITS_MAX)
        boxes = Codes(default=list, help_text="codes of the sealed boxes among them")

    def get(self, request: Request) -> Response:
        wanted = paging.Wanted.asked(request.query_params)
        mine = self.actor.organisation_id
        page, following = queries_boxes.consignments_of(mine, wanted)
        return Response(
            {
                "consignments": [_shown(one) for one in page],
                "next": str(following) if following else None,
            }
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        return _shown(consigning.send(consigning.Goods(**call.values), **call.doer))


class AcceptConsignment(http.Command):
    """Put what another pharmacy sent on the own shelf."""

    roles = (Role.PHARMACIST,)

    class Input(http.Strict):
        storage = serializers.ChoiceField(
            StockItem.Storage.choices,
            default="",
            allow_blank=True,
            help_text="in which class it travelled; said where it is kept cold",
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        which, storage = call.where["consignment_id"], call.values["storage"]
        return _shown(consigning.accept(which, storage, **call.doer))


class _Reason(http.Strict):
    reason = http.Text(max_length=REASON_MAX)


class Refuse(http.Command):
    """Do not take what another pharmacy sent."""

    roles = (Role.PHARMACIST,)
    Input = _Reason

    def act(self, call: http.Call) -> dict[str, Any]:
        which, reason = call.where["consignment_id"], call.values["reason"]
        return _shown(consigning.refuse(which, reason, **call.doer))


class TakeBack(http.Command):
    """Put what was sent and not taken back on the own shelf."""

    roles = (Role.PHARMACIST,)
    Input = _Reason

    def act(self, call: http.Call) -> dict[str, Any]:
        which, reason = call.where["consignment_id"], call.values["reason"]
        return _shown(consigning.take_back(which, reason, **call.doer))


def _shown(one: Consignment) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "from": one.sender.slug,
        "to": one.receiver.slug,
        "medicine": one.lot.item.medicine_id,
        "number": one.lot.number,
        "expires_on": one.lot.expires_on.isoformat(),
        "units": one.units,
        "boxes": [box.code for box in one.boxes.all()],
        "storage": one.storage,
        "state": one.state,
        "reason": one.reason,
        "sent_at": stamp(one.created_at),
    }
