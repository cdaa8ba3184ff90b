"""Tell organisations of an entry, in its own transaction: rolled back with it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from hospital.feeds.models import Item
from ledger import chain


class PublishedOutsideTransaction(Exception):
    """What is told outside of the entry's transaction may never have happened: a caller's bug."""


def publish(
    organisations: Collection[int], entry: chain.Appended, *, kind: str, move: str, state: str
) -> None:
    """
    Put ``entry`` into the feeds of these organisations; one INSERT, none if there are none.

    Whom an entry concerns is known at the moment of the entry alone, so the layer that makes it
    says so here. The caller holds the row that the entry is about: ids rise per subject.

    Raises ``PublishedOutsideTransaction``.
    """
    about = {"subject": entry.subject, "version": entry.version, "leaf": entry.leaf}
    _put(organisations, **about, kind=kind, move=move, state=state, at=entry.at)


def announce(
    organisations: Collection[int],
    subject: str,
    version: int,
    *,
    kind: str,
    move: str,
    state: str,
    at: datetime,
) -> None:
    """
    Tell of what is no entry: it has no leaf, and nothing proves it.

    The caller holds the row that counts the versions. Raises ``PublishedOutsideTransaction``.
    """
    about = {"subject": subject, "version": version, "leaf": b""}
    _put(organisations, **about, kind=kind, move=move, state=state, at=at)


def _put(organisations: Collection[int], **item: Any) -> None:
    if not connection.in_atomic_block:
        raise PublishedOutsideTransaction
    if organisations:
        Item.objects.bulk_create(
            Item(organisation_id=organisation, **item) for organisation in sorted(organisations)
        )
