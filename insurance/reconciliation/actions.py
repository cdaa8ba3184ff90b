"""
Read the statements of the days that are due, and work off what differs.

WeChat Pay's bills are fetched; a payer brings its own. What differs is asked about where somebody
can be asked: an order that the bill has as paid, a refund that it has as done. The answer is booked
as a notice is, and the bill read again: what agrees then has ended by itself, and everything else
stays open for a person. Each task may be lost, doubled or late.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from hospital import calendar, errors
from hospital.roles import Actor
from insurance.actions import paying, refunding
from insurance.gateways import wechat_pay, wechat_pay_bills
from insurance.models import Payment, Refund
from insurance.reconciliation import comparing, queries
from insurance.reconciliation.models import About, Difference, Ending, Kind, Source, Statement

READY: Final = timedelta(hours=10, minutes=30)
"""When WeChat Pay has written the bill of the day before, and half an hour."""
BACK: Final = timedelta(days=30)
AT_ONCE: Final = 4
ASKED_AT_ONCE: Final = 50
AGAIN: Final = timedelta(hours=1)
BILLS: Final = {
    Source.TRADE: wechat_pay_bills.Kind.TRADE,
    Source.FLOW: wechat_pay_bills.Kind.FLOW,
}
log = logging.getLogger(__name__)


class UnknownDifference(errors.NotFound):
    """There is no such difference of your statements."""

    code = "reconciliation.unknown"


class Ended(errors.Conflict):
    """This difference has ended already."""

    code = "reconciliation.ended"


def reconcile(*, at: datetime) -> int:
    """Read the bills that are due, then one day again in which something differs; how many."""
    read = 0
    for source, day in list(_due(at))[:AT_ONCE]:
        if not _tried(source, day, at):
            return read
        read += 1
    statement = queries.to_be_worked_off(before=at - AGAIN)
    if statement is not None:
        work_off(statement, at=at)
        read += 1
    return read


def read(source: Source, day: date, *, at: datetime) -> Statement:
    """
    Fetch WeChat Pay's bill of a day and compare it.

    Raises:
        wechat_pay_bills.Unavailable, wechat_pay_bills.Refused: nothing was noted.
    """
    with wechat_pay_bills.client().fetch(BILLS[source], day) as rows:
        return comparing.compare(source, day, rows, at=at)


def work_off(statement: Statement, *, at: datetime) -> None:
    """Ask about what differs in a bill of WeChat Pay's, and read it again."""
    for difference in queries.to_be_asked(statement)[:ASKED_AT_ONCE]:
        Difference.objects.filter(id=difference.id).update(asked_at=at)
        try:
            _ask(difference, at)
        except wechat_pay.Unavailable:
            log.warning("WeChat Pay does not answer; differences are asked about again later")
            break
        except (wechat_pay.Refused, errors.Refusal) as refusal:
            log.error("a difference cannot be asked about: %s", type(refusal).__name__)
    if not _tried(Source(statement.source), statement.day, at):
        Statement.objects.filter(id=statement.id).update(read_at=at)  # its turn comes again


@transaction.atomic
def close(difference_id: UUID, *, reason: str, by: Actor | None, at: datetime) -> Difference:
    """
    End a difference that a person has settled, for a reason in words.

    ``by`` is an officer of the payer whose statement it is; None: the operator, who alone closes
    what differs from WeChat Pay's bills.

    Raises ``UnknownDifference``, ``Ended``.
    """
    rows = Difference.objects.select_related("statement").select_for_update(of=("self",))
    rows = rows.filter(id=difference_id)
    if by is not None:
        rows = rows.filter(statement__payer_id=by.organisation_id)
    difference = rows.first()
    if difference is None:
        raise UnknownDifference
    if difference.ending:
        raise Ended(ending=difference.ending)
    difference.ending, difference.ended_at, difference.reason = Ending.CLOSED, at, reason
    difference.closed_by_id = by.account if by else None
    difference.save(update_fields=["ending", "ended_at", "reason", "closed_by"])
    return difference


def _due(at: datetime) -> Iterator[tuple[Source, date]]:
    """Days of the last month whose bill is written and was not read, the oldest first."""
    last = calendar.legal_day(at - READY) - timedelta(days=1)
    first = queries.first_day_of_money()
    if first is None:
        return
    day = max(first, last - BACK)
    known = queries.days_read(since=day)
    while day <= last:
        yield from ((source, day) for source in BILLS if (source, day) not in known)
        day += timedelta(days=1)


def _tried(source: Source, day: date, at: datetime) -> bool:
    try:
        read(source, day, at=at)
    except wechat_pay_bills.Unavailable as fault:
        log.warning("a bill of WeChat Pay's is not to be had: %s", fault)
        return False
    except wechat_pay_bills.Refused as refusal:
        log.error("WeChat Pay refuses a bill: %s", refusal.code)
        return False
    return True


def _ask(difference: Difference, at: datetime) -> None:
    """What was paid or given back without our knowing is booked as its notice would be."""
    if difference.kind != Kind.STATE:
        return
    if difference.about == About.PAYMENT:
        payments = Payment.objects.select_related("bill__prescription")
        paying.ask_about(payments.get(out_trade_no=difference.number), at)
    if difference.about == About.REFUND:
        told = wechat_pay.client().query_refund(difference.number)
        refund = Refund.objects.get(out_refund_no=difference.number)
        refunding.book(refund, told.status, told.refund_id, at=at, moved_at=told.success_at)
