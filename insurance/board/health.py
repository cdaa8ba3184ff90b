"""How each open log is: sizes, checkpoints, witnesses; and what of it is an alarm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection

from insurance.board import rules
from insurance.board.models import Rule
from insurance.board.rules import Found
from ledger import network, status
from ledger.models import Contact
from ledger.status import Seen, Status


@dataclass(frozen=True, slots=True)
class Witness:
    """
    ``seen`` as the ledger says it; ``cosigned_at`` by its own clock, None if never; ``failures``:
    tries in a row; ``tried_at`` None if never.
    """

    seen: Seen
    cosigned_at: datetime | None
    failures: int
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class Log:
    """One log: its newest checkpoint and final one, and its witnesses, at moment ``at``."""

    at: datetime
    line: str
    status: Status
    signed_at: datetime | None
    final_at: datetime | None
    witnesses: tuple[Witness, ...]


def logs(*, at: datetime) -> list[Log]:
    """Every log that can still grow, the national one last; a fixed number of queries for each."""
    return [_log(origin, at) for origin in network.working()]


def _log(origin: str, at: datetime) -> Log:
    log_id = network.log_id(origin)
    found = status.look(origin)
    contacts = {one.name: one for one in Contact.objects.filter(log_id=log_id)}
    with connection.cursor() as cursor:
        cursor.execute(_MOMENTS, {"log": log_id})
        signed_at, final_at = cursor.fetchone()
        cursor.execute(_COSIGNED, [log_id])
        moments = {name: datetime.fromtimestamp(at_s, UTC) for name, at_s in cursor.fetchall()}
    witnesses = tuple(
        Witness(
            one,
            moments.get(one.name),
            contact.failures if (contact := contacts.get(one.name)) else 0,
            contact.tried_at if contact else None,
        )
        for one in found.witnesses
    )
    return Log(at, network.line_of(origin), found, signed_at, final_at, witnesses)


def alarming(found: Iterable[Log]) -> list[Found]:
    """What a person should look at."""
    return [alarm for log in found for alarm in (*_late(log), *_witnesses(log))]


def _late(log: Log) -> Iterator[Found]:
    least, oldest_s = settings.LEDGER_MERGE_DELAY_S, int(log.status.lag.oldest_s)
    if oldest_s > least:
        yield Found(Rule.CHECKPOINT_LATE, log.status.origin, "", oldest_s, least)


def _witnesses(log: Log) -> Iterator[Found]:
    settled = log.final_at is not None and log.at - log.final_at > rules.COSIGNED_WITHIN
    for one in log.witnesses:
        who = f"{log.status.origin} {one.seen.name}"[:200]
        lacks = log.status.lag.final - one.seen.size
        if one.seen.trouble in ("refused", status.AHEAD):
            yield Found(Rule.WITNESS_DOWN, who, "", max(one.failures, 1), 1)
        elif one.failures >= rules.FAILURES:
            yield Found(Rule.WITNESS_DOWN, who, "", one.failures, rules.FAILURES)
        elif settled and lacks > 0:
            yield Found(Rule.COSIGNATURE_MISSING, who, "", lacks, 1)


_MOMENTS = """
    SELECT (SELECT signed_at FROM ledger_checkpoint WHERE log_id = %(log)s
            ORDER BY size DESC LIMIT 1),
           (SELECT final_at FROM ledger_final WHERE log_id = %(log)s ORDER BY size DESC LIMIT 1)
"""
_COSIGNED = """
    SELECT t.name, c.at_s FROM ledger_contact t
    JOIN ledger_cosignature c ON c.log_id = t.log_id AND c.size = t.size AND c.name = t.name
    WHERE t.log_id = %s
"""
