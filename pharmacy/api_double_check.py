"""The second pharmacist's check over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http
from hospital.roles import Role
from hospital.units import stamp
from ledger.entry import Statement
from pharmacy import queries_stock
from pharmacy.actions import double_checking
from pharmacy.giveninputs import LinesInput, given
from pharmacy.queries import SCAN_LIFE
from prescriptions.api import changed, shown

LISTED = 50


class CheckedInput(LinesInput):
    scan = serializers.UUIDField(help_text="of the colleague who gives it out")


class DoubleChecks(http.Query):
    """
    What colleagues have scanned and a second pharmacist is to check, oldest first, at most 50.

    References and times alone: what is to be seen opens at ``…/double-check/{scan}``, recorded.
    """

    roles = (Role.PHARMACIST,)

    def show(self, call: http.Call) -> dict[str, Any]:
        waiting = queries_stock.to_double_check(**call.doer)[:LISTED]
        return {
            "waiting": [
                {
                    "prescription": str(one.prescription_id),
                    "scan": str(one.id),
                    "scanned_at": stamp(one.scanned_at),
                    "ends_at": stamp(one.scanned_at + SCAN_LIFE),
                }
                for one in waiting
            ]
        }


class ToCheck(http.Query):
    """What a colleague scanned, for the second pharmacist; the look is recorded first."""

    roles = (Role.PHARMACIST,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        opened = double_checking.view(call.prescription_id, call.where["scan_id"], **call.doer)
        return shown(opened, call.at)


class DoubleCheckStatement(http.Draw):
    """The statement by which the second pharmacist has checked it."""

    roles = (Role.PHARMACIST,)

    class Input(CheckedInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        scan, lines = call.values["scan"], call.values["lines"]
        statement = double_checking.draw(call.prescription_id, scan, given(call), **call.drawer)
        return statement, {"zh": f"复核无误，可以发药：{len(lines)}种，共{sum(lines.values())}件"}


class DoubleCheck(http.Command):
    """Check what a colleague is about to give out (双人复核)."""

    roles = (Role.PHARMACIST,)
    records_refusals = True

    class Input(CheckedInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        scan, checked = call.values["scan"], given(call)
        return changed(
            *double_checking.double_check(
                call.prescription_id, scan, checked, call.note, **call.doer
            )
        )
