"""
Who is told, within the transaction, that medicines are in the patient's hands.

What the pharmacy has earned then is posted above this layer, and a task that pulled it later would
leave a moment at which the books lag behind the medicines. So the composition root names a function
(``settings.HANDED_OVER``), as it names the key service.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from prescriptions.models import Prescription


def done(prescription: Prescription, *, at: datetime) -> None:
    """Tell that it was delivered at ``at``; the caller holds the prescription's row."""
    import_string(settings.HANDED_OVER)(prescription, at=at)
