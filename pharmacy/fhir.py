"""What pharmacies gave out, in the words of HL7 FHIR R4; pure, see ``hospital.fhir``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hospital import fhir
from hospital.fhir import Resource, Told
from hospital.units import stamp
from prescriptions import content
from prescriptions import fhir as prescribed

_CHOOSES = ("prescription.authorize", "prescription.agree")


def dispenses(told: Sequence[Told], tag: str) -> list[Resource]:
    """
    A ``MedicationDispense`` for each line that was given out, with when it was handed over.

    Where the patient agreed to another maker's, each says that something was substituted: which
    line it was, the entries hide.
    """
    versions = [one for one in told if one.opened]
    given = [one for one in told if one.statement.kind == "pharmacy.dispense"]
    came_back = any(one.statement.kind == "pharmacy.take_back" for one in told)
    handed = [stamp(o.statement.at) for o in told if o.statement.kind == "pharmacy.deliver"]
    if not (given and versions):
        return []
    lines = content.lines_of(versions[-1].opened)
    chosen = [one for one in told if one.statement.kind in _CHOOSES]
    agreed = bool(chosen) and chosen[-1].statement.kind == "prescription.agree"
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
            **({"substitution": {"wasSubstituted": True}} if agreed else {}),
            "whenPrepared": stamp(one.statement.at),
            **({"whenHandedOver": handed[-1]} if handed else {}),
            **_out_of(one.statement.facts),
        }
        for one in given
        for line, units in sorted(one.statement.facts["lines"].items())
        if line in lines
    ]


def _out_of(facts: Mapping[str, object]) -> Resource:
    """The lots and boxes that the entry names, by their commitments."""
    told = [
        {"text": f"{kind} {name}: {units}"}
        for kind, named in (("lot", facts.get("lots")), ("box", facts.get("boxes")))
        if isinstance(named, Mapping)
        for name, units in sorted(named.items())
    ]
    return {"note": told} if told else {}
