"""Prescriptions in the words of HL7 FHIR R4; pure, see ``hospital.fhir``."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hospital import fhir
from hospital.fhir import Resource, Told
from hospital.units import stamp
from prescriptions import content

OWE = "prescription.owe"
"""With this entry begins what is left of a prescription that was given out in part."""
_STATUS = {
    "pending": "draft",
    "returned": "on-hold",
    "delivered": "completed",
    "claimed": "completed",
    "taken_back": "completed",
    "cancelled": "cancelled",
    "expired": "stopped",
    "undelivered": "stopped",
}


def requests(told: Sequence[Told], tag: str) -> list[Resource]:
    """
    A ``MedicationRequest`` for each line of each content that was signed.

    A content that a change replaced is stopped; its successor's lines say which they follow.
    """
    versions = [one for one in told if one.opened]
    status = next(
        (one.statement.facts["to"] for one in reversed(told) if "to" in one.statement.facts), ""
    )
    found: list[Resource] = []
    former: dict[str, Resource] = {}
    for number, version in enumerate(versions, 1):
        is_in_force = number == len(versions)
        made = {
            line: {
                **_request(version, number, line, field, tag),
                "status": _STATUS.get(status, "active") if is_in_force else "stopped",
            }
            for line, field in content.lines_of(version.opened).items()
        }
        for line, request in made.items():
            if line in former:
                request["priorPrescription"] = fhir.to("MedicationRequest", former[line]["id"])
        found += made.values()
        former = made
    return found


def name_of(prescription: str, version: int, line: str) -> str:
    """The id of the resource for one line."""
    return f"{prescription}-{version}-{line}"


def medicine(field: dict[str, Any]) -> Resource:
    """A medicine by the code under which the catalogue has it."""
    text = f"{field['generic_name']} {field['form']} {field['specification']}"
    return {"coding": [{"code": field["code"], "display": field["generic_name"]}], "text": text}


def _request(version: Told, number: int, line: str, field: dict[str, Any], tag: str) -> Resource:
    said, fields = version.statement, version.opened
    left = said.facts.get("lines", {}) if said.kind == OWE else {line: field["quantity"]}
    quantity = {"value": left.get(line, 0), "unit": field["unit"]}
    days = {"value": field["days"], "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
    made: Resource = {
        "resourceType": "MedicationRequest",
        "id": name_of(version.name, number, line),
        "groupIdentifier": {"value": version.name},
        "intent": "order",
        "medicationCodeableConcept": medicine(field),
        "subject": fhir.to("Patient", tag),
        "authoredOn": stamp(said.at),
        "requester": fhir.who(said.by, "Practitioner"),
        "reasonCode": [
            fhir.diagnosis(value)
            for name, value in sorted(fields.items())
            if name.startswith(content.DIAGNOSES)
        ],
        "dosageInstruction": [_dosage(field)],
        "dispenseRequest": {"quantity": quantity, "expectedSupplyDuration": days},
        "note": [{"text": text} for text in _notes(field, fields)],
    }
    if said.kind == OWE:
        made["basedOn"] = [fhir.who(said.facts["of"], "MedicationRequest")]
    if "valid_until" in said.facts:
        made["dispenseRequest"]["validityPeriod"] = {"end": said.facts["valid_until"]}
    return {name: value for name, value in made.items() if value}


def _dosage(field: dict[str, Any]) -> Resource:
    dose = {"value": Decimal(field["dose"]), "unit": field["dose_unit"]}
    return {
        "text": f"{field['dose']}{field['dose_unit']} {field['frequency']} × {field['days']}d",
        "timing": {"code": fhir.word(field["frequency"])},
        "route": fhir.word(field["route"]),
        "doseAndRate": [{"doseQuantity": dose}],
    }


def _notes(field: dict[str, Any], fields: Any) -> list[str]:
    """What has no place of its own: remarks, skin tests, and what else the rules were told."""
    said = [f"{name}: {field[name]}" for name in ("note", "skin_test") if field.get(name)]
    shown = ("patient/", content.DIAGNOSES, content.LINES)
    return said + [
        f"{name}: {value}" for name, value in sorted(fields.items()) if not name.startswith(shown)
    ]
