"""The check of a draft while it is written, over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from hospital import asking, http
from hospital.roles import Role
from insurance.actions import checking
from prescriptions.inputs import DraftInput


def _degrees(most: int, **options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=9, decimal_places=6, min_value=Decimal(-most), max_value=Decimal(most), **options
    )


class PlaceInput(http.Strict):
    lng = _degrees(180, help_text="GCJ-02, in which maps in China are drawn")
    lat = _degrees(90)


class CheckInput(DraftInput):
    near = PlaceInput(default=None, help_text="only pharmacies within 10 km; left out: all")


class Check(asking.Question):
    """
    What the rules find, what it costs in pharmacies that have all of it, and who would pay.

    Takes what a draft takes; nothing is stored and nothing blocks: findings are shown. The look at
    the patient's coverage is recorded first.
    """

    roles = (Role.DOCTOR,)
    Input = CheckInput

    def show(self, call: http.Call) -> dict[str, Any]:
        near = call.values["near"]
        place = (near["lng"], near["lat"]) if near else None
        checked = checking.check(call.values, place, **call.doer)
        return {
            "findings": [asdict(finding) for finding in checked.judged.findings],
            "form": checked.judged.form,
            "pharmacies": checked.pharmacies,
            "prices": {name: asdict(price) for name, price in checked.prices.items()},
            "covered_by": list(checked.covered_by),
            **checked.promised.shown(),
        }
