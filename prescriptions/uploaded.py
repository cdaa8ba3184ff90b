"""
A prescription as a hospital uploads it, in our own words, and as the rules want to see it.

Pure: no Django, no clock. ``prescriptions.national`` reads it from the national shape.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from prescriptions import facts, rules
from prescriptions.facts import MedicineFacts


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom it is for. ``sex`` is "male" or "female", ``phone`` in E.164."""

    name: str
    id_number: str
    born: date
    sex: str
    phone: str
    weight_g: int | None
    allergies: str
    pregnant: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnosis, coded by ICD-10 as the insurers' edition writes it."""

    code: str
    name: str
    main: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One medicine. ``dose`` is a plain decimal, ``quantity`` counts ``unit``."""

    medicine_code: str
    route: str
    route_name: str
    frequency: str
    dose: str
    dose_unit: str
    days: int
    quantity: int
    unit: str
    self_pay: bool
    self_pay_reason: str


@dataclass(frozen=True, slots=True)
class Extras:
    """
    What D001 has no field for, and how a demonstration plays the prescription.

    ``payers`` are "fund" (the social fund) and insurers' slugs, ``way`` is "collect" or "courier";
    ``issues`` and ``interval_days``: of a long-term prescription that is fetched in parts.
    """

    way: str
    payers: tuple[str, ...]
    ending: str
    address: str
    expect_rule: str
    reason_for_longer: str
    guardian_present: bool
    issues: int | None
    interval_days: int | None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """
    A prescription as a hospital uploads it. Moments are aware, UTC.

    ``reviewer_code`` and ``reviewed_at``: who reviewed it there, and when; "" and None if nobody.
    """

    hospital: str
    hospital_number: str
    renews: str
    doctor_code: str
    doctor_name: str
    department: str
    patient: Patient
    insurance_plan: str
    online: bool
    emergency: bool
    long_term: bool
    prescribed_at: datetime
    reviewer_code: str
    reviewed_at: datetime | None
    valid_days: int
    diagnoses: tuple[Diagnosis, ...]
    lines: tuple[Line, ...]
    extras: Extras


def content_of(uploaded: Uploaded) -> dict[str, Any]:
    """The same in the words in which a doctor writes a content (``inputs.ContentInput``)."""
    return {
        "emergency": uploaded.emergency,
        "long_term": uploaded.long_term,
        "reason_for_longer": uploaded.extras.reason_for_longer,
        "hospital_number": uploaded.hospital_number,
        "reason_for_overdose": "",
        "severe_pain": False,
        "pregnant": uploaded.patient.pregnant,
        "lactating": False,
        "egfr": None,
        "liver": None,
        "allergies": uploaded.patient.allergies,
        "weight_g": uploaded.patient.weight_g,
        "diagnoses": [asdict(diagnosis) for diagnosis in uploaded.diagnoses],
        "lines": [
            {
                "medicine": line.medicine_code,
                "dose": Decimal(line.dose),
                "dose_unit": line.dose_unit,
                "frequency": line.frequency,
                "route": line.route,
                "days": line.days,
                "quantity": line.quantity,
                "note": "",
                "skin_test": None,
            }
            for line in uploaded.lines
        ],
    }


def draft_of(
    uploaded: Uploaded,
    catalogue: Mapping[str, MedicineFacts],
    *,
    prescriber: rules.Prescriber,
    consulted: rules.Consulted | None = None,
) -> rules.Draft:
    """What ``rules.check`` wants to know of an uploaded prescription."""
    return rules.Draft(
        online=uploaded.online,
        consulted=consulted,
        emergency=uploaded.emergency,
        long_term=uploaded.long_term,
        issues=uploaded.extras.issues or 1,
        interval_days=uploaded.extras.interval_days,
        reason_for_longer=uploaded.extras.reason_for_longer,
        patient_born=uploaded.patient.born,
        weight_g=uploaded.patient.weight_g,
        allergies=uploaded.patient.allergies,
        pregnant=uploaded.patient.pregnant,
        guardian_present=uploaded.extras.guardian_present,
        prescriber=prescriber,
        diagnoses=tuple(diagnosis.code for diagnosis in uploaded.diagnoses),
        lines=tuple(
            rules.DraftLine(
                medicine=catalogue[line.medicine_code],
                dose=Decimal(line.dose),
                dose_unit=line.dose_unit,
                per_day=facts.FREQUENCIES[line.frequency].per_day,
                days=line.days,
                quantity=line.quantity,
            )
            for line in uploaded.lines
        ),
    )
