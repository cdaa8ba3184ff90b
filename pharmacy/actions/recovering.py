"""
What was given out, for a pharmacy whose answer was lost together with the key under which to ask
again: the entry, the lines, and what is left of them. Nothing sealed is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hospital import errors
from hospital.roles import Actor
from ledger import queries as ledger
from pharmacy.models import Dispensing
from prescriptions import lifecycle, permissions
from prescriptions.models import Prescription


class NothingGiven(errors.NotFound):
    """Nothing of this prescription was given out."""

    code = "dispensing.none"


@dataclass(frozen=True, slots=True)
class Done:
    """``remainder`` is None if all was given."""

    dispensing: Dispensing
    entry: ledger.Entry
    remainder: Prescription | None


def find(prescription_id: UUID, *, by: Actor) -> Done:
    """
    What the caller's pharmacy gave out of it, whoever of its pharmacists asks.

    Raises ``NothingGiven``, lifecycle.UnknownPrescription, permissions.WrongPharmacy.
    """
    prescription = lifecycle.find(prescription_id)
    permissions.check_party(prescription, by)
    found = Dispensing.objects.filter(prescription=prescription).first()
    if found is None:
        raise NothingGiven
    entry = ledger.entries_about_all([prescription.subject], lifecycle.DISPENSE.kind)[-1]
    rest = Prescription.objects.filter(remainder_of=prescription).first()
    return Done(found, entry, rest)
