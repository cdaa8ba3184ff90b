"""
A payer's terms of payment, and what becomes due by them.

The server says what is due and pays nothing: the payer's agent does, which holds the key. Nothing
is written to the claims, of which there may be millions: a batch says up to which id they are due.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

from django.db import connection, transaction
from django.db.models import F

from hospital import errors
from hospital.feeds import publishing
from hospital.models import Organisation
from hospital.roles import Actor
from insurance import schedule
from insurance.actions import rounds
from insurance.models import Batch, Claim, Terms

DUE: Final = "settlement.due"


class BadDay(errors.Invalid):
    """A week has the days 1 to 7, a month 1 to 28 at least; a day of every day is 1."""

    code = "terms.bad_day"


@transaction.atomic(savepoint=False)
def set_terms(
    every: str,
    day: int,
    at_time: time,
    *,
    minimum_fen: int,
    at_once_fen: int,
    by: Actor,
    at: datetime,
) -> Terms:
    """
    When the payer pays from now on; what is due already stays due. Raises ``BadDay``.

    Claims that were decided before wait or do not wait as they did.
    """
    if not 1 <= day <= schedule.LAST_DAY[every]:
        raise BadDay(field="day", most=schedule.LAST_DAY[every])
    Organisation.objects.select_for_update(no_key=True).get(id=by.organisation_id)
    said = {
        "every": every,
        "day": day,
        "time": at_time,
        "minimum_fen": minimum_fen,
        "at_once_fen": at_once_fen,
        "next_at": schedule.following(every, day, at_time, at),
    }
    mine = Terms.objects.filter(payer_id=by.organisation_id)
    if not mine.update(**said):
        return Terms.objects.create(payer_id=by.organisation_id, **said)
    return mine.get()


def waits_for_nothing(payer: int, fen: int) -> bool:
    """Whether a claim that this payer has just approved with so many fen is due at once."""
    limits = Terms.objects.filter(payer_id=payer).values_list("at_once_fen", flat=True)
    limit = limits.first()
    return limit is None or fen <= limit


def leave_batch(payer: int, pharmacy: int, claims: Sequence[int]) -> None:
    """
    These claims are paid, or nothing of them is owed any more: fewer are left of the pharmacy's
    batch. Claims that it does not hold count for nothing.
    """
    batch = Batch.objects.filter(payer_id=payer, pharmacy_id=pharmacy).first()
    if batch is not None and batch.left > 0:
        of_it = Claim.objects.filter(id__in=claims, id__lte=batch.upto, at_once=False).count()
        Batch.objects.filter(id=batch.id).update(left=F("left") - of_it)


def prepare_due(*, at: datetime) -> int:
    """Make due what the schedules say; how many came round. Each in a transaction of its own."""
    payers = Terms.objects.filter(next_at__lte=at).order_by("next_at")
    came: list[bool] = []
    due = payers.values_list("payer_id", flat=True)
    rounds.each(due, lambda payer: came.append(_prepare(payer, at)), "payers' schedules")
    return sum(came)


@transaction.atomic(savepoint=False)
def _prepare(payer: int, at: datetime) -> bool:
    rows = Terms.objects.select_for_update(skip_locked=True).select_related("payer")
    terms = rows.filter(payer_id=payer, next_at__lte=at).first()
    if terms is None:  # another worker is at it, or was
        return False
    with connection.cursor() as cursor:
        least = max(terms.minimum_fen, 1)
        cursor.execute(_PREPARED, {"payer": payer, "minimum": least, "at": at})
    terms.next_at = schedule.following(terms.every, terms.day, terms.time, at)
    terms.rounds += 1
    terms.save(update_fields=["next_at", "rounds"])
    if Batch.objects.filter(payer_id=payer, prepared_at=at).exists():
        _tell(terms, at)
    return True


def _tell(terms: Terms, at: datetime) -> None:
    subject = f"due/{terms.payer.slug}"
    what = {"kind": DUE, "move": "prepare", "state": "due"}
    publishing.announce({terms.payer_id}, subject, terms.rounds, at=at, **what)


_PREPARED = """
    INSERT INTO insurance_batch AS known
        (payer_id, pharmacy_id, upto, claims_count, total_fen, "left", prepared_at)
    SELECT %(payer)s, bill.pharmacy_id, max(claim.id), count(*),
        sum(claim.approved_fen - claim.reversed_fen), count(*), %(at)s
    FROM insurance_claim AS claim JOIN insurance_bill AS bill ON bill.id = claim.bill_id
    WHERE claim.payer_id = %(payer)s AND claim.settlement_id IS NULL AND NOT claim.at_once
        AND claim.approved_fen > claim.reversed_fen
    GROUP BY bill.pharmacy_id
    HAVING sum(claim.approved_fen - claim.reversed_fen) >= %(minimum)s
    ON CONFLICT (payer_id, pharmacy_id) DO UPDATE SET
        upto = excluded.upto, claims_count = excluded.claims_count, "left" = excluded."left",
        total_fen = excluded.total_fen, prepared_at = excluded.prepared_at
"""
