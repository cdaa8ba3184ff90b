"""Dispute a record, and amend one, over HTTP; the rest is ``hospital.corrections.api``."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http
from hospital.corrections import api, lifecycle
from hospital.corrections.actions import answering, asking
from hospital.roles import Role
from hospital.units import SHANGHAI
from ledger.entry import Statement
from prescriptions import corrected


class RequestInput(api.WordsInput):
    prescription = serializers.UUIDField(default=None, help_text="an own prescription")
    version = http.Whole(
        min_value=1, max_value=999, default=None, help_text="its former content of this number"
    )
    consultation = serializers.UUIDField(default=None, help_text="or an own consultation")
    why = http.Text(max_length=api.MOST_CHARACTERS, help_text="what shows that it is wrong")


def _about(call: http.Call) -> corrected.About:
    """Raises ``http.BadInput`` unless the call names one record."""
    named = call.values["prescription"], call.values["consultation"]
    if (named[0] is None) == (named[1] is None):
        raise http.BadInput(fields={"prescription": ["Name a prescription or a consultation."]})
    return corrected.About(named[0], call.values["version"], named[1])


class Corrections(api.Own, http.Command):
    """List the own corrections; ask for one."""

    success = 201

    class Input(RequestInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        done = asking.ask(_about(call).find, api.words(call), call.note, **call.doer)
        return api.changed(*done)


class AskStatement(http.Draw):
    """The statement by which the patient asks for a correction."""

    roles = (Role.PATIENT,)

    class Input(RequestInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = asking.draw_ask(_about(call).find, api.words(call), **call.drawer)
        until = (statement.at + lifecycle.ANSWERING).astimezone(SHANGHAI)
        text = (
            f"请求医院更正记录中的{len(call.values['right'])}项，医院应于{until:%Y年%m月%d日}前答复"
        )
        return statement, {"zh": text}


class AmendStatement(http.Draw):
    """The statement by which a doctor of the hospital amends the record."""

    roles = (Role.DOCTOR,)

    class Input(api.WordsInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = answering.draw_accept(
            api.about(call), api.words(call), corrected.check_amendable, **call.drawer
        )
        count = len(call.values["right"])
        return statement, {"zh": f"补正记录{count}项；原记录不变，补正内容附在其旁"}


class Amend(http.Command):
    """Amend the record; it stays as it is, and the amendment stands beside it from now on."""

    roles = (Role.DOCTOR,)

    class Input(api.WordsInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        done = answering.accept(
            api.about(call), api.words(call), corrected.check_amendable, call.note, **call.doer
        )
        return api.changed(*done)
