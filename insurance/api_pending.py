"""Claims that wait for a person, what leads to another decision, and decisions explained."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from hospital import http, paging
from hospital.consents import TERMS, Purpose
from hospital.roles import Role
from hospital.units import stamp
from insurance import queries_claims
from insurance.actions import explaining, pending
from insurance.actions.pending import Step
from insurance.pending import AppealReason, PendReason, ReopenReason, SignalReason
from ledger.entry import Statement
from prescriptions import lifecycle
from prescriptions.api import changed


class Waiting(http.Query):
    """Claims of the caller's payer that wait for an officer, the oldest first."""

    roles = (Role.OFFICER,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        found, following = queries_claims.waiting_for_a_person(call.by.organisation_id, wanted)
        return {
            "next": str(following) if following else None,
            "claims": [
                {
                    "prescription": str(one.bill.prescription_id),
                    "subject": one.bill.prescription.subject,
                    "pharmacy": one.bill.pharmacy.slug,
                    "cause": one.cause,
                    "reason": one.reason,
                    "signals": one.signals,
                    "since": stamp(one.created_at),
                    "answer_until": stamp(one.answer_until) if one.answer_until else None,
                    "overdue": one.is_overdue(call.at),
                    "field": one.field,
                    "field_until": stamp(one.field_until) if one.field_until else None,
                    "withheld": one.withheld_at is not None,
                    "mine": call.by.person not in one.barred,
                    "claimed_fen": queries_claims.to_decide(one.bill).get(call.by.organisation, 0),
                }
                for one in found
            ],
        }


class _Drawn:
    """Of a statement of ``move``; ``words`` say what it does."""

    move: ClassVar[lifecycle.Move]
    words: ClassVar[str]

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        step = _step(self.move, call)
        return pending.draw(call.prescription_id, step, **call.drawer), {"zh": self.words}


class _Taken:
    """Of a command that makes ``move``."""

    move: ClassVar[lifecycle.Move]

    def act(self, call: http.Call) -> dict[str, Any]:
        step = _step(self.move, call)
        return changed(*pending.take(call.prescription_id, step, call.note, **call.doer))


def _step(move: lifecycle.Move, call: http.Call) -> Step:
    named = {name: call.values.get(name) or "" for name in ("reason", "field", "payer")}
    return Step(move, **named, signals=tuple(call.values.get("signals") or ()))


class PendInput(http.Strict):
    reason = serializers.ChoiceField(PendReason.choices)
    signals = serializers.ListField(
        child=serializers.ChoiceField(SignalReason.choices),
        max_length=len(SignalReason),
        default=list,
        help_text="what stood out; for the payer's officers, and in no entry",
    )


class PendStatement(_Drawn, http.Draw):
    """By which a claim is left to a person, or by an officer to another one."""

    roles = (Role.AGENT, Role.OFFICER)
    move, words = lifecycle.PEND, "转人工审核"

    class Input(PendInput, http.ToSign):
        pass


class Pend(_Taken, http.Command):
    """Leave a claim to a person, or, as an officer, to another one."""

    roles = (Role.AGENT, Role.OFFICER)
    move = lifecycle.PEND

    class Input(PendInput, http.Signed):
        pass


class AskFieldInput(http.Strict):
    field = serializers.ChoiceField(TERMS[Purpose.CLAIM].fields)


class AskFieldStatement(_Drawn, http.Draw):
    """By which the patient is asked for one more field."""

    roles = (Role.OFFICER,)
    move, words = lifecycle.ASK_FIELD, "请患者提供一项信息，用于理赔审核"

    class Input(AskFieldInput, http.ToSign):
        pass


class AskField(_Taken, http.Command):
    """Ask the patient for one more field, to decide the claim; the answer is a grant, or none."""

    roles = (Role.OFFICER,)
    move = lifecycle.ASK_FIELD

    class Input(AskFieldInput, http.Signed):
        pass


class WithholdInput(AskFieldInput):
    payer = http.Text(max_length=40)


class WithholdStatement(_Drawn, http.Draw):
    """By which the patient does not give the field that was asked for."""

    roles = (Role.PATIENT,)
    for_wards = True
    move, words = lifecycle.WITHHOLD, "不提供保险方请求的信息"

    class Input(WithholdInput, http.ToSign):
        pass


class Withhold(_Taken, http.Command):
    """Do not give the field that a payer has asked for."""

    roles = (Role.PATIENT,)
    for_wards = True
    move = lifecycle.WITHHOLD

    class Input(WithholdInput, http.Signed):
        pass


class ReopenInput(http.Strict):
    reason = serializers.ChoiceField(ReopenReason.choices)


class ReopenStatement(_Drawn, http.Draw):
    """By which a decision that was not paid is undone."""

    roles = (Role.OFFICER,)
    move, words = lifecycle.REOPEN, "撤销理赔决定，重新审核"

    class Input(ReopenInput, http.ToSign):
        pass


class Reopen(_Taken, http.Command):
    """Undo a decision that was not paid; another officer decides again."""

    roles = (Role.OFFICER,)
    move = lifecycle.REOPEN

    class Input(ReopenInput, http.Signed):
        pass


class AppealClaimInput(http.Strict):
    payer = http.Text(max_length=40)
    reason = serializers.ChoiceField(AppealReason.choices)


class AppealClaimStatement(_Drawn, http.Draw):
    """By which the patient appeals against what a payer has not approved."""

    roles = (Role.PATIENT,)
    for_wards = True
    move, words = lifecycle.APPEAL, "对理赔决定提出申诉，由另一位理赔专员重新审核"

    class Input(AppealClaimInput, http.ToSign):
        pass


class AppealClaim(_Taken, http.Command):
    """Appeal, once, against what a payer has not approved; another officer decides."""

    roles = (Role.PATIENT,)
    for_wards = True
    move = lifecycle.APPEAL

    class Input(AppealClaimInput, http.Signed):
        pass


class Explanation(http.Query):
    """Who pays what of each line, by which rule, and what was decided: for patient and pharmacy."""

    roles = (Role.PATIENT, Role.PHARMACIST)
    for_wards = True

    def show(self, call: http.Call) -> dict[str, Any]:
        return explaining.explain(call.prescription_id, **call.doer)
