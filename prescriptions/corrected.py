"""
Which record a patient disputes, and what may be amended: prescriptions' contents, consultations.

A prescription that can still be changed is changed (decision 0016) and not amended: an amendment
stands beside what has been acted upon.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hospital import errors
from hospital.consultations import permissions as of_consultations
from hospital.consultations import queries as consultations
from hospital.corrections.actions.asking import Find, Target
from hospital.corrections.models import Correction
from hospital.models import SealedRecord
from hospital.roles import Actor
from prescriptions import content, permissions, queries
from prescriptions.models import OPEN, Prescription

FIELDS = (
    *(content.PATIENT, content.DIAGNOSES, content.LINES),
    *content.CIRCUMSTANCES,
)
FIELDS_OF_CONSULTATION = ("patient/", "complaint", "earlier/")


class StillOpen(errors.Conflict):
    """Nothing was given out yet, so the prescription is changed and not amended: see ``change``."""

    code = "correction.still_open"


class NoRecord(errors.Conflict):
    """No doctor has taken this question up, so it is no medical record."""

    code = "correction.no_record"


class UnknownVersion(errors.NotFound):
    """The prescription has had no content of this number."""

    code = "correction.unknown_version"


@dataclass(frozen=True, slots=True)
class About:
    """
    A consultation, or a prescription: the content in force, or the former one of this number.
    """

    prescription: UUID | None
    version: int | None
    consultation: UUID | None

    @property
    def find(self) -> Find:
        """
        Finds the record for the patient whose it is.

        Raises: what ``permissions.basis_to_view`` raises; lifecycle.UnknownPrescription,
        UnknownVersion; consultations' ``UnknownConsultation``, ``WrongPatient``; NoRecord.
        """
        return self._of_prescription if self.prescription else self._of_consultation

    def _of_prescription(self, by: Actor) -> Target:
        assert self.prescription is not None
        found = queries.with_record(self.prescription)
        permissions.basis_to_view(found, by)
        return Target(
            subject=found.subject,
            patient=found.patient,
            author=found.doctor,
            hospital=found.hospital,
            record=_content(found, self.version),
            fields=FIELDS,
        )

    def _of_consultation(self, by: Actor) -> Target:
        assert self.consultation is not None
        found = consultations.with_record(self.consultation)
        of_consultations.check_party(found, by)
        if found.doctor is None:
            raise NoRecord
        return Target(
            subject=found.subject,
            patient=found.patient,
            author=found.doctor,
            hospital=found.hospital,
            record=found.record,
            fields=FIELDS_OF_CONSULTATION,
        )


def check_amendable(correction: Correction) -> None:
    """Raises ``StillOpen`` if what is disputed is in force and can be changed."""
    in_force = Prescription.objects.filter(record_id=correction.of_id, status__in=OPEN)
    found = in_force.values_list("id", flat=True).first()
    if found is not None:
        raise StillOpen(change=f"/api/prescriptions/{found}/change")


def _content(prescription: Prescription, version: int | None) -> SealedRecord:
    """Raises ``UnknownVersion``."""
    if version is None:
        return prescription.record
    former = {one.number: one.record for one in queries.replaced(prescription)}
    in_force = 1 + max(former, default=0)
    record = {**former, in_force: prescription.record}.get(version)
    if record is None:
        raise UnknownVersion
    return record
