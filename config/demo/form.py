"""A prescription of the file as the doctor's program sends it to the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prescriptions.uploaded import Uploaded


def draft(script: Uploaded, *, valid_until: datetime | None = None) -> dict[str, Any]:
    """The input of ``POST /api/prescriptions``."""
    body: dict[str, Any] = {
        "patient": script.patient.id_number,
        "online": script.online,
        "emergency": script.emergency,
        "long_term": script.long_term,
        "guardian_present": script.extras.guardian_present,
        "reason_for_longer": script.extras.reason_for_longer,
        "valid_days": script.valid_days,
        "hospital_number": script.hospital_number,
        "allergies": script.patient.allergies,
        "pregnant": script.patient.pregnant,
        "diagnoses": [
            {"code": one.code, "name": one.name, "main": one.main} for one in script.diagnoses
        ],
        "lines": [
            {
                "medicine": line.medicine_code,
                "dose": line.dose,
                "dose_unit": line.dose_unit,
                "route": line.route,
                "frequency": line.frequency,
                "days": line.days,
                "quantity": line.quantity,
            }
            for line in script.lines
        ],
    }
    if script.patient.weight_g:
        body["weight_g"] = script.patient.weight_g
    if valid_until is not None:
        body["valid_until"] = valid_until.isoformat()
    return body
