"""
What a pharmacy has not given out is owed to the patient: a remainder, a prescription of its own.

The entry of the part names it, and the remainder's first entry takes what that one owes: the same
content, prescriber and reviewers, for as long, and exactly the units that are left. The cashier
signs it, in the same transaction.
"""

from __future__ import annotations

from datetime import datetime

from hospital import records, services
from prescriptions import lifecycle, rests
from prescriptions.models import Prescription

INHERITED = (
    *("patient", "doctor", "hospital", "online", "consultation", "valid_until", "created_at"),
    *("form", "rules_version", "warnings"),
    *("countersigner", "checker", "confirmer"),
    *("series", "issue_number", "issues", "interval_days", "opens_at"),
    *("upload_number", "upload_digest", "upload_reviewer"),
    "awaits_since",
)
"""
What a remainder has of the prescription of which it is left. It was written when that was, and is
the same issue of a long-term prescription.
"""


def owe(prescription: Prescription, given: rests.Units, *, at: datetime) -> Prescription:
    """
    The remainder of a prescription of which some units were just given out; it can be fetched.

    The caller holds the prescription's row and has entered that a part was given.
    """
    left = rests.less(prescription.quantities, given)
    made = Prescription(
        id=rests.id_of_remainder(prescription.id),
        remainder_of=prescription,
        record=records.copied(prescription.record),
        owed_by_id=prescription.pharmacy_id,
        quantities=left,
        **{name: getattr(prescription, name) for name in INHERITED},
    )
    made.save(force_insert=True)
    facts = {"of": prescription.subject, "lines": left}
    lifecycle.advance_as_server(
        made, lifecycle.OWE, by=services.CASHIER, service="cashier", at=at, facts=facts
    )
    return made
