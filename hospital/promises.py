"""What a write answers about its entry: which it is, and a signed promise that it will be final."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from hospital import services
from ledger import chain, promise


def entered(entry: chain.Appended) -> dict[str, Any]:
    """
    The entry as every write shows it. ``promise`` is a signed note (``ledger.promise``) that the
    phone keeps: with it anybody can show that an entry was left out.
    """
    made = promise.make(
        services.signer("promise", entry.log),
        leaf=entry.leaf,
        at=entry.stored_at,
        merge_delay_s=settings.LEDGER_MERGE_DELAY_S,
    )
    return {
        "subject": entry.subject,
        "version": entry.version,
        "leaf": entry.leaf.hex(),
        "promise": made.decode(),
    }
