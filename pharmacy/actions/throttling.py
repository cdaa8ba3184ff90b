"""
Who is refused too many codes waits: a pharmacist after twenty, a pharmacy after a hundred.

Others are not affected: one pharmacist alone never comes to the pharmacy's hundred. A guess at a
code is a guess at a signature, one of 2^128, so what this holds off is load and noise; birth dates,
which can be guessed, are counted by each paper (``printing``). Of refusals at one moment some more
than the limit may pass, as many as the server judges at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from hospital import errors, idempotency
from hospital.roles import Actor
from pharmacy.models import ScanRefusals

WINDOW = timedelta(minutes=10)
MOST, MOST_OF_ALL = 20, 100
"""Refused codes of one pharmacist, and of all of a pharmacy, within ``WINDOW``; both are ours."""
NO_GUESS = (
    *(errors.Malformed, errors.TooMany, errors.Unavailable),
    *(idempotency.KeyReused, idempotency.InProgress),
)
"""What says nothing of a code."""


class TooManyRefused(errors.TooMany):
    """Too many codes were refused to you, or to your pharmacy; wait."""

    code = "scan.too_many_refused"


def check(*, by: Actor, at: datetime) -> None:
    """Raises ``TooManyRefused``, with the seconds to wait. One query."""
    rows = ScanRefusals.objects.filter(
        pharmacist__organisation_id=by.organisation_id, since__gt=at - WINDOW
    ).values_list("pharmacist_id", "refused", "since")
    counted = list(rows)
    own = [since for who, refused, since in counted if who == by.account and refused >= MOST]
    if sum(refused for _, refused, _ in counted) >= MOST_OF_ALL:
        own.append(min(since for *_, since in counted))
    if own:
        wait = max(own) + WINDOW - at
        raise TooManyRefused(retry_after_s=int(wait.total_seconds()) + 1)


def count(refusal: errors.Refusal, *, by: Actor, at: datetime) -> None:
    """Count a refused code, in a transaction of its own: that of the command was rolled back."""
    if isinstance(refusal, NO_GUESS):
        return
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"who": by.account, "at": at, "over": at - WINDOW})


# One row a pharmacist: what comes after the window begins it anew
_COUNT = """
    INSERT INTO pharmacy_scanrefusals AS c (pharmacist_id, since, refused)
    VALUES (%(who)s, %(at)s, 1)
    ON CONFLICT (pharmacist_id) DO UPDATE SET
        refused = CASE WHEN c.since > %(over)s THEN c.refused + 1 ELSE 1 END,
        since = CASE WHEN c.since > %(over)s THEN c.since ELSE excluded.since END
"""
