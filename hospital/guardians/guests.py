"""
Guardians' keys in the wards' lines of logs: what is revoked at home is revoked there too.

The registrar signs that, in the transaction of the revocation itself: other keys of the guardian
may not be known in that line.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hospital import keydrafts
from hospital.guardians import drafts
from hospital.guardians.models import GuestKey
from hospital.models import Key


def revoke(keys: Iterable[Key], *, at: datetime) -> None:
    """Revoke these keys, whose rows are locked, in every line in which they are guests."""
    entered = GuestKey.objects.filter(key__in=[key.id for key in keys], revoked_at=None)
    for one in entered.select_related("key__account__person").order_by("id"):
        drafts.sign_as_registrar(keydrafts.guest_revocation(one.key, one.line), at)
        one.revoked_at = at
        one.save(update_fields=["revoked_at"])
