"""The online consultation that precedes an online prescription, played by patient and doctor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from config.demo import form
from hospital.client import Client
from prescriptions.uploaded import Uploaded

EARLIER = timedelta(days=90)
REFUSED_EARLIER = {
    "consultation.child_needs_guardian": "rx.child_needs_guardian",
    "consultation.too_few_years": "rx.online_doctor_years",
}
"""What a doctor may not even accept, and the rule that would refuse the prescription."""


def consult(script: Uploaded, patient: Client, doctor: Client) -> str:
    """Ask with evidence of the earlier diagnosis, accept, talk; the consultation's id."""
    department = _department(script, patient)
    on = (datetime.now(UTC) - EARLIER).date()
    asked = patient.write("/api/consultations", form.question(script, department, on))["id"]
    path = f"/api/consultations/{asked}"
    patient.command(f"{path}/ask")
    doctor.get(path)
    guardian = script.extras.guardian_present
    doctor.command(f"{path}/accept", {"follow_up": True, "guardian": guardian})
    patient.write(f"{path}/messages", {"text": f"{script.patient.name}，请问可以续方吗？"})
    patient.write(f"{path}/pictures", {"picture": form.PICTURE})
    doctor.write(f"{path}/messages", {"text": "已查看既往诊断，可以续方，请按时服药。"})
    return str(asked)


def close(consultation: str, doctor: Client) -> None:
    """The doctor has answered, whether or not a prescription came of it."""
    doctor.command(f"/api/consultations/{consultation}/close")


def _department(script: Uploaded, patient: Client) -> int:
    found = patient.get(f"/api/organisations/{script.hospital}/departments")["departments"]
    return next(int(one["id"]) for one in found if one["name"] == script.department)
