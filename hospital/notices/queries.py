"""A patient's inbox."""

from __future__ import annotations

from uuid import UUID

from hospital import paging
from hospital.notices.models import Notice, Subscription

COUNTED_TO = 100


def inbox(account: UUID, wanted: paging.Wanted) -> tuple[list[Notice], paging.Cursor | None]:
    """A page of the patient's notices, newest first."""
    return paging.newest_first(Notice.objects.filter(account_id=account), wanted)


def unread(account: UUID) -> int:
    """How many were not read; from ``COUNTED_TO`` on nobody counts."""
    return Notice.objects.filter(account_id=account, read_at__isnull=True)[:COUNTED_TO].count()


def left(account: UUID) -> dict[str, int]:
    """How many messages of each topic WeChat may still deliver."""
    rows = Subscription.objects.filter(account_id=account)
    return dict(rows.values_list("topic", "left"))
