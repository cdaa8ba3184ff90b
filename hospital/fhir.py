"""
What the ledger and the sealed records say about a patient, in the words of HL7 FHIR R4.

Pure: each resource is made of entries and of the fields to which they commit, and of nothing else.
So whoever holds a copy with its receipts makes the resources again and compares. The apps above
have a module of this name each, for what they enter.

Source: https://hl7.org/fhir/R4/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hospital import guardianlaw, lookwords
from hospital.units import stamp
from ledger.entry import Statement
from ledger.note import encode_base64

Resource = dict[str, Any]
_SIGNED = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.5"}
_CLOSED = {"closed": "finished", "open": "in-progress", "asked": "planned"}
_TERMS = "http://terminology.hl7.org/CodeSystem"


@dataclass(frozen=True, slots=True)
class Told:
    """
    An entry with its place; ``opened`` are the fields to which it commits, of the first entry only.

    ``receipt`` is the receipt file that proves both.
    """

    statement: Statement
    log: str
    index: int
    leaf: bytes
    opened: Mapping[str, Any]
    receipt: bytes

    @property
    def name(self) -> str:
        """The name of what the entry is about, without its family."""
        return self.statement.subject.partition("/")[2]


Make = Callable[[Sequence[Told], str], list[Resource]]
"""Makes resources of all entries about one subject, and of the tag of their patient."""


def url(kind: str, name: str) -> str:
    """How a resource is called in a bundle: a UUID of version 5 (RFC 9562) of kind and name."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{kind}/{name}')}"


def named(resource: Resource) -> str:
    """How a resource is called in a bundle."""
    return url(resource["resourceType"], resource["id"])


def to(kind: str, name: str) -> Resource:
    """A reference to a resource of the same copy."""
    return {"reference": url(kind, name), "type": kind}


def who(name: str, kind: str = "") -> Resource:
    """A reference to somebody by the name that entries use: of a key, an account, a body."""
    return {"identifier": {"value": name}, **({"type": kind} if kind else {})}


def word(code: str, system: str = "") -> Resource:
    """A concept; a word of our own is its text."""
    return {"coding": [{"system": system, "code": code}]} if system else {"text": code}


def money(fen: int) -> Resource:
    """An amount in fen as a decimal of yuan."""
    return {"value": Decimal(fen).scaleb(-2), "currency": "CNY"}


def patient(told: Sequence[Told], tag: str) -> Resource:
    """Who it is, as the last content of the copy's page says; else the tag alone."""
    fields = next((one.opened for one in reversed(told) if "patient/name" in one.opened), {})
    found: Resource = {
        "resourceType": "Patient",
        "id": tag,
        "identifier": [{"system": f"https://{told[0].log}", "value": tag}] if told else [],
    }
    if fields:
        found["name"] = [{"text": fields["patient/name"]}]
    if fields.get("patient/sex") in ("female", "male"):
        found["gender"] = fields["patient/sex"]
    if "patient/born" in fields:
        found["birthDate"] = fields["patient/born"]
    return {name: value for name, value in found.items() if value}


def encounter(told: Sequence[Told], tag: str) -> list[Resource]:
    """A consultation: who asked whom, why, and what became of it."""
    first, last = told[0], told[-1]
    doctors = [one.statement.by for one in told if one.statement.kind == "consultation.accept"]
    found: Resource = {
        "resourceType": "Encounter",
        "id": first.name,
        "status": _CLOSED.get(last.statement.facts["to"], "cancelled"),
        "class": {"system": f"{_TERMS}/v3-ActCode", "code": "VR"},
        "subject": to("Patient", tag),
        "period": {"start": stamp(first.statement.at)},
        "serviceProvider": who(first.statement.facts["hospital"], "Organization"),
    }
    if doctors:
        found["participant"] = [{"individual": who(doctors[0], "Practitioner")}]
    if found["status"] in ("finished", "cancelled"):
        found["period"]["end"] = stamp(last.statement.at)
    reasons = [word(str(first.opened["complaint"]))] if "complaint" in first.opened else []
    reasons += [
        diagnosis(value)
        for name, value in sorted(first.opened.items())
        if name.startswith("earlier/diagnosis/")
    ]
    return [{**found, **({"reasonCode": reasons} if reasons else {})}]


def diagnosis(field: Mapping[str, Any]) -> Resource:
    """An illness by its code of ICD-10."""
    coded = {"system": "http://hl7.org/fhir/sid/icd-10", "code": field["code"]}
    return {"coding": [{**coded, "display": field["name"]}], "text": field["name"]}


def consent(told: Sequence[Told], tag: str) -> list[Resource]:
    """A grant or opt-in: to whom, for what, which fields, until when, whether it was taken back."""
    first, facts = told[0].statement, told[0].statement.facts
    reader = facts.get("reader") or facts["to"]
    role = word("IRCP", f"{_TERMS}/v3-ParticipationType")
    return [
        {
            "resourceType": "Consent",
            "id": told[0].name,
            "status": "active" if len(told) == 1 else "inactive",
            "scope": word("patient-privacy", f"{_TERMS}/consentscope"),
            "category": [word("59284-0", "http://loinc.org")],
            "patient": to("Patient", tag),
            "dateTime": stamp(first.at),
            "policyRule": word("个人信息保护法"),
            "provision": {
                "type": "permit",
                "period": {"start": stamp(first.at), "end": facts["until"]},
                "actor": [{"role": role, "reference": who(reader)}],
                "code": [word(one) for one in facts["fields"]],
            },
        }
    ]


def communications(told: Sequence[Told], tag: str) -> list[Resource]:
    """
    A correction: what each party said of a record, a ``Communication`` for each entry.

    Each says a field in a payload; all but the first answer the one before.
    """
    of = told[0].statement.facts["of"]
    found: list[Resource] = []
    for one in told:
        said = one.statement
        made: Resource = {
            "resourceType": "Communication",
            "id": one.leaf.hex(),
            "status": "completed",
            "category": [word(said.kind)],
            "subject": to("Patient", tag),
            "about": [who(f"{of['family']}/{of['name']}")],
            "inResponseTo": [to("Communication", each["id"]) for each in found[-1:]],
            "sent": stamp(said.at),
            "sender": who(said.by),
            "reasonCode": [
                word(str(said.facts[name])) for name in ("reason",) if name in said.facts
            ],
            "payload": [
                {"contentString": f"{name}: {text}"} for name, text in sorted(one.opened.items())
            ],
            "note": [{"text": f"{said.facts['from']} → {said.facts['to']}"}],
        }
        found.append({name: value for name, value in made.items() if value})
    return found


def guardian(told: Sequence[Told], tag: str) -> list[Resource]:
    """Who guards the patient, from when to when, and what the registrar was shown as evidence."""
    first, last = told[0].statement, told[-1].statement
    evidence = [
        {"type": {"text": name}, "value": str(value)} for name, value in told[0].opened.items()
    ]
    return [
        {
            "resourceType": "RelatedPerson",
            "id": told[0].name,
            "active": last.kind != guardianlaw.END,
            "patient": to("Patient", tag),
            "identifier": [{"value": str(first.facts["guardian"])}, *evidence],
            "relationship": [word("GUARD", f"{_TERMS}/v3-RoleCode")],
            "period": {
                "start": stamp(first.at),
                "end": stamp(last.at) if last.kind == guardianlaw.END else first.facts["until"],
            },
        }
    ]


def event(told: Sequence[Told], tag: str) -> list[Resource]:
    """A look, or whatever else was entered about the patient, an event each."""
    return [_event(one, tag) for one in told]


def _event(one: Told, tag: str) -> Resource:
    said, facts = one.statement, one.statement.facts
    looked = said.kind == "record.view"
    about: Resource = {"what": who(str(facts["of"]))} if looked else {"what": who(said.subject)}
    found: Resource = {
        "resourceType": "AuditEvent",
        "id": one.leaf.hex(),
        "type": {"system": "https://c2sp.org/tlog-entry", "code": said.kind},
        "action": "R" if looked else "C",
        "recorded": stamp(said.at),
        "agent": [{"who": who(str(facts["reader"]) if looked else said.by), "requestor": True}],
        "source": {"observer": who(said.by)},
        "entity": [{"what": to("Patient", tag)}, about],
    }
    if "reason" in one.opened:
        found["outcomeDesc"] = str(one.opened["reason"])
    if looked:
        role = lookwords.ROLES.get(facts["role"], str(facts["role"]))
        reader = f"{facts['organisation']} {role}".strip()
        found["outcomeDesc"] = lookwords.sentence(
            facts, said.at, reader, in_list=int(facts["records"]) > 1
        )
        found["purposeOfEvent"] = [word(str(facts["purpose"]))]
        detail = [{"type": "field", "valueString": name or "*"} for name in facts["fields"]]
        about["detail"] = [{"type": "basis", "valueString": str(facts["basis"])}, *detail]
    return found


def provenance(one: Told, targets: Sequence[Resource]) -> Resource:
    """Which entry stands behind resources: log, index, leaf hash, and the receipt file as proof."""
    said = one.statement
    places = ((f"https://{one.log}", str(one.index)), ("urn:ietf:rfc:9162", one.leaf.hex()))
    return {
        "resourceType": "Provenance",
        "id": one.leaf.hex(),
        "target": [to(each["resourceType"], each["id"]) for each in targets],
        "recorded": stamp(said.at),
        "activity": word(said.kind),
        "agent": [{"who": who(said.by)}],
        "entity": [
            {
                "role": "source",
                "what": {"identifier": {"system": system, "value": value}},
            }
            for system, value in places
        ],
        "signature": [
            {
                "type": [_SIGNED],
                "when": stamp(said.at),
                "who": who(said.by),
                "sigFormat": "text/plain",
                "data": encode_base64(one.receipt),
            }
        ],
    }
