"""How long the law wants consultations kept: the record, and what was said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from hospital.consultations.models import BEFORE_A_DOCTOR, Consultation, Message, State
from hospital.retention import Term

UNFINISHED = (State.ASKED, State.OPEN)
NO_DOCTOR = (*BEFORE_A_DOCTOR, State.WITHDRAWN, State.DECLINED, State.LAPSED)


def of_consultations(patient: UUID) -> Iterator[tuple[UUID, datetime | None]]:
    """What no doctor took up is no medical record, and nothing demands it."""
    mine = Consultation.objects.filter(patient_id=patient)
    for record, state, ended in mine.values_list("record_id", "state", "close_until"):
        yield record, None if state in NO_DOCTOR else Term.ONLINE.ends(ended)
    said = Message.objects.filter(consultation__patient_id=patient)
    for record, at in said.values_list("record_id", "created_at"):
        yield record, Term.TALK.ends(at)


def unfinished(patient: UUID) -> int:
    """How many consultations a doctor still has to answer."""
    return Consultation.objects.filter(patient_id=patient, state__in=UNFINISHED).count()


def forget_evidence(patient: UUID) -> None:
    """The digests of earlier diagnoses, which whoever has the keys could guess the codes of."""
    brought = Consultation.objects.filter(patient_id=patient).exclude(earlier=[])
    brought.update(earlier=["erased"])  # that there was some the database wants to know
