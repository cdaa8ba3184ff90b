"""Medicines come back, and money with them: pharmacists take back, payers' agents accept."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http, paging, promises, queries
from hospital.roles import OrganisationKind, Role
from hospital.units import stamp, yuan
from insurance.actions import returning, reversing
from insurance.actions.settling import SETTLED_AT_ONCE
from insurance.api_settlements import PAGE, word
from insurance.models import Reversal
from insurance.queries import line_of, reversals
from ledger.entry import Statement
from pharmacy.giveninputs import LINES_MAX, LOTS_MAX, LotInput
from pharmacy.returns import Reason
from prescriptions.api import changed


class ReturnInput(http.Strict):
    lines = serializers.DictField(
        child=http.Whole(min_value=1, max_value=10_000),
        allow_empty=False,
        help_text="line number → dispensing units",
    )
    reason = serializers.ChoiceField(Reason.choices)
    lots = serializers.ListField(
        child=LotInput(),
        default=list,
        max_length=LOTS_MAX,
        help_text="as the boxes say; of narcotics they are named",
    )

    def validate_lines(self, lines: dict[str, int]) -> dict[str, int]:
        if len(lines) > LINES_MAX:
            raise serializers.ValidationError("Too many lines.")
        return lines

    def validate_lots(self, named: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({one["lot"] for one in named}) != len(named):
            raise serializers.ValidationError("A lot is named twice.")
        return named


class ReturnStatement(http.Draw):
    """The statement by which the pharmacist takes medicines back, and what the patient gets."""

    roles = (Role.PHARMACIST,)

    class Input(ReturnInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement, fen = returning.draw(call.prescription_id, _brought(call), **call.drawer)
        units = sum(call.values["lines"].values())
        return statement, {"zh": f"退药：{units}件，退回患者{yuan(fen)}", "refund_fen": fen}


class TakeBack(http.Command):
    """Take medicines back: they are put aside, and what was paid for them is requested back."""

    roles = (Role.PHARMACIST,)
    records_refusals = True

    class Input(ReturnInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        prescription, entry, fen = returning.take_back(
            call.prescription_id, _brought(call), call.note, **call.doer
        )
        return {**changed(prescription, entry), "refund_fen": fen}


class Reversals(http.Query):
    """
    What comes back to the caller's payer, oldest first: ``due``, to be accepted; ``owed``, paid and
    accepted, and to be taken back from the pharmacy.
    """

    roles = (Role.AGENT, Role.OFFICER)
    query = {**PAGE, "state": "due or owed; due if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        state = word(asked, "state", (Reversal.State.DUE.value, Reversal.State.OWED.value))
        wanted = paging.Wanted.asked(asked, SETTLED_AT_ONCE)
        found, following = reversals(call.by.organisation_id, state, wanted)
        return {
            "next": str(following) if following else None,
            "reversals": [_reversal(one) for one in found],
        }


class ReverseStatement(http.Draw):
    """The acceptance to sign."""

    roles = (Role.AGENT,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = reversing.draw_reversal(call.prescription_id, **call.drawer)
        return statement, {"zh": f"冲回{yuan(statement.facts['reversed_fen'])}"}


class Reverse(http.Command):
    """Accept all that comes back to the payer of one prescription."""

    roles = (Role.AGENT,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*reversing.accept(call.prescription_id, call.note, **call.doer))


class ClawbackInput(http.Strict):
    pharmacy = http.Text(max_length=40)
    reversals = serializers.ListField(
        child=serializers.UUIDField(),
        allow_empty=False,
        max_length=SETTLED_AT_ONCE,
        help_text="ids; of one prescription all that are owed",
    )


class ClawbackStatement(http.Draw):
    """The clawback to sign."""

    roles = (Role.AGENT,)

    class Input(ClawbackInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        pharmacy = queries.organisation(
            call.values["pharmacy"], OrganisationKind.PHARMACY, field="pharmacy"
        )
        named = call.values["reversals"]
        statement = reversing.draw_clawback(pharmacy, named, **call.drawer)
        total = yuan(statement.facts["total_fen"])
        return statement, {"zh": f"向 {pharmacy.slug} 追回{len(named)}笔，共{total}"}


class Clawbacks(http.Command):
    """Take back from a pharmacy what was paid for medicines that came back."""

    roles = (Role.AGENT,)
    success = 201

    class Input(ClawbackInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        pharmacy = queries.organisation(
            call.values["pharmacy"], OrganisationKind.PHARMACY, field="pharmacy"
        )
        named = call.values["reversals"]
        made, entry = reversing.claw_back(pharmacy, named, call.note, **call.doer)
        return {
            "id": str(made.id),
            "total_fen": made.total_fen,
            "entry": promises.entered(entry),
        }


def _brought(call: http.Call) -> returning.Brought:
    units = {one["lot"]: one["units"] for one in call.values["lots"]}
    return returning.Brought(call.values["lines"], call.values["reason"], units)


def _reversal(one: Reversal) -> dict[str, Any]:
    bill = one.claim.bill
    return {
        "id": str(one.id),
        "prescription": str(bill.prescription_id),
        "subject": bill.prescription.subject,
        "pharmacy": bill.pharmacy.slug,
        "line": line_of(one.claim),
        "fen": one.fen,
        "returned_at": stamp(one.returned.at),
    }
