"""What a prescription says, as the fields of its sealed record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from prescriptions.facts import MedicineFacts

PATIENT, DIAGNOSES, LINES = "patient/", "diagnosis/", "line/"
"""Prefixes of field names; a view names prefixes, and shows what they cover."""

EVERYTHING = ("",)
TO_DISPENSE = (PATIENT, DIAGNOSES, LINES, "doctor/", "hospital/", "allergies")
"""What a pharmacist needs for 四查十对 (MoH Order 53): department, name, age, drugs, diagnosis."""


@dataclass(frozen=True, slots=True)
class Line:
    """One medicine. ``dose`` is a decimal as text; ``quantity`` counts dispensing units."""

    medicine: MedicineFacts
    dose: str
    dose_unit: str
    frequency: str
    route: str
    days: int
    quantity: int
    note: str = ""

    def as_field(self) -> dict[str, Any]:
        """The line as a pharmacist, or a machine, reads it later."""
        drug = self.medicine
        own = {name: value for name, value in asdict(self).items() if name != "medicine"}
        return {
            "code": drug.code,
            "generic_name": drug.generic_name,
            "form": drug.form,
            "specification": drug.specification,
            "unit": drug.unit,
            **own,
        }


def fields(
    *,
    patient: Mapping[str, str],
    prescriber: Mapping[str, str],
    diagnoses: list[Mapping[str, Any]],
    lines: list[Line],
    rest: Mapping[str, Any],
) -> dict[str, Any]:
    """The sealed record's fields: one a line, one a diagnosis, so that each opens alone."""
    return {
        **{f"{PATIENT}{name}": value for name, value in patient.items()},
        **prescriber,
        **{f"{DIAGNOSES}{n}": dict(one) for n, one in enumerate(diagnoses, 1)},
        **{f"{LINES}{n}": line.as_field() for n, line in enumerate(lines, 1)},
        **{name: value for name, value in rest.items() if value not in (None, "")},
    }


def lines_of(opened: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Line number → line, of an opened record, in order."""
    found = {name[len(LINES) :]: value for name, value in opened.items() if name.startswith(LINES)}
    return dict(sorted(found.items(), key=lambda item: int(item[0])))
