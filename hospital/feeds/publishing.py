"""Tell organisations of an entry, in its own transaction: rolled back with it."""

from __future__ import annotations

from collections.abc import Collection

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
    if not connection.in_atomic_block:
        raise PublishedOutsideTransaction
    if organisations:
        Item.objects.bulk_create(
            Item(
                organisation_id=organisation,
                subject=entry.subject,
                version=entry.version,
                kind=kind,
                move=move,
                state=state,
                leaf=entry.leaf,
                at=entry.at,
            )
            for organisation in sorted(organisations)
        )
