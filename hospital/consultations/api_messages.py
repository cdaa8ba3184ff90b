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


def in_full(read: viewing.Read) -> dict[str, Any]:
    """A message with the salts of its fields' digests."""
    return {
        **shown(read),
        "salts": {field.name: encode_base64(field.salt) for field in read.fields},
    }


def page(read: list[viewing.Read], more: bool) -> dict[str, Any]:
    """A page of messages."""
    return {
        "messages": [shown(one) for one in read],
        "next": read[-1].message.number if more else None,
    }


def asked(parameters: Any) -> tuple[int, int]:
    """Behind which number, and how many. Raises ``BadNumber``, ``paging.BadPageSize``."""
    size = paging.Wanted.asked({"size": parameters.get("size")}).size
    return _number(parameters.get("after", "0")), size


QUERY = {"after": "number of the last one of the page before", "size": api.PAGES["size"]}


class Messages(http.Query):
    """The messages in their order, pictures left out: ``?after=20&size=20``."""

    roles = (Role.PATIENT, Role.DOCTOR)
    for_wards = True
    records_refusals = True
    query = QUERY

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = asked(self.request.query_params)
        return page(*viewing.view_messages(api.about(call), *wanted, **call.doer))


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
    for_wards = True
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
    for_wards = True
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        return in_full(viewing.view_message(api.about(call), call.where["number"], **call.doer))


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise BadNumber(field="after")
    return int(text)
