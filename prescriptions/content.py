"""What a prescription says, as the fields of its sealed record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from prescriptions.facts import MedicineFacts

PATIENT, DIAGNOSES, LINES, HOSPITAL = "patient/", "diagnosis/", "line/", "hospital/"
"""Prefixes of field names; a view names prefixes, and shows what they cover."""

CIRCUMSTANCES = (
    *("allergies", "weight_g", "pregnant", "lactating", "egfr", "liver"),
    *("emergency", "long_term", "issues", "interval_days"),
    *("severe_pain", "reason_for_longer", "reason_for_overdose"),
)
"""What else the rules ask, by the same names in a draft's input and in the record."""

EVERYTHING = ("",)
TO_DISPENSE = (PATIENT, DIAGNOSES, LINES, "doctor/", HOSPITAL, "allergies")
"""What a pharmacist needs for 四查十对 (MoH Order 53): department, name, age, drugs, diagnosis."""

TO_REGISTER = ("patient/name", "doctor/license", LINES)
"""What the register of narcotics says of a sheet (order 53, art. 51, unconfirmed)."""


FREE_WORDS = {DIAGNOSES: "name", LINES: "note"}
"""Where a doctor writes what he or she likes: it may name somebody."""


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
    skin_test: str = ""

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
    """
    The sealed record's fields: one a line, one a diagnosis, so that each opens alone.

    What is empty or false of ``rest`` is left out.
    """
    return {
        **{f"{PATIENT}{name}": value for name, value in patient.items()},
        **prescriber,
        **{f"{DIAGNOSES}{n}": dict(one) for n, one in enumerate(diagnoses, 1)},
        **{f"{LINES}{n}": line.as_field() for n, line in enumerate(lines, 1)},
        **{name: value for name, value in rest.items() if value},
    }


def without_words(opened: Mapping[str, Any]) -> dict[str, Any]:
    """Diagnoses by their code and lines without remarks, for who is not to know whose they are."""
    return {
        name: {part: said for part, said in value.items() if part != left_out}
        for name, value in opened.items()
        for prefix, left_out in FREE_WORDS.items()
        if name.startswith(prefix)
    }


def lines_of(opened: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Line number → line, of an opened record, in order."""
    return _numbered(opened, LINES)


def diagnoses_of(opened: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes of the diagnoses of an opened record, in order."""
    return tuple(one["code"] for one in _numbered(opened, DIAGNOSES).values())


def _numbered(opened: Mapping[str, Any], prefix: str) -> dict[str, dict[str, Any]]:
    found = {
        name[len(prefix) :]: value for name, value in opened.items() if name.startswith(prefix)
    }
    return dict(sorted(found.items(), key=lambda item: int(item[0])))
