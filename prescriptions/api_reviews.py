"""Who signs after the doctor, before it counts: another doctor, the reviewing pharmacists."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from ledger.entry import Statement
from prescriptions import queries
from prescriptions.actions import countersigning, reviewing
from prescriptions.api import changed, shown


class ReviewInput(http.Strict):
    decision = serializers.ChoiceField(reviewing.Decision.choices)
    reason = serializers.ChoiceField(reviewing.Reason.choices, default="none")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["decision"] == reviewing.Decision.APPROVE) != (attrs["reason"] == "none"):
            raise serializers.ValidationError({"reason": ["Give a reason exactly when returning."]})
        return attrs


class DecisionToSign(ReviewInput, http.ToSign):
    """What is decided, and the key that will sign it."""


class SignedDecision(ReviewInput, http.Signed):
    """What is decided, signed."""


def said(call: http.Call) -> tuple[str, str]:
    """Decision and reason, as the caller gave them."""
    return call.values["decision"], call.values["reason"]


class ReviewStatement(http.Draw):
    """The statement by which a reviewing pharmacist approves or returns."""

    roles = (Role.REVIEWER,)
    Input = DecisionToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = reviewing.draw(call.prescription_id, *said(call), **call.drawer)
        return statement, {"zh": reviewing.in_words(statement)}


class Review(http.Command):
    """
    Approve or return.

    What is written on the form of narcotics or of toxic medicines is "checked" by the first who
    approves, and approved by the second.
    """

    roles = (Role.REVIEWER,)
    Input = SignedDecision

    def act(self, call: http.Call) -> dict[str, Any]:
        done = reviewing.review(call.prescription_id, *said(call), call.note, **call.doer)
        return changed(*done)


class Awaiting(http.Query):
    """The hospital's prescriptions that wait for another doctor's signature, the newest first."""

    roles = (Role.DOCTOR,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        found, following = queries.awaiting_countersignature(call.by, wanted)
        return {
            "prescriptions": [
                {
                    "id": str(one.id),
                    "doctor": str(one.doctor_id),
                    "created_at": stamp(one.created_at),
                    "valid_until": stamp(one.valid_until),
                }
                for one in found
            ],
            "next": str(following) if following else None,
        }


class Countersign(http.Query, http.Command):
    """Read what a colleague wrote; sign it, so that it counts, or return it."""

    roles = (Role.DOCTOR,)
    records_refusals = True
    Input = SignedDecision

    def show(self, call: http.Call) -> dict[str, Any]:
        return shown(countersigning.view(call.prescription_id, **call.doer), call.at)

    def act(self, call: http.Call) -> dict[str, Any]:
        done = countersigning.countersign(call.prescription_id, *said(call), call.note, **call.doer)
        return changed(*done)


class CountersignStatement(http.Draw):
    """The statement by which another doctor lets it count, or returns it."""

    roles = (Role.DOCTOR,)
    Input = DecisionToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = countersigning.draw(call.prescription_id, *said(call), **call.drawer)
        return statement, {"zh": countersigning.in_words(statement)}
