"""What ends when a patient has everything erased: opt-ins, and not what was used and is owed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from prescriptions.sharing.models import OptIn, PrivacyLoss


def end(patient: UUID, *, at: datetime) -> None:
    """
    End the patient's opt-ins, in the caller's transaction, which holds no account's row yet.

    A delivery locks opt-ins before it refers to accounts; so does this, or the two could wait for
    each other. The pseudonyms stand for nobody any more. What was used stays in the books.
    """
    live = OptIn.objects.filter(patient_id=patient, withdrawn_at__isnull=True)
    ids = live.select_for_update(no_key=True).order_by("id").values_list("id", flat=True)
    OptIn.objects.filter(id__in=list(ids)).update(withdrawn_at=at, pseudonym="")
    PrivacyLoss.objects.filter(patient_id=patient).delete()
