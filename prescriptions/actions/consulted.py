"""
Reading the consultation of which an online prescription came, in order to review it.

Who may review the prescription now may read the question and every message, and nobody longer: from
the review on, or while another has it in hand, this road is closed. The look goes by the road of
every look at a consultation; its basis is the prescription.

Source: 医疗机构处方审核规范 (国卫办医发〔2018〕14号): the reviewer judges the suitability for the
diagnosis (unconfirmed); online, what the diagnosis rests on is the consultation.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from hospital import errors
from hospital.consultations import queries as consultations
from hospital.consultations.actions import viewing
from hospital.consultations.actions.viewing import Find, Opened, Read
from hospital.consultations.models import Consultation
from hospital.roles import Actor
from prescriptions import lifecycle


class NotConsulted(errors.NotFound):
    """This prescription came of no consultation here."""

    code = "prescription.not_consulted"


def view(prescription_id: UUID, *, by: Actor, at: datetime) -> Opened:
    """
    The question in full.

    Raises:
        NotConsulted: see there; and what ``lifecycle.check`` raises of a review.
    """
    return viewing.view(prescription_id, by=by, at=at, find=_reviewed(at))


def view_messages(
    prescription_id: UUID, after: int, size: int, *, by: Actor, at: datetime
) -> tuple[list[Read], bool]:
    """Up to ``size`` messages behind number ``after``, and if there are more. Raises: as ``view``.

    Pictures are left out.
    """
    return viewing.view_messages(prescription_id, after, size, by=by, at=at, find=_reviewed(at))


def view_message(prescription_id: UUID, number: int, *, by: Actor, at: datetime) -> Read:
    """One message in full. Raises: as ``view``; ``consultations.queries.UnknownMessage``."""
    return viewing.view_message(prescription_id, number, by=by, at=at, find=_reviewed(at))


def _reviewed(at: datetime) -> Find:
    """
    Finds by the prescription's id, at ``at``.

    The prescription's row is locked until the look is entered: no look is entered after the review.
    """

    def find(prescription_id: UUID, by: Actor) -> tuple[Consultation, str]:
        prescription = lifecycle.lock(prescription_id)
        lifecycle.check(prescription, lifecycle.SEND_BACK, by=by, at=at)
        if prescription.consultation_id is None:
            raise NotConsulted
        return consultations.with_record(prescription.consultation_id), prescription.subject

    return find
