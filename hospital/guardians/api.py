"""Guardians and wards over HTTP."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http, promises
from hospital.guardians import queries
from hospital.guardians.actions import appointing, entering
from hospital.guardians.models import Guardianship
from hospital.roles import Role
from hospital.units import SHANGHAI, stamp
from ledger.entry import Statement

SHOWN = 100


class AppointmentInput(http.Strict):
    guardian = serializers.UUIDField(help_text="the guardian's account, told by the guardian")
    id_number = http.Text(max_length=18, help_text="the guardian's resident identity number")
    until = serializers.DateTimeField(help_text="exclusive; two years from now at the latest")


def _shown(one: Guardianship) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "subject": one.subject,
        "ward": str(one.patient_id),
        "guardian": str(one.guardian_id),
        "kind": one.kind,
        "since": stamp(one.since),
        "until": stamp(one.until),
        "ended_at": stamp(one.ended_at) if one.ended_at else None,
    }


def _wish(call: http.Call) -> appointing.Wish:
    asked = call.values
    return appointing.Wish(asked["guardian"], asked["id_number"], asked["until"])


def _id(call: http.Call) -> UUID:
    return cast(UUID, call.where["guardianship_id"])


class Guardianships(http.Command):
    """Who guards the caller and whom the caller guards, the newest first; appoint a guardian."""

    roles = (Role.PATIENT,)
    success = 201

    class Input(AppointmentInput, http.Signed):
        pass

    def get(self, request: Request) -> Response:
        own = self.actor.account
        guardians, wards = queries.guardians_of(own)[:SHOWN], queries.wards_of(own)[:SHOWN]
        return Response(
            {
                "guardians": [_shown(one) for one in guardians],
                "wards": [_shown(one) for one in wards],
            }
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        made, entry = appointing.appoint(_wish(call), call.note, **call.doer)
        return {**_shown(made), "entry": promises.entered(entry)}


class AppointmentStatement(http.Draw):
    """The statement by which an adult appoints a guardian."""

    roles = (Role.PATIENT,)

    class Input(AppointmentInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        wish = _wish(call)
        statement = appointing.draw_appointment(wish, **call.drawer)
        until = f"{wish.until.astimezone(SHANGHAI):%Y年%m月%d日%H:%M}"
        last = wish.id_number.strip()[-4:]
        text = f"委托身份证号尾号{last}的人作为您的监护人，可查看您在所有医院的处方；到{until}为止"
        return statement, {"zh": text}


class KeyStatement(http.Draw):
    """The statement by which the guardian's key is entered in the ward's line of logs."""

    roles = (Role.PATIENT,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = entering.draw(_id(call), **call.drawer)
        return statement, {"zh": "登记本机密钥，用于代被监护人签署"}


class EnterKey(http.Command):
    """
    Enter the guardian's key in the ward's line of logs, before it first signs for the ward.

    Where both share a line it is known already, 409.
    """

    roles = (Role.PATIENT,)
    Input = http.Signed
    success = 201

    def act(self, call: http.Call) -> dict[str, Any]:
        made, entry = entering.enter(_id(call), call.note, **call.doer)
        return {"key": made.key.name, "entry": promises.entered(entry)}


class End(http.Command):
    """End a guardianship that the caller has appointed, or resign; it is over at once."""

    roles = (Role.PATIENT,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        found, entry = appointing.end(_id(call), call.note, **call.doer)
        return {**_shown(found), "entry": promises.entered(entry)}


class EndStatement(http.Draw):
    """The statement by which the ward ends it, or the guardian resigns."""

    roles = (Role.PATIENT,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        return appointing.draw_end(_id(call), **call.drawer), {"zh": "解除监护关系，立即生效"}
