"""What payers do over HTTP: promise cover, read claims, decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from insurance.actions import claims, coverage
from insurance.queries import reckoned, undecided
from insurance.queries_claims import to_decide
from ledger.entry import Statement
from prescriptions.api import changed


class Coverages(http.Command):
    """A payer promises a patient what it will pay."""

    roles = (Role.OFFICER, Role.AGENT)
    success = 201

    class Input(http.Strict):
        patient = http.Text(max_length=18, help_text="resident identity number")
        rates_bp = serializers.DictField(child=http.Whole(min_value=0, max_value=10_000))
        ceiling_fen = http.Whole(min_value=0, max_value=10**12, default=None)
        valid_from = serializers.DateTimeField()
        valid_until = serializers.DateTimeField()

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if set(attrs["rates_bp"]) - {"甲", "乙", "丙"}:
                raise serializers.ValidationError({"rates_bp": ["The classes are 甲, 乙 and 丙."]})
            if attrs["valid_until"] <= attrs["valid_from"]:
                raise serializers.ValidationError({"valid_until": ["It ends before it begins."]})
            return attrs

    def act(self, call: http.Call) -> dict[str, Any]:
        made = coverage.promise(**call.values, by=call.by)
        return {"payer": call.by.organisation, "valid_until": stamp(made.valid_until)}


class Claims(http.Query):
    """
    Delivered prescriptions of which the caller's payer owes a share undecided, oldest first.

    Those that wait for a person are in ``claims/waiting`` instead.
    """

    roles = (Role.AGENT, Role.OFFICER)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        found, following = undecided(call.by.organisation_id, wanted)
        return {
            "next": str(following) if following else None,
            "claims": [
                {
                    "prescription": str(bill.prescription_id),
                    "subject": bill.prescription.subject,
                    "pharmacy": bill.pharmacy.slug,
                    "claimed_fen": fen,
                    "total_fen": reckoned(bill).total_fen,
                }
                for bill in found
                if (fen := to_decide(bill).get(call.by.organisation, 0))
            ],
        }


class DecisionInput(http.Strict):
    decision = serializers.ChoiceField(claims.Decision.choices)
    approved_fen = http.Whole(min_value=0, max_value=10**12)
    reason = serializers.ChoiceField(claims.ClaimReason.choices, default="none")


def _ruling(values: Mapping[str, Any]) -> claims.Ruling:
    return claims.Ruling(values["decision"], values["approved_fen"], values["reason"])


class DecideStatement(http.Draw):
    """The decision to sign."""

    roles = (Role.AGENT, Role.OFFICER)

    class Input(DecisionInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = claims.draw_decision(
            call.prescription_id,
            _ruling(call.values),
            **call.drawer,
        )
        return statement, {"zh": f"理赔决定：{call.values['decision']}"}


class Decide(http.Command):
    """Decide on the own share, or on what of it an appeal or a reopening has left open."""

    roles = (Role.AGENT, Role.OFFICER)

    class Input(DecisionInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        done = claims.decide(call.prescription_id, _ruling(call.values), call.note, **call.doer)
        return changed(*done)
