"""
Alarms: opened when a rule is met, closed when it is no more, acknowledged by a regulator.

An acknowledgement moves nothing and opens nothing, so it is a row and no entry of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from hospital import errors
from hospital.roles import Actor
from insurance.board.models import Alarm
from insurance.board.rules import LEDGER, THRESHOLDS, Found


class UnknownAlarm(errors.NotFound):
    """There is no such alarm."""

    code = "board.unknown_alarm"


class Acknowledged(errors.Conflict):
    """Somebody has acknowledged it before."""

    code = "board.acknowledged"


def note(found: Iterable[Found], *, at: datetime) -> None:
    """Open an alarm for each, or bring the open one up to date; three queries at most."""
    by_key = {(one.rule.value, one.who): one for one in found}
    if not by_key:
        return
    rows = Alarm.objects.filter(
        closed_at=None, rule__in={rule for rule, _ in by_key}, who__in={who for _, who in by_key}
    )
    known = [one for one in rows if (one.rule, one.who) in by_key]
    for one in known:
        one.number, one.seen_at = by_key.pop((one.rule, one.who)).number, at
    Alarm.objects.bulk_update(known, ["number", "seen_at"])
    Alarm.objects.bulk_create([_opened(one, at) for one in by_key.values()], ignore_conflicts=True)


def _opened(one: Found, at: datetime) -> Alarm:
    return Alarm(
        rule=one.rule,
        who=one.who,
        organisation=one.organisation,
        number=one.number,
        threshold=one.least,
        created_at=at,
        seen_at=at,
    )


def close_quiet(*, at: datetime) -> int:
    """Close the alarms of which nothing was seen for as long as their rule says."""
    return sum(
        opened().filter(rule=rule, seen_at__lt=at - one.quiet).update(closed_at=at)
        for rule, one in THRESHOLDS.items()
    )


def close_over(still: Sequence[Found], *, at: datetime) -> int:
    """Close the ledger's alarms that are none any more; ``still`` are those that are."""
    keys = {(one.rule.value, one.who) for one in still}
    rows = opened().filter(rule__in=LEDGER)
    over = [one.id for one in rows if (one.rule, one.who) not in keys]
    return opened().filter(id__in=over).update(closed_at=at) if over else 0


@transaction.atomic
def acknowledge(alarm_id: UUID, *, reason: Alarm.Reason, by: Actor, at: datetime) -> Alarm:
    """
    Write down that a regulator has looked, and what came of it.

    Raises ``UnknownAlarm``, ``Acknowledged``.
    """
    alarm = Alarm.objects.select_for_update().filter(id=alarm_id).first()
    if alarm is None:
        raise UnknownAlarm
    if alarm.acknowledged_at is not None:
        raise Acknowledged(reason=alarm.reason)
    alarm.acknowledged_at, alarm.acknowledged_by_id, alarm.reason = at, by.account, reason
    alarm.save(update_fields=["acknowledged_at", "acknowledged_by", "reason"])
    return alarm


def opened() -> QuerySet[Alarm]:
    return Alarm.objects.filter(closed_at__isnull=True)


def closed() -> QuerySet[Alarm]:
    return Alarm.objects.filter(closed_at__isnull=False)
