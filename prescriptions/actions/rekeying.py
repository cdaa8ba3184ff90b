"""
Records get other keys after a grant was withdrawn whose reader held a key of its own.

The withdrawal itself has ended the looks; this ends what a copied record key would open later. What
is due was written down with the withdrawal, so a task that dies or comes twice does no harm.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from hospital import records
from hospital.models import SealedRecord
from hospital.readingkeys.models import Rekeying
from prescriptions import retention

MOST: Final = 20
"""Grants of one run: each is a patient's records, some dozens."""


def rekey_withdrawn() -> int:
    """Do what is due, a transaction each, of ``MOST`` grants; how many records got another key."""
    due = Rekeying.objects.order_by("id").values_list("id", flat=True)[:MOST]
    return sum(_rekey(one) for one in list(due))


@transaction.atomic
def _rekey(rekeying_id: int) -> int:
    rows = Rekeying.objects.select_related("grant").select_for_update(
        of=("self",), skip_locked=True
    )
    found = rows.filter(id=rekeying_id).first()
    if found is None:  # another worker has it, or has done it
        return 0
    which = [record for record, _ in retention.of_prescriptions(found.grant.patient_id)]
    done = records.rekey(SealedRecord.objects.filter(id__in=which))
    found.delete()
    return done
