"""
A regulator reads what the law has kept of what a patient had erased; each look is an entry first.

Nobody else reads it, and nobody at all from the law's day on (``records.salted``). What was not
erased is not opened here: it has readers of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, errors, records
from hospital.consultations.content import EVERYTHING
from hospital.corrections.attached import Amendment
from hospital.roles import Actor
from insurance import kept


class NotErased(errors.Forbidden):
    """Nobody had this erased, so it is not kept for the regulator."""

    code = "kept.not_erased"


@dataclass(frozen=True, slots=True)
class Read:
    """
    A record with the fields that were opened, None if they are gone for good, and what somebody
    has put beside it.
    """

    found: kept.Found
    fields: dict[str, Any] | None
    amendments: list[Amendment]


def view(record_id: UUID, *, by: Actor, at: datetime) -> Read:
    """
    One record in full, with its picture if it has one.

    Raises ``kept.Unknown``, ``NotErased``; ``records.RecordErased`` from the law's day on.
    """
    with transaction.atomic():
        found = kept.one(record_id)
        looked = _look([found], EVERYTHING, by=by, at=at)
    opened = access.opened(found.record, looked)
    return Read(found, opened, access.amendments(found.record, looked))


def view_subject(
    family: str, subject_id: UUID, after: int, size: int, *, by: Actor, at: datetime
) -> tuple[list[Read], bool]:
    """
    Up to ``size`` records of a subject behind the ``after``-th, without pictures; if there are
    more. One ``record.view`` entry covers them.

    Raises ``kept.Unknown``, ``NotErased``.
    """
    with transaction.atomic():
        found = kept.of_subject(family, subject_id, after=after, size=size + 1)
        page = found[:size]
        if not page:
            return [], False
        looked = _look(page, kept.FAMILIES[family].listed, by=by, at=at)
    read = [
        Read(one, access.listed(one.record, looked), access.amendments(one.record, looked))
        for one in page
    ]
    return read, len(found) > size


def _look(
    found: Sequence[kept.Found], fields: tuple[str, ...], *, by: Actor, at: datetime
) -> access.Viewing:
    """All of ``found`` are about one subject."""
    if not all(records.was_erased(one.record) for one in found):
        raise NotErased
    return access.view(
        by=by,
        at=at,
        purpose="oversight",
        basis="retention",
        of=[one.record for one in found],
        about=found[0].subject,
        fields=fields,
        patient=found[0].patient,
    )
