"""The pharmacist's change request over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http
from hospital.roles import Role
from ledger.entry import Statement
from pharmacy.actions import requesting
from prescriptions.api import changed
from prescriptions.models import ChangeRequest


class ProposedInput(http.Strict):
    line = http.Whole(min_value=1, max_value=20, help_text="the line that it replaces")
    medicine = http.Text(max_length=40, help_text="medListCodg")
    quantity = http.Whole(min_value=1, max_value=10_000, help_text="dispensing units")


class QuestionInput(http.Strict):
    reason = serializers.ChoiceField(ChangeRequest.Reason.choices)
    words = http.Text(max_length=500, help_text="to the doctor; kept sealed")
    lines = serializers.ListField(child=ProposedInput(), max_length=20, default=list)
    salt = http.Text(max_length=24, help_text="base64 of 16 random bytes, drawn by the desk")


class AskChangeStatement(http.Draw):
    """The statement by which the pharmacist asks the doctor for a change."""

    roles = (Role.PHARMACIST,)

    class Input(QuestionInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = requesting.draw(call.prescription_id, _question(call), **call.drawer)
        return statement, {"zh": f"请医师修改处方：{call.values['reason']}"}


class AskChange(http.Command):
    """Ask the doctor for a change."""

    roles = (Role.PHARMACIST,)
    records_refusals = True

    class Input(QuestionInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(
            *requesting.ask(call.prescription_id, _question(call), call.note, **call.doer)
        )


def _question(call: http.Call) -> requesting.Question:
    asked = {name: call.values[name] for name in ("reason", "words", "lines", "salt")}
    return requesting.Question(**asked)
