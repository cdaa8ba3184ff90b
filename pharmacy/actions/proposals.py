"""What becomes of a proposal of another medicine: it waits, is answered, or is over."""

from __future__ import annotations

from datetime import datetime

from hospital import errors
from pharmacy.models import Substitution
from prescriptions.models import Prescription


class NothingProposed(errors.Conflict):
    """No proposal waits for an answer."""

    code = "substitution.nothing_proposed"


def open_one(prescription: Prescription) -> Substitution:
    """What waits for the patient's answer. Raises ``NothingProposed``."""
    waiting = Substitution.objects.filter(prescription=prescription, answer="")
    found = waiting.select_related("item__medicine").first()
    if found is None:
        raise NothingProposed
    return found


def answer(found: Substitution, said: Substitution.Answer, *, at: datetime) -> None:
    """The patient has answered; the caller holds the prescription's row."""
    found.answer, found.answered_at = said, at
    found.save(update_fields=["answer", "answered_at"])


def close(prescription: Prescription, *, at: datetime) -> None:
    """Nobody waits for an answer any more; the caller holds the prescription's row."""
    waiting = Substitution.objects.filter(prescription=prescription, answer="")
    waiting.update(answer=Substitution.Answer.OVER, answered_at=at)
