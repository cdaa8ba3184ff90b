"""Who may appraise a prescription, and who may read what came of it? The one place that answers."""

from __future__ import annotations

from collections.abc import Collection

from hospital import errors
from hospital.roles import Actor, Role
from prescriptions import permissions
from prescriptions.models import Prescription


class OwnReview(errors.Forbidden):
    """Nobody appraises what he or she has reviewed."""

    code = "appraisal.own_review"


def check_appraiser(prescription: Prescription, reviewers: Collection[int], by: Actor) -> None:
    """
    ``by`` is of the hospital and had no hand in the prescription; ``reviewers`` are persons.

    Raises:
        permissions.WrongHospital, permissions.OwnPrescription: see each.
        OwnReview: ``by`` is the person who approved it or sent it back, under whatever account.
    """
    permissions.check_party(prescription, by)
    permissions.check_four_eyes(prescription, by)
    if by.person in reviewers:
        raise OwnReview


def check_reader(hospital: str, by: Actor) -> None:
    """
    Samples and statistics are for the hospital itself and for the regulator.

    Raises ``permissions.WrongHospital``.
    """
    if by.role is Role.REVIEWER and by.organisation != hospital:
        raise permissions.WrongHospital
