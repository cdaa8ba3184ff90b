"""
Have the rules of prescribing look at a draft: while it is written, and again when it is issued.

In between a doctor's rights can be withdrawn, a medicine of the catalogue can be put under another
control, and the rules can become stricter; a prescription is lawful when it is issued.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from hospital import errors, records
from hospital.consultations import content as questions
from hospital.consultations.models import Consultation
from hospital.models import Account, Organisation, SealedRecord
from hospital.roles import OrganisationKind
from prescriptions import content, controlled, drafts, rules
from prescriptions.facts import Form, MedicineFacts
from prescriptions.models import Medicine, Prescription


class UnknownMedicine(errors.Invalid):
    """The catalogue has no medicine of this code."""

    code = "medicine.unknown"


class RuleBroken(errors.Invalid):
    """A rule of prescribing forbids it; ``findings`` name article and text."""

    code = "prescription.rule_broken"


@dataclass(frozen=True, slots=True)
class Judged:
    """A draft and what the rules found, as of one moment."""

    findings: tuple[rules.Finding, ...]
    form: Form
    hospital: Organisation

    @property
    def warnings(self) -> list[str]:
        """The ids of what warns, as the entry states them."""
        return sorted({finding.rule for finding in self.findings})

    def columns(self) -> dict[str, Any]:
        """What is stored of it beside the record. Raises ``controlled.NoOwnPharmacy``."""
        return {
            "form": self.form,
            "rules_version": rules.VERSION,
            "warnings": self.warnings,
            "dispenser": controlled.dispenser(self.form, self.hospital),
        }

    def check(self) -> None:
        """Raises ``RuleBroken`` if a finding blocks."""
        if rules.blocked(self.findings):
            raise RuleBroken(findings=[asdict(finding) for finding in self.findings])


def judged(
    fields: Mapping[str, Any],
    catalogue: Mapping[str, MedicineFacts],
    *,
    online: bool,
    patient: Account,
    doctor: Account,
    consultation: Consultation | None,
    at: datetime,
) -> Judged:
    """What the rules say to the content of a record (``content.fields``), now."""
    draft = drafts.as_sealed(
        fields,
        catalogue,
        online=online,
        prescriber=_prescriber(doctor),
        for_oneself=patient.person_id == doctor.person_id,
        consulted=_consulted(consultation, fields) if consultation else None,
        guardian_present=consultation is not None and consultation.guardian is True,
    )
    assert doctor.organisation is not None, "a doctor is employed"
    form = rules.form_of(draft, rules.legal_day(at))
    return Judged(rules.check(draft, at), form, doctor.organisation)


def again(
    prescription: Prescription,
    consultation: Consultation | None,
    *,
    at: datetime,
    record: SealedRecord | None = None,
    doctor: Account | None = None,
) -> Judged:
    """
    Judge a stored draft by its content, or by another ``record`` of it, and by what is true now.

    ``doctor``, with organisation and department, is who countersigns it: judged as if that doctor
    had prescribed it. Opens the record for the own command of who prescribes or countersigns.

    Raises:
        RuleBroken: see there.
        UnknownMedicine: a medicine has left the catalogue since.
    """
    stored = (
        Prescription.objects.select_related("record", "doctor__department", "doctor__organisation")
        .only("online", "record", "doctor")
        .get(id=prescription.id)
    )
    fields = records.unsealed(record or stored.record)
    codes = {line["code"] for line in content.lines_of(fields).values()}
    known = catalogue(codes)
    if gone := codes - known.keys():
        raise UnknownMedicine(codes=sorted(gone))
    found = judged(
        fields,
        known,
        online=prescription.online,
        patient=prescription.patient,
        doctor=doctor or stored.doctor,
        consultation=consultation,
        at=at,
    )
    found.check()
    return found


def catalogue(codes: Collection[str]) -> dict[str, MedicineFacts]:
    """``medListCodg`` to what is known of the medicine, of those there are."""
    return {one.code: one.facts for one in Medicine.objects.filter(code__in=codes)}


def _prescriber(doctor: Account) -> rules.Prescriber:
    employer, department = doctor.organisation, doctor.department
    at_work = employer is not None and employer.kind == OrganisationKind.HOSPITAL
    return rules.Prescriber(
        **asdict(doctor.rights),
        registered=doctor.is_active and doctor.license_number != "" and at_work,
        paediatric=department is not None and department.paediatric,
    )


def _consulted(consultation: Consultation, fields: Mapping[str, Any]) -> rules.Consulted:
    """What the rules want to know of it; its record stays sealed."""
    known = questions.known(content.diagnoses_of(fields), consultation.earlier, consultation.id)
    return rules.Consulted(follow_up=consultation.follow_up is True, known=known)
