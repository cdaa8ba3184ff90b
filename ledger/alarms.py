"""
Alarms: what a person must look at. A task raises one when it fails and clears it when it succeeds.

The text is the fault's own words; it names sizes, files and witnesses, and no person.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from ledger import network
from ledger.models import Alarm

logger = logging.getLogger(__name__)


@contextmanager
def watching(origin: str, code: str, *faults: type[Exception]) -> Iterator[None]:
    """
    Raise the alarm ``code`` if the block fails with one of ``faults``, which goes on; clear it
    if the block succeeds.
    """
    log_id = network.log_id(origin)
    try:
        yield
    except faults as fault:
        logger.error("ledger.alarm %s", code)
        _raise(log_id, code, str(fault))
        raise
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR, [log_id, code])


def standing(origin: str) -> list[Alarm]:
    """Give the alarms of a log, the oldest first."""
    return list(Alarm.objects.filter(log_id=network.log_id(origin)).order_by("since"))


def _raise(log_id: int, code: str, text: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_RAISE, [log_id, code, text[:1000]])
    except DatabaseError:
        logger.error("ledger.alarm %s could not be stored", code)


_CLEAR = """
    DELETE FROM ledger_alarm WHERE log_id = %s AND code = %s
"""
_RAISE = """
    INSERT INTO ledger_alarm (log_id, code, text) VALUES (%s, %s, %s)
    ON CONFLICT (log_id, code) DO UPDATE SET text = excluded.text
"""
