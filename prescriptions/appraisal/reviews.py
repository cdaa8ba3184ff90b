"""
How a hospital's reviews went in a month: counts, reasons, waiting. Three queries; never a person.

A review is over with the decision that approves a prescription or sends it back; the check by the
first of two is counted beside it. A prescription that was changed and reviewed again counts twice.
Waiting runs from when the content came to be reviewed to that decision, the first check included.
Percentiles are the value that so many per cent do not exceed (``percentile_disc``), so each is a
time that somebody really waited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count

from hospital.models import Organisation
from prescriptions.appraisal.months import Month
from prescriptions.queries_queue import time_out
from prescriptions.reviews import Review

ENDS = (Review.Move.APPROVE, Review.Move.CONFIRM, Review.Move.SEND_BACK)
"""With these moves a review is over."""


@dataclass(frozen=True, slots=True)
class OfRule:
    """Of the reviews of contents with a rule's warning: how many, and how many sent it back."""

    reviewed: int
    returned: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """
    The reviews of a hospital that ended in a month.

    ``returned`` maps reasons to numbers, ``rules`` the code of a rule to its own. ``median`` and
    ``p95`` of the waiting are None if there was no review; ``overdue`` had waited as long as the
    time-out that is set now, or longer.
    """

    reviewed: int
    approved: int
    returned: Mapping[str, int]
    checked: int
    rules: Mapping[str, OfRule]
    median: timedelta | None
    p95: timedelta | None
    overdue: int


def of(hospital: Organisation, month: Month) -> Reviewed:
    """Count them; the cost is that of the month's reviews."""
    rows = Review.objects.filter(
        hospital=hospital, reviewed_at__gte=month.begins_at, reviewed_at__lt=month.until
    )
    moves = list(rows.values_list("move", "reason").annotate(number=Count("id")))
    median, p95, overdue = _waiting(hospital, month)
    returned = {reason: n for move, reason, n in moves if move == Review.Move.SEND_BACK}
    return Reviewed(
        reviewed=sum(n for move, _, n in moves if move in ENDS),
        approved=sum(n for move, _, n in moves if move in ENDS) - sum(returned.values()),
        returned=dict(sorted(returned.items())),
        checked=sum(n for move, _, n in moves if move == Review.Move.CHECK),
        rules=_by_rule(hospital, month),
        median=median,
        p95=p95,
        overdue=overdue,
    )


def _waiting(
    hospital: Organisation, month: Month
) -> tuple[timedelta | None, timedelta | None, int]:
    values: list[Any] = [time_out(), *_ended(hospital, month)]
    with connection.cursor() as cursor:
        cursor.execute(_WAITED, values)
        median, p95, overdue = cursor.fetchone()
    return median, p95, overdue


def _by_rule(hospital: Organisation, month: Month) -> dict[str, OfRule]:
    """A content with two warnings counts for both rules."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_RULE, [Review.Move.SEND_BACK.value, *_ended(hospital, month)])
        return {rule: OfRule(reviewed, back) for rule, reviewed, back in cursor.fetchall()}


def _ended(hospital: Organisation, month: Month) -> list[Any]:
    return [hospital.id, month.begins_at, month.until, [one.value for one in ENDS]]


# Django's ORM has neither ordered-set aggregates nor functions that return rows
_WAITED = """
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY reviewed_at - awaited_since),
        percentile_disc(0.95) WITHIN GROUP (ORDER BY reviewed_at - awaited_since),
        count(*) FILTER (WHERE reviewed_at - awaited_since >= %s)
    FROM prescriptions_review
    WHERE hospital_id = %s AND reviewed_at >= %s AND reviewed_at < %s AND move = ANY(%s)
"""
_BY_RULE = """
    SELECT rule, count(*), count(*) FILTER (WHERE move = %s)
    FROM prescriptions_review, jsonb_array_elements_text(warnings) AS rule
    WHERE hospital_id = %s AND reviewed_at >= %s AND reviewed_at < %s AND move = ANY(%s)
    GROUP BY rule ORDER BY rule
"""
