"""Lists in pages: newest first, by a cursor, never by counting."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from hospital import errors, sealing

PAGE_MAX = 50
PAGE_USUAL = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = TypeVar("Row", bound=Model)


class BadCursor(errors.Invalid):
    """This is not a cursor that an earlier page gave."""

    code = "page.bad_cursor"


class BadPageSize(errors.Invalid):
    """A page holds 1 to 50 rows, or as many as the list says."""

    code = "page.bad_size"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page; the next page begins behind it, however long the table is."""

    created_at: datetime
    id: UUID

    def __str__(self) -> str:
        microseconds = (self.created_at - _EPOCH) // timedelta(microseconds=1)
        packed = microseconds.to_bytes(8, "big", signed=True) + self.id.bytes
        return base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises ``BadCursor``."""
        try:
            packed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
            microseconds = int.from_bytes(packed[:8], "big", signed=True)
            return cls(_EPOCH + timedelta(microseconds=microseconds), UUID(bytes=packed[8:]))
        except (binascii.Error, ValueError, OverflowError) as fault:
            raise BadCursor(field="cursor") from fault


def hidden(cursor: Cursor, about: str) -> str:
    """A cursor that tells its holder neither time nor id of the row, good for ``about`` alone."""
    return packed(str(cursor), about)


def found(text: str, about: str) -> Cursor:
    """What ``hidden`` made. Raises ``BadCursor``."""
    return Cursor.parse(unpacked(text, about))


def packed(said: str, about: str) -> str:
    """A cursor that keeps what it says from its holder, and is good for ``about`` alone."""
    return base64.urlsafe_b64encode(sealing.seal(said.encode(), _about(about))).decode()


def unpacked(text: str, about: str) -> str:
    """What ``packed`` was told. Raises ``BadCursor``."""
    try:
        sealed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        return sealing.unseal(sealed, _about(about)).decode()
    except (binascii.Error, ValueError, sealing.DoesNotOpen) as fault:
        raise BadCursor(field="cursor") from fault


def _about(what: str) -> str:
    return f"cursor/{what}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page: behind ``after``, up to ``size`` rows."""

    after: Cursor | None = None
    size: int = PAGE_USUAL

    @classmethod
    def asked(cls, parameters: Any, most: int = PAGE_MAX) -> Wanted:
        """From the query's ``cursor`` and ``size``. Raises ``BadCursor``, ``BadPageSize``."""
        cursor = parameters.get("cursor")
        return cls(Cursor.parse(cursor) if cursor else None, size_of(parameters, most))


def newest_first(rows: QuerySet[Row], wanted: Wanted) -> tuple[list[Row], Cursor | None]:
    """
    Up to ``wanted.size`` of ``rows`` (with ``created_at`` and a UUID ``id``), and where the next
    page begins. Keyset paging: the cost is that of the page, not of the table.
    """
    after = wanted.after
    if after is not None:
        rows = rows.filter(created_at__lte=after.created_at).exclude(
            Q(created_at=after.created_at) & Q(id__gte=after.id)
        )
    return _page(rows.order_by("-created_at", "-id"), wanted)


def oldest_first(rows: QuerySet[Row], wanted: Wanted) -> tuple[list[Row], Cursor | None]:
    """As ``newest_first``, the other way round: for queues."""
    after = wanted.after
    if after is not None:
        rows = rows.filter(created_at__gte=after.created_at).exclude(
            Q(created_at=after.created_at) & Q(id__lte=after.id)
        )
    return _page(rows.order_by("created_at", "id"), wanted)


def _page(rows: QuerySet[Row], wanted: Wanted) -> tuple[list[Row], Cursor | None]:
    found: list[Any] = list(rows[: wanted.size + 1])
    page, more = found[: wanted.size], found[wanted.size :]
    return page, Cursor(page[-1].created_at, page[-1].id) if more else None


def size_of(parameters: Any, most: int = PAGE_MAX) -> int:
    """How many rows the query's ``size`` asks for. Raises ``BadPageSize``."""
    text = parameters.get("size")
    if text is None:
        return PAGE_USUAL
    if not re.fullmatch("[1-9][0-9]{0,3}", text) or int(text) > most:
        raise BadPageSize(field="size", most=most)
    return int(text)
