"""What pharmacies gave out, in the words of HL7 FHIR R4; pure, see ``hospital.fhir``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hospital import fhir
from hospital.fhir import Resource, Told
from hospital.units import stamp
from prescriptions import content
from prescriptions import fhir as prescribed


def dispenses(told: Sequence[Told], tag: str) -> list[Resource]:
    """A ``MedicationDispense`` for each line that was given out, with when it was handed over."""
    versions = [one for one in told if one.opened]
    given = [one for one in told if one.statement.kind == "pharmacy.dispense"]
    came_back = any(one.statement.kind == "pharmacy.take_back" for one in told)
    handed = [stamp(o.statement.at) for o in told if o.statement.kind == "pharmacy.deliver"]
    if not (given and versions):
        return []
    lines = content.lines_of(versions[-1].opened)
    return [
        {
            "resourceType": "MedicationDispense",
            "id": prescribed.name_of(one.name, len(versions), line),
            "status": "cancelled" if came_back else "completed",
            "medicationCodeableConcept": prescribed.medicine(lines[line]),
            "subject": fhir.to("Patient", tag),
            "performer": [{"actor": fhir.who(one.statement.by, "Practitioner")}],
            "authorizingPrescription": [
                fhir.to("MedicationRequest", prescribed.name_of(one.name, len(versions), line))
            ],
            "quantity": {"value": units, "unit": lines[line]["unit"]},
            "whenPrepared": stamp(one.statement.at),
            **({"whenHandedOver": handed[-1]} if handed else {}),
            **_lots(one.statement.facts),
        }
        for one in given
        for line, units in sorted(one.statement.facts["lines"].items())
        if line in lines
    ]


def _lots(facts: Mapping[str, object]) -> Resource:
    lots = facts.get("lots")
    if not isinstance(lots, Mapping):
        return {}
    return {"note": [{"text": f"lot {lot}: {units}"} for lot, units in sorted(lots.items())]}
