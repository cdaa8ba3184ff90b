"""What becomes of a prescription after it was issued, over HTTP: changed, extended, cancelled."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from hospital import http
from hospital.roles import Role
from hospital.units import stamp
from ledger.entry import Statement
from prescriptions import queries
from prescriptions.actions import answering, cancelling, changing, extending, viewing
from prescriptions.api import changed, said_of_content
from prescriptions.inputs import ContentInput
from prescriptions.models import ChangeRequest

REQUESTS_SHOWN = 50


class KeepInput(http.Strict):
    reason = serializers.ChoiceField(ChangeRequest.KeepReason.choices)


class ExtendInput(http.Strict):
    valid_until = serializers.DateTimeField(help_text="the new end, exclusive")


class CancelInput(http.Strict):
    reason = serializers.ChoiceField(cancelling.CancelReason.choices)


class Versions(http.Query, http.Command):
    """Read every content that a prescription has had; draft the next one, still unsigned."""

    roles = (Role.PATIENT, Role.DOCTOR)
    records_refusals = True
    Input = ContentInput
    success = 201

    def show(self, call: http.Call) -> dict[str, Any]:
        return {
            "versions": [
                {
                    "number": one.number,
                    "replaced_at": stamp(one.replaced_at) if one.replaced_at else None,
                    "fields": one.fields,
                    "amendments": [each.shown() for each in one.amendments],
                }
                for one in viewing.versions(call.prescription_id, **call.doer)
            ]
        }

    def act(self, call: http.Call) -> dict[str, Any]:
        if call.by.role is not Role.DOCTOR:
            raise http.WrongRole(role=call.by.role.value, needed=[Role.DOCTOR.value])
        version, findings = changing.draft(call.prescription_id, call.values, **call.doer)
        return {
            "number": version.number,
            "lines": version.quantities,
            "findings": [asdict(finding) for finding in findings],
        }


class ChangeStatement(http.Draw):
    """The statement by which the doctor puts the drafted content in place of the other."""

    roles = (Role.DOCTOR,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = changing.draw(call.prescription_id, **call.drawer)
        return statement, {"zh": said_of_content("修改处方（须重新审核）", statement)}


class Change(http.Command):
    """Change; the new content is reviewed again, and a pharmacist's request is answered by it."""

    roles = (Role.DOCTOR,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*changing.change(call.prescription_id, call.note, **call.doer))


class KeepStatement(http.Draw):
    """The statement by which the doctor answers a request by leaving all as it is."""

    roles = (Role.DOCTOR,)

    class Input(KeepInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = answering.draw_keep(call.prescription_id, call.values["reason"], **call.drawer)
        return statement, {"zh": f"不修改处方：{call.values['reason']}"}


class Keep(http.Command):
    """Answer a pharmacist's request by leaving all as it is."""

    roles = (Role.DOCTOR,)

    class Input(KeepInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        reason = call.values["reason"]
        return changed(*answering.keep(call.prescription_id, reason, call.note, **call.doer))


class ExtendStatement(http.Draw):
    """The statement by which the doctor lets the prescription end later."""

    roles = (Role.DOCTOR,)

    class Input(ExtendInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        end = call.values["valid_until"]
        statement = extending.draw(call.prescription_id, end, **call.drawer)
        return statement, {"zh": f"延长处方有效期至 {stamp(end)}"}


class Extend(http.Command):
    """Let the prescription end later, by 24:00 of the third day at most."""

    roles = (Role.DOCTOR,)

    class Input(ExtendInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        end = call.values["valid_until"]
        prescription, entry = extending.extend(call.prescription_id, end, call.note, **call.doer)
        return {**changed(prescription, entry), "valid_until": stamp(prescription.valid_until)}


class CancelStatement(http.Draw):
    """The statement by which doctor, patient before paying, or uploading system cancels."""

    roles = (Role.DOCTOR, Role.PATIENT, Role.SYSTEM)
    for_wards = True

    class Input(CancelInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        reason = call.values["reason"]
        return cancelling.draw(call.prescription_id, reason, **call.drawer), {"zh": "取消处方"}


class Cancel(http.Command):
    """Cancel."""

    roles = (Role.DOCTOR, Role.PATIENT, Role.SYSTEM)
    for_wards = True

    class Input(CancelInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        reason = call.values["reason"]
        done = cancelling.cancel(call.prescription_id, reason, call.note, **call.doer)
        return {**changed(*done), "eps": cancelling.CANCELLED}


class ChangeRequests(http.Query):
    """
    What pharmacists ask: a doctor reads what waits for an answer, recorded first; a pharmacist
    sees how the doctors answered the own pharmacy's requests, and none of the content.
    """

    roles = (Role.DOCTOR, Role.PHARMACIST)

    def show(self, call: http.Call) -> dict[str, Any]:
        if call.by.role is Role.PHARMACIST:
            asked = queries.requests_of(call.by.organisation_id)[:REQUESTS_SHOWN]
            return {"requests": [_request(one) for one in asked]}
        waiting = answering.view_open(**call.doer)
        return {"requests": [{**_request(one.request), **one.written} for one in waiting]}


def _request(one: ChangeRequest) -> dict[str, Any]:
    return {
        "prescription": str(one.prescription_id),
        "reason": one.reason,
        "asked_at": stamp(one.asked_at),
        "answer": one.answer,
        "keep_reason": one.keep_reason,
        "answered_at": stamp(one.answered_at) if one.answered_at else None,
    }
