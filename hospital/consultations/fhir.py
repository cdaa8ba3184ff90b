"""
What was said in words or shown in pictures, in the words of HL7 FHIR R4.

Pure. No entry commits to one message alone: the one that ends a consultation has the digest of all
their commitments, and a pharmacist's question is named by its own. So these resources carry what
opens their commitment, ``OPENING``, beside the words; who checks a copy reads it, makes the
resource again and compares, and holds the commitment against the entries (``insurance.sayings``).

Source: https://hl7.org/fhir/R4/communication.html, https://hl7.org/fhir/R4/media.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hospital import fhir
from hospital.consultations import pictures
from hospital.fhir import Resource
from ledger import commitments
from ledger.entry import canonical, read_canonical
from ledger.note import Malformed, decode_base64, encode_base64
from ledger.receiptfile import Field

OPENING = "urn:smart-hospital:opening"
PICTURE = "picture"
REQUEST = "request"
_QUESTION_PICTURE = "picture/picture"


@dataclass(frozen=True, slots=True)
class Saying:
    """
    A message of a consultation (``number`` counts from 1), or a pharmacist's question (0).

    ``fields`` are all of its record, None if it was erased and nothing but the commitment is left.
    """

    about: str
    number: int
    commitment: bytes
    fields: Sequence[Field] | None

    def resource(self, tag: str) -> Resource:
        """The ``Communication``."""
        said = {each.name: each.value for each in self.fields or ()}
        name = self.about.partition("/")[2]
        made: Resource = {
            "resourceType": "Communication",
            "id": f"{name}-{self.number}" if self.number else self.commitment.hex(),
            "extension": [_opening(self._opened())],
            "status": "unknown" if self.fields is None else "completed",
            "subject": fhir.to("Patient", tag),
            "about": [fhir.who(self.about)],
            "payload": [{"contentString": text} for text in _words(said)],
        }
        if "at" in said:
            made["sent"] = said["at"]
        if "author" in said:
            made["sender"] = {"display": said["author"]}
        if PICTURE in said:
            attached = {"contentType": said["media_type"], "data": said[PICTURE]}
            made["payload"].append({"contentAttachment": attached})
        return {name: value for name, value in made.items() if value}

    def _opened(self) -> dict[str, Any]:
        opened: dict[str, Any] = {"about": self.about, "number": self.number}
        if self.fields is None:
            return {**opened, "commitment": encode_base64(self.commitment)}
        return {**opened, "fields": [_packed(each) for each in self.fields]}


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a question, one field of a record whose other fields an entry opens."""

    about: str
    field: Field

    @property
    def digest(self) -> bytes:
        """What the entry's receipt has of it."""
        return commitments.digest(self.field.salt, self.field.name, self.field.value)

    def resource(self, tag: str) -> Resource:
        """
        The ``Media``. Raises ``pictures.BadPicture``.
        """
        kind = pictures.read(self.field.value).media_type
        return {
            "resourceType": "Media",
            "id": self.about.partition("/")[2],
            "extension": [_opening({"about": self.about, "fields": [_packed(self.field)]})],
            "status": "completed",
            "subject": fhir.to("Patient", tag),
            "encounter": fhir.to("Encounter", self.about.partition("/")[2]),
            "content": {"contentType": kind, "data": self.field.value},
        }


def of_question(about: str, fields: Sequence[Field]) -> Picture | None:
    """The picture among the fields of a question, if there is one."""
    found = next((each for each in fields if each.name == _QUESTION_PICTURE), None)
    return Picture(about, found) if found else None


def is_said(resource: Mapping[str, Any]) -> bool:
    """Whether a resource brings what opens a commitment."""
    return any(each.get("url") == OPENING for each in resource.get("extension", ()))


def read(resource: Mapping[str, Any]) -> Saying | Picture:
    """
    What a resource of a copy says that it is; who trusts nothing makes it again and compares.

    Raises:
        Malformed, KeyError, TypeError, IndexError, AttributeError: it is not in its form.
    """
    opened = read_canonical(resource["extension"][0]["valueString"].encode())
    if resource["resourceType"] == "Media":
        (salt, name) = opened["fields"][0]
        field = Field(decode_base64(salt), name, resource["content"]["data"])
        return Picture(opened["about"], field)
    about, number = opened["about"], opened["number"]
    if "commitment" in opened:
        return Saying(about, number, decode_base64(opened["commitment"]), None)
    fields = [_unpacked(each, resource) for each in opened["fields"]]
    digests = [commitments.digest(each.salt, each.name, each.value) for each in fields]
    return Saying(about, number, commitments.commit(digests), fields)


def _words(said: Mapping[str, Any]) -> list[str]:
    asked = said.get(REQUEST, {})
    words = [str(one) for one in (said.get("text"), asked.get("words")) if one]
    return words + [
        f"{line['line']}: {line['medicine']} × {line['quantity']}"
        for line in asked.get("lines", ())
    ]


def _opening(opened: dict[str, Any]) -> Resource:
    return {"url": OPENING, "valueString": canonical(opened).decode()}


def _packed(field: Field) -> list[Any]:
    """A picture stands in the resource once, as its attachment."""
    is_picture = field.name in (PICTURE, _QUESTION_PICTURE)
    return [encode_base64(field.salt), field.name, *([] if is_picture else [field.value])]


def _unpacked(packed: Sequence[Any], resource: Mapping[str, Any]) -> Field:
    if len(packed) == 3:
        return Field(decode_base64(packed[0]), packed[1], packed[2])
    salt, name = packed
    if name != PICTURE:
        raise Malformed("a field has a salt, a name and a value")
    return Field(decode_base64(salt), name, resource["payload"][-1]["contentAttachment"]["data"])
