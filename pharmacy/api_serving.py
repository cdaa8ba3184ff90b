"""What a pharmacy says of itself: opening hours, couriers; over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http
from hospital.roles import Role
from pharmacy import hours
from pharmacy.actions import serving
from pharmacy.models import ClosedDay, Opening
from pharmacy.queries_serving import carriages

INTERVALS_MAX, CLOSED_MAX, BANDS_MAX = 28, 60, 10
FURTHEST_M, DEAREST_FEN, SLOWEST_MIN = 500_000, 1_000_000, 30 * hours.DAY_MIN


class IntervalInput(http.Strict):
    weekday = http.Whole(min_value=0, max_value=hours.SUNDAY, help_text="0 is Monday")
    opens = http.Whole(
        min_value=0, max_value=hours.DAY_MIN - 1, help_text="minutes after 0:00, Asia/Shanghai"
    )
    closes = http.Whole(
        min_value=1,
        max_value=2 * hours.DAY_MIN - 1,
        help_text="exclusive; above 1440 on the following day",
    )


class Hours(http.Command):
    """When the caller's pharmacy is open each week, and the days on which it is not."""

    roles = (Role.PHARMACIST,)

    class Input(http.Strict):
        week = serializers.ListField(
            child=IntervalInput(), max_length=INTERVALS_MAX, allow_empty=True
        )
        closed = serializers.ListField(
            child=serializers.DateField(), max_length=CLOSED_MAX, default=list
        )

    def get(self, request: Request) -> Response:
        own = self.actor.organisation_id
        return Response(
            {
                "week": list(
                    Opening.objects.filter(pharmacy=own)
                    .order_by("weekday", "opens")
                    .values("weekday", "opens", "closes")
                ),
                "closed": [
                    day.isoformat()
                    for day in ClosedDay.objects.filter(pharmacy=own)
                    .order_by("day")
                    .values_list("day", flat=True)
                ],
            }
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        week = [hours.Interval(**one) for one in call.values["week"]]
        serving.set_hours(week, call.values["closed"], **call.doer)
        return {"intervals": len(week), "closed": len(call.values["closed"])}


class BandInput(http.Strict):
    up_to_m = http.Whole(min_value=1, max_value=FURTHEST_M)
    fee_fen = http.Whole(min_value=0, max_value=DEAREST_FEN)
    minutes = http.Whole(min_value=1, max_value=SLOWEST_MIN, help_text="expected")


class Carriages(http.Command):
    """For what and how fast a courier company brings things from the caller's pharmacy."""

    roles = (Role.PHARMACIST,)

    class Input(http.Strict):
        courier = http.Text(max_length=40)
        bands = serializers.ListField(
            child=BandInput(),
            max_length=BANDS_MAX,
            allow_empty=True,
            help_text="replace what was said of this company; none: it brings nothing any more",
        )

    def get(self, request: Request) -> Response:
        found = carriages().filter(pharmacy=self.actor.organisation_id)
        return Response(
            {
                "carriages": [
                    {
                        "courier": one.courier.slug,
                        "up_to_m": one.up_to_m,
                        "fee_fen": one.fee_fen,
                        "minutes": one.minutes,
                    }
                    for one in found
                ]
            }
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        bands = [serving.Band(**one) for one in call.values["bands"]]
        serving.set_carriage(call.values["courier"], bands, by=call.by)
        return {"courier": call.values["courier"], "bands": len(bands)}
