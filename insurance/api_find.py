"""Finding a pharmacy for an own prescription, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework import serializers

from hospital import asking, http, paging
from hospital.roles import Role
from hospital.sphere import Place
from hospital.units import stamp
from insurance.actions import finding
from insurance.api_check import PlaceInput
from pharmacy import hours
from pharmacy.queries_near import Behind
from pharmacy.queries_serving import Fare

WITHIN_M, WITHIN_MAX_M = 50_000, 500_000
CURSOR_MAX = 4_096
NEAREST, CHEAPEST = "nearest", "cheapest"


class FindInput(http.Strict):
    near = PlaceInput(default=None, help_text="where to look; left out only with a cursor")
    within_m = http.Whole(min_value=1, max_value=WITHIN_MAX_M, default=WITHIN_M)
    order = serializers.ChoiceField(
        [NEAREST, CHEAPEST],
        default=NEAREST,
        help_text="`cheapest`: by the own share, of the nearest pharmacies that have all of it",
    )
    partly = http.Flag(default=False, help_text="also pharmacies that have some lines and not all")
    payers = serializers.ListField(
        child=http.Text(max_length=40),
        max_length=10,
        default=None,
        help_text="slugs of the payers to use; left out: all that cover the patient",
    )
    cursor = http.Text(
        max_length=CURSOR_MAX,
        default="",
        allow_blank=True,
        help_text="`next` of the page before; it holds all of the search but the size",
    )
    size = http.Whole(min_value=1, max_value=paging.PAGE_MAX, default=paging.PAGE_USUAL)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["near"] is None) != bool(attrs["cursor"]):
            raise serializers.ValidationError(
                {"near": ["Name a place, or the cursor of the page before."]}
            )
        if attrs["partly"] and attrs["order"] == CHEAPEST:
            raise serializers.ValidationError(
                {"partly": ["What has not all of it is not compared by what it costs."]}
            )
        return attrs


class Find(asking.Question):
    """
    Which pharmacies can give out an own prescription now: how far, open, for what, how it comes.

    A row has the bill as a checkout there would open it, of the lines that the pharmacy has. The
    fees of couriers are what the pharmacy says they ask: they are paid to the courier, are no part
    of the bill and are shown alone. `searched_m` is how far the search has gone, and `next`
    goes on from there, even if the page is empty. The look at the prescription is recorded first.
    """

    roles = (Role.PATIENT,)
    for_wards = True
    records_refusals = True
    Input = FindInput

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = _asked(call.values, call.prescription_id)
        page = finding.find(call.prescription_id, asked, call.values["size"], **call.doer)
        return {
            "pharmacies": [_offer(one) for one in page.offers],
            "within_m": asked.within_m,
            "searched_m": page.searched_m,
            **page.promised.shown(),
            "next": _cursor(asked, page.following, call.prescription_id),
        }


def _asked(values: Mapping[str, Any], prescription: UUID) -> finding.Asked:
    if values["cursor"]:
        return _opened(values["cursor"], prescription)
    return finding.Asked(
        place=Place(values["near"]["lng"], values["near"]["lat"]),
        within_m=values["within_m"],
        partly=values["partly"],
        cheapest=values["order"] == CHEAPEST,
        payers=values["payers"],
    )


def _cursor(asked: finding.Asked, after: Behind | None, prescription: UUID) -> str | None:
    """The search and where it goes on, sealed: it says where the patient is."""
    if after is None:
        return None
    said = [
        *(str(asked.place.longitude), str(asked.place.latitude), asked.within_m, asked.partly),
        *(asked.payers, after.away, after.pharmacy),
    ]
    return paging.packed(json.dumps(said), _about(prescription))


def _opened(cursor: str, prescription: UUID) -> finding.Asked:
    """Raises ``paging.BadCursor``."""
    lng, lat, within_m, partly, payers, away, pharmacy = json.loads(
        paging.unpacked(cursor, _about(prescription))
    )
    return finding.Asked(
        place=Place(Decimal(lng), Decimal(lat)),
        within_m=within_m,
        partly=partly,
        payers=payers,
        after=Behind(away, pharmacy),
    )


def _about(prescription: UUID) -> str:
    return f"find/{prescription.hex}"


def _offer(one: finding.Offer) -> dict[str, Any]:
    return {
        "pharmacy": one.pharmacy.slug,
        "name": one.pharmacy.name,
        "distance_m": one.distance_m,
        "place": _place(one.pharmacy.place),
        "hours": _standing(one.standing),
        "whole": one.whole,
        "lines": list(one.lines),
        "total_fen": one.quote.total_fen,
        "patient_fen": one.quote.patient_fen,
        "payers": one.quote.together,
        "steps": one.quote.explained(),
        "ways": {"collect": True, "courier": [_carriage(each) for each in one.pharmacy.fares]},
    }


def _place(known: tuple[str, str] | None) -> dict[str, str] | None:
    return {"lng": known[0], "lat": known[1]} if known else None


def _standing(one: hours.Standing) -> dict[str, Any]:
    return {
        "open": one.open,
        "opens_at": stamp(one.opens_at) if one.opens_at else None,
        "closes_at": stamp(one.closes_at) if one.closes_at else None,
    }


def _carriage(one: Fare) -> dict[str, Any]:
    return {"courier": one.courier, "fee_fen": one.fee_fen, "minutes": one.minutes}
