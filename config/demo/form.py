"""A prescription of the file as programs send it to the API: the patient's and the doctor's."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from prescriptions.uploaded import Uploaded

PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
"""One grey dot, a PNG: what the demo's patients photograph."""


def question(script: Uploaded, department: int, on: date) -> dict[str, Any]:
    """The input of ``POST /api/consultations``: the illness was found on ``on``, with evidence."""
    return {
        "department": department,
        "complaint": f"既往诊断{script.diagnoses[0].name}，病情平稳，申请续方。",
        "earlier": {
            "hospital": script.hospital,
            "on": on.isoformat(),
            "diagnoses": [{"code": one.code, "name": one.name} for one in script.diagnoses],
            "picture": PICTURE,
        },
    }


def draft(
    script: Uploaded, *, consultation: str = "", valid_until: datetime | None = None
) -> dict[str, Any]:
    """The input of ``POST /api/prescriptions``; ``consultation``: of which an online one comes."""
    body: dict[str, Any] = {
        "patient": script.patient.id_number,
        "online": script.online,
        "emergency": script.emergency,
        "long_term": script.long_term,
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
    if script.extras.issues:
        body |= {"issues": script.extras.issues, "interval_days": script.extras.interval_days}
    if script.patient.weight_g:
        body["weight_g"] = script.patient.weight_g
    if consultation:
        body["consultation"] = consultation
    if valid_until is not None:
        body["valid_until"] = valid_until.isoformat()
    return body
