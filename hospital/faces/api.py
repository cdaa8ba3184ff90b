"""A patient's face: the check of it, and the identity that it proves."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http
from hospital.faces import actions
from hospital.faces.models import FaceCheck
from hospital.gateways import face
from hospital.roles import Role
from hospital.units import stamp


class Checks(http.Command):
    """
    Begin a face check. Who has not said who he or she is says it here; later it is the same person,
    who may have another name.
    """

    roles = (Role.PATIENT,)
    success = 201

    class Input(http.Strict):
        purpose = serializers.ChoiceField(
            FaceCheck.Purpose.choices, help_text="what the check will be used for, once"
        )
        name = http.Text(max_length=50, required=False)
        id_number = http.Text(max_length=18, required=False)
        phone = http.Text(max_length=20, required=False)

    def act(self, call: http.Call) -> dict[str, Any]:
        values = dict(call.values)
        purpose = values.pop("purpose")
        if 0 < len(values) < len(self.Input().fields) - 1:
            raise actions.NeedsIdentity
        said = actions.Claim(**values) if values else None
        check = actions.claim(purpose, said, **call.doer)
        return {"id": str(check.id), "ends_at": stamp(check.ends_at)}


class Parameters(http.Query):
    """What ``wx.requestFacialVerify`` takes; or, as ``bizToken``, Tencent Cloud's plug-in."""

    roles = (Role.PATIENT,)

    def show(self, call: http.Call) -> dict[str, Any]:
        check = actions.phone_parameters(call.where["check_id"], **call.doer)
        return face.for_the_phone(check.verify_id)


class Check(http.Query):
    """What came of a face check: WeChat is asked, whatever the phone has said."""

    roles = (Role.PATIENT,)

    def show(self, call: http.Call) -> dict[str, Any]:
        check, said = actions.outcome(call.where["check_id"], **call.doer)
        return {
            "id": str(check.id),
            "purpose": check.purpose,
            "state": actions.state(check, call.at),
            "verify_ret": said or None,
            "ends_at": stamp(check.ends_at),
        }


class Identity(http.Command):
    """
    Be known as the person whom the face check has recognised; once, for good.

    Who is known has name and telephone put right so: the number stays the same.

    ``log_in_again``: there is an account that was opened for this person, which the caller's WeChat
    leads to from now on.
    """

    roles = (Role.PATIENT,)
    answers_who_left = True

    class Input(http.Strict):
        face_check = serializers.UUIDField()

    def act(self, call: http.Call) -> dict[str, Any]:
        known = actions.bind_identity(call.values["face_check"], **call.doer)
        return {"identified": True, "log_in_again": known.id != call.by.account}
