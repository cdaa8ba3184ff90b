"""The consultation of which an online prescription came, for who reviews it."""

from __future__ import annotations

from typing import Any

from hospital import http
from hospital.consultations import api, api_messages
from hospital.roles import Role
from prescriptions.actions import consulted


class Question(http.Query):
    """What the patient asked; the look is recorded before the content is opened."""

    roles = (Role.REVIEWER,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        return api.shown(consulted.view(call.prescription_id, **call.doer))


class Messages(http.Query):
    """What patient and doctor wrote, in its order, pictures left out: ``?after=20&size=20``."""

    roles = (Role.REVIEWER,)
    records_refusals = True
    query = api_messages.QUERY

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = api_messages.asked(self.request.query_params)
        found = consulted.view_messages(call.prescription_id, *wanted, **call.doer)
        return api_messages.page(*found)


class MessageDetail(http.Query):
    """One message in full, the picture with it, and the salts of its fields."""

    roles = (Role.REVIEWER,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        number = call.where["number"]
        return api_messages.in_full(
            consulted.view_message(call.prescription_id, number, **call.doer)
        )
