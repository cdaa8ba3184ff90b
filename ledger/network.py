"""
Which logs there are: lines of logs that continue each other, and the national log beside them.

A **line** is named by its first log (``ledger.succession``); one log of it is open. People's
entries are spread over the lines, in the order of the setting LEDGER_LINES.
"""

import functools

from django.conf import settings
from django.db import connection

from ledger.models import Closing, Log


class UnknownLog(LookupError):
    """No log of this origin has been opened in this database."""


class Turning(RuntimeError):
    """A log has been closed and its successor is not open yet; ask again in a few seconds."""


def lines() -> tuple[str, ...]:
    """Name the lines that people's entries are spread over (the setting LEDGER_LINES), in order."""
    first = str(settings.LEDGER_ORIGIN)
    return (first, *(f"{first}/{number}" for number in range(1, settings.LEDGER_LINES)))


def line_for(number: int) -> str:
    """Name the line that holds what is entered about the person of this number."""
    named = lines()
    return named[number % len(named)]


def begun() -> set[str]:
    """Name the lines that have logs in this database, whatever the setting says."""
    first = str(settings.LEDGER_ORIGIN)
    named = set(Log.objects.order_by().values_list("line", flat=True).distinct())
    return {one for one in named if one == first or one.startswith(f"{first}/")} - {national()}


def national() -> str:
    """Name the log that holds the checkpoints of all others (``ledger.national``)."""
    return f"{settings.LEDGER_ORIGIN}/national"


def origin(line: str = "") -> str:
    """
    Name the open log of a line; without one, of the first line.

    Asks the database once per process and log. Raises ``Turning``.
    """
    return _open_log(line or str(settings.LEDGER_ORIGIN))


def newest(line: str = "") -> str:
    """
    Name the newest log of a line, open or closed; without one, of the first line.

    Asks the database each time, since this is for who works on logs and must not miss a turn.
    """
    name = line or str(settings.LEDGER_ORIGIN)
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [name])
        row = cursor.fetchone()
    return str(row[0]) if row else name


def working() -> list[str]:
    """Name the newest log of every line, the national one last: all that can still grow."""
    named = [newest(line) for line in (*lines(), national())]
    known = set(Log.objects.filter(origin__in=named).values_list("origin", flat=True))
    return [origin for origin in named if origin in known] or named[:1]


def look_again() -> None:
    """Forget which logs are open: one of them has been closed."""
    _open_log.cache_clear()
    logs_of.cache_clear()


@functools.cache
def _open_log(line: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [line])
        row = cursor.fetchone()
    found, closed = row or (line, False)  # the first log of a line has the line's name
    if closed:
        raise Turning(found)
    return str(found)


@functools.cache
def log_id(of: str) -> int:
    """
    Give the primary key of the log with this origin; asks the database once per process.

    Raises:
        UnknownLog: ``ledger.opening.open_log`` has not run.
    """
    found = Log.objects.filter(origin=of).values_list("id", flat=True).first()
    if found is None:
        raise UnknownLog(of)
    return found


@functools.cache
def logs_of(*lines: str) -> list[int]:
    """The primary keys of all logs of these lines, oldest first; raises ``UnknownLog``."""
    found = Log.objects.filter(line__in=lines).order_by("id").values_list("id", flat=True)
    if not found:
        raise UnknownLog(*lines)
    return list(found)


def is_closed(log: int) -> bool:
    """Whether the log takes no more entries."""
    return Closing.objects.filter(log_id=log).exists()


def line_of(log: str) -> str:
    """Name the line of the log with this origin. Raises ``UnknownLog``."""
    return _line_of(log_id(log))


@functools.cache
def _line_of(log: int) -> str:
    return Log.objects.values_list("line", flat=True).get(id=log)


_LATEST = """
    SELECT origin, EXISTS (SELECT FROM ledger_closing c WHERE c.log_id = l.id)
    FROM ledger_log l WHERE line = %s ORDER BY id DESC LIMIT 1
"""
