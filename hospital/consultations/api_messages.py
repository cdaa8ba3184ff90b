"""Messages of a consultation over HTTP: words, pictures, and reading them."""

from __future__ import annotations

import re
from typing import Any

from hospital import errors, http, paging
from hospital.consultations import api, inputs
from hospital.consultations.actions import talking, viewing
from hospital.consultations.models import Message
from hospital.roles import Role
from hospital.units import stamp
from ledger.note import encode_base64


class BadNumber(errors.Invalid):
    """A message's number is a whole number."""

    code = "page.bad_number"


def added(message: Message) -> dict[str, Any]:
    """What a new message answers."""
    return {"number": message.number, "at": stamp(message.created_at)}


def shown(read: viewing.Read) -> dict[str, Any]:
    """A message as its readers get it."""
    return {
        "number": read.message.number,
        "kind": read.message.kind,
        "commitment": bytes(read.message.record.commitment).hex(),
        **{field.name: field.value for field in read.fields},
    }


class Messages(http.Query):
    """The messages in their order, pictures left out: ``?after=20&size=20``."""

    roles = (Role.PATIENT, Role.DOCTOR)
    records_refusals = True
    query = {"after": "number of the last one of the page before", "size": api.PAGES["size"]}

    def show(self, call: http.Call) -> dict[str, Any]:
        size = paging.Wanted.asked({"size": self.request.query_params.get("size")}).size
        after = _number(self.request.query_params.get("after", "0"))
        read, more = viewing.view_messages(api.about(call), after, size, **call.doer)
        return {
            "messages": [shown(one) for one in read],
            "next": read[-1].message.number if more else None,
        }


class Say(Messages, http.Command):
    """Read the messages; write words."""

    success = 201

    class Input(http.Strict):
        text = http.Text(max_length=inputs.TEXT_MAX)

    def act(self, call: http.Call) -> dict[str, Any]:
        return added(talking.say(api.about(call), call.values["text"], **call.doer))


class Show(http.Command):
    """Show a picture."""

    roles = (Role.PATIENT, Role.DOCTOR)
    success = 201

    class Input(http.Strict):
        picture = inputs.PictureField()

    def act(self, call: http.Call) -> dict[str, Any]:
        return added(talking.show(api.about(call), call.values["picture"], **call.doer))


class MessageDetail(http.Query):
    """
    One message in full, the picture with it.

    ``salts`` are those of the fields' digests: with them anybody recomputes ``commitment``, and
    with all commitments the ``transcript`` of the entry that ended the consultation.
    """

    roles = (Role.PATIENT, Role.DOCTOR)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        read = viewing.view_message(api.about(call), call.where["number"], **call.doer)
        salts = {field.name: encode_base64(field.salt) for field in read.fields}
        return {**shown(read), "salts": salts}


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise BadNumber(field="after")
    return int(text)
