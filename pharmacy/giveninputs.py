"""What a pharmacist says of what is given out, or checked: units, lots, boxes, checks."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http
from pharmacy.actions import checklist, lots
from pharmacy.codefields import Code
from pharmacy.lots import REASON_MAX

LINES_MAX = 20
LOTS_MAX = 50
BOXES_MAX = 200


class LotInput(http.Strict):
    lot = serializers.UUIDField(help_text="the lot's id")
    units = http.Whole(min_value=1, max_value=10_000)


class BoxInput(http.Strict):
    code = Code()
    units = http.Whole(min_value=1, max_value=10_000)


class ChosenInput(http.Strict):
    """Out of which lots it comes."""

    lots = serializers.ListField(
        child=LotInput(),
        default=list,
        max_length=LOTS_MAX,
        help_text="what is not named is taken as it expires; narcotics' lots are named",
    )
    reason = http.Text(
        max_length=REASON_MAX,
        default="",
        allow_blank=True,
        help_text="why not of the lot that expires first",
    )

    def validate_lots(self, named: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({one["lot"] for one in named}) != len(named):
            raise serializers.ValidationError("A lot is named twice.")
        return named


class LinesInput(ChosenInput):
    """And how much of which lines."""

    lines = serializers.DictField(
        child=http.Whole(min_value=1, max_value=10_000),
        allow_empty=False,
        help_text="line number → dispensing units",
    )

    def validate_lines(self, lines: dict[str, int]) -> dict[str, int]:
        if len(lines) > LINES_MAX:
            raise serializers.ValidationError("Too many lines.")
        return lines


class LeavingInput(ChosenInput):
    """
    With the four checks (四查十对), without which nothing is given out, and the boxes out of which
    it comes.
    """

    checks = serializers.ListField(
        child=serializers.ChoiceField(checklist.Check.choices),
        default=list,
        max_length=len(checklist.ALL),
        help_text="the checks that were made: all four",
    )
    boxes = serializers.ListField(
        child=BoxInput(),
        default=list,
        max_length=BOXES_MAX,
        help_text="traceability codes; what lies there without a code is not named",
    )

    def validate_boxes(self, named: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({one["code"] for one in named}) != len(named):
            raise serializers.ValidationError("A box is named twice.")
        return named


class DispenseInput(LeavingInput, LinesInput):
    """What is given out."""


def choice(call: http.Call) -> lots.Choice:
    """Out of which lots and boxes."""
    asked = call.values
    units = {one["lot"]: one["units"] for one in asked["lots"]}
    boxes = {one["code"]: one["units"] for one in asked.get("boxes", ())}
    return lots.Choice(units, asked["reason"], boxes)


def checks(call: http.Call) -> tuple[str, ...]:
    """Which of the four were made."""
    return tuple(call.values.get("checks", ()))


def given(call: http.Call) -> lots.Given:
    """What the input says is given out, or checked."""
    return lots.Given(call.values["lines"], choice(call), checks(call))
