"""Doctors' emergencies and what a regulator says of them, over HTTP."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import consents, http, promises, queries
from hospital.actions import emergencies, oversight
from hospital.models import Emergency
from hospital.roles import Role
from hospital.units import stamp
from ledger.entry import Statement

SHOWN = 100
VERDICTS = {
    consents.Verdict.JUSTIFIED.value: "有正当理由",
    consents.Verdict.UNJUSTIFIED.value: "无正当理由",
}


class PleaInput(http.Strict):
    patient = http.Text(max_length=18, help_text="resident identity number")
    reason = http.Text(max_length=500, default="", allow_blank=True)
    salt = http.Text(max_length=24, help_text="base64 of 16 random bytes, drawn by the desk")


class VerdictInput(http.Strict):
    verdict = serializers.ChoiceField([one.value for one in consents.Verdict])


def _id(call: http.Call) -> UUID:
    return cast(UUID, call.where["emergency_id"])


def _plea(values: dict[str, Any]) -> emergencies.Plea:
    return emergencies.Plea(values["patient"], values["reason"], values["salt"])


class Pleas(http.Command):
    """
    Ask for a patient's records when there is no time to ask the patient; the pleas at the own
    hospital that wait for a second doctor, the latest first, 100 at most.
    """

    roles = (Role.DOCTOR,)
    records_refusals = True
    success = 201

    class Input(PleaInput, http.Signed):
        pass

    def get(self, request: Request) -> Response:
        waiting = queries.unseconded_pleas(self.actor.organisation_id, at=timezone.now())[:SHOWN]
        return Response({"pleas": [_of_colleague(one) for one in waiting]})

    def act(self, call: http.Call) -> dict[str, Any]:
        made, entry = emergencies.plead(_plea(dict(call.values)), call.note, **call.doer)
        return {
            "id": str(made.id),
            "subject": made.subject,
            "until": stamp(made.until),
            "entry": promises.entered(entry),
        }


class PleaStatement(http.Draw):
    """The statement by which the doctor pleads."""

    roles = (Role.DOCTOR,)
    records_refusals = True

    class Input(PleaInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = emergencies.draw(_plea(dict(call.values)), **call.drawer)
        text = (
            "紧急情况下未经患者同意查看处方历史，须本院另一名医师签署，三十分钟内有效；"
            "患者会看到，监管部门会审查"
        )
        return statement, {"zh": text}


def _of_colleague(emergency: Emergency) -> dict[str, Any]:
    return {
        "id": str(emergency.id),
        "subject": emergency.subject,
        "doctor": str(emergency.doctor_id),
        "pleaded_at": stamp(emergency.pleaded_at),
        "until": stamp(emergency.until),
    }


class PleaDetail(http.Query):
    """A colleague's plea and the reason given, for who may sign second; the look is recorded."""

    roles = (Role.DOCTOR,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        found, reason = emergencies.view_plea(_id(call), **call.doer)
        return {**_of_colleague(found), "reason": reason}


class Second(http.Command):
    """Sign second: the glass is broken, and the records open to the colleague who pleaded."""

    roles = (Role.DOCTOR,)
    records_refusals = True
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        found, entry = emergencies.second(_id(call), call.note, **call.doer)
        return {**_of_colleague(found), "entry": promises.entered(entry)}


class SecondStatement(http.Draw):
    """The statement by which the second doctor breaks the glass."""

    roles = (Role.DOCTOR,)
    records_refusals = True
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = emergencies.draw_second(_id(call), **call.drawer)
        text = "作为第二名医师签署：同事可立即查看患者的处方历史；患者会看到，监管部门会审查"
        return statement, {"zh": text}


def _of_regulator(emergency: Emergency) -> dict[str, Any]:
    doctor = emergency.doctor
    assert emergency.opened_at is not None, "a regulator sees what was opened"
    return {
        "id": str(emergency.id),
        "subject": emergency.subject,
        "hospital": doctor.actor.organisation,
        "doctor": str(doctor.id),
        "seconder": str(emergency.seconder_id),
        "opened_at": stamp(emergency.opened_at),
        "until": stamp(emergency.until),
        "verdict": emergency.verdict or None,
        "reviewed_at": stamp(emergency.reviewed_at) if emergency.reviewed_at else None,
    }


class Emergencies(http.Query):
    """The emergencies that wait for a regulator's verdict, the oldest first, 100 at most."""

    roles = (Role.REGULATOR,)

    def show(self, call: http.Call) -> dict[str, Any]:
        waiting = queries.unreviewed_emergencies()[:SHOWN]
        return {"emergencies": [_of_regulator(one) for one in waiting]}


class EmergencyDetail(http.Query):
    """One emergency with the reason that the doctor gave; the look is recorded first."""

    roles = (Role.REGULATOR,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        found, reason = emergencies.view(_id(call), **call.doer)
        return {**_of_regulator(found), "reason": reason}


class EmergencyReview(http.Command):
    """Say whether it was justified."""

    roles = (Role.REGULATOR,)

    class Input(VerdictInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        found, entry = oversight.review(_id(call), call.values["verdict"], call.note, **call.doer)
        return {**_of_regulator(found), "entry": promises.entered(entry)}


class EmergencyReviewStatement(http.Draw):
    """The statement of the verdict."""

    roles = (Role.REGULATOR,)

    class Input(VerdictInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        verdict = call.values["verdict"]
        statement = oversight.draw_review(_id(call), verdict, **call.drawer)
        return statement, {"zh": f"紧急查看的审查结论：{VERDICTS[verdict]}"}
