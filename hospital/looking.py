"""
Who looked at a patient's data: the looks that carry the patient's tag, and lists that showed him.

The first are proven complete by the patient's list (``ledger.patients``). A look at a list carries
no tag, so that the log does not say who stands in it; that he stood there is told by the server,
and the entry proves who looked, when and why.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, errors, keydrafts, sealing
from hospital.models import Account, Listed
from hospital.paging import Wanted
from hospital.roles import Actor
from ledger import note as notes
from ledger import queries as ledger
from ledger.entry import MAX_INTEGER, Statement

VIEW = "record.view"
_CURSOR = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,15})")
_READER = re.compile(r"(?:.*/)?([0-9a-f]{32})")


class BadCursor(errors.Invalid):
    """This is not a cursor that an earlier page of looks gave."""

    code = "looks.bad_cursor"


@dataclass(frozen=True, slots=True)
class Look:
    """
    One look. ``reader`` is None where no account of this name is left; ``listed`` is 0, or the
    row by which the patient stood in a list.
    """

    entry: ledger.Entry
    at: datetime
    facts: Mapping[str, Any]
    reader: Account | None
    listed: int

    @property
    def name(self) -> str:
        """The reader's name; empty for a program."""
        person = self.reader.person if self.reader else None
        if person is None:
            return ""
        return sealing.unseal(person.name, f"person/{person.handle.hex}/name").decode()


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry of a look, read; ``listed`` as in ``Look``."""

    entry: ledger.Entry
    statement: Statement
    listed: int

    @classmethod
    def of(cls, entry: ledger.Entry, listed: int = 0) -> _Found:
        return cls(entry, Statement.parse(notes.parse(entry.note).text), listed)


@dataclass(frozen=True, slots=True)
class _Behind:
    """Where a page begins: below an index of a log (counted from the oldest), below a row."""

    log: int
    index: int
    listed: int

    @classmethod
    def parse(cls, text: str, logs: int) -> _Behind:
        found = _CURSOR.fullmatch(text)
        if found is None or int(found[1]) >= logs:
            raise BadCursor(field="cursor")
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        return f"{self.log}.{self.index}.{self.listed}"

    def after(self, page: Sequence[_Found], logs: list[str]) -> _Behind:
        """Where the next page begins."""
        log, index, listed = self.log, self.index, self.listed
        for one in page:
            if one.listed:
                listed = one.listed
            else:
                log, index = logs.index(one.entry.log), one.entry.index or 0
        return _Behind(log, index, listed)


def record(by: Actor, *, at: datetime) -> None:
    """Record that a guardian asks who looked at the ward's data; who asks for himself is not."""
    if by.ward is not None:
        with transaction.atomic():
            access.view(by=by, at=at, purpose="", basis="", of=(), about="looks", fields=())


def looks_at(by: Actor, wanted: Wanted, cursor: str | None) -> tuple[list[Look], str | None]:
    """
    A page of the looks at the caller's data, newest first, the caller's own too; the next cursor.

    Four queries, and one more for each older log of the line that the page reaches into. A look is
    there when the patients' lists cover it, some seconds after it.

    Raises:
        BadCursor, keydrafts.IdentityMissing: see each.
    """
    line, tag = keydrafts.place_of(by)
    logs = ledger.logs_of(line)
    newest = _Behind(len(logs) - 1, MAX_INTEGER, MAX_INTEGER)
    behind = _Behind.parse(cursor, len(logs)) if cursor else newest
    most = wanted.size + 1
    alone, in_lists = _tagged(logs, tag, behind, most), _listed(by.patient, behind, most)
    merged = heapq.merge(alone, in_lists, key=lambda one: one.statement.at, reverse=True)
    found = list(merged)[:most]
    page = found[: wanted.size]
    following = str(behind.after(page, logs)) if len(found) > len(page) else None
    return list(_told(page)), following


def _tagged(logs: list[str], tag: str, behind: _Behind, most: int) -> list[_Found]:
    """Entries with the patient's tag, from the log where the page begins back to the first."""
    found: list[ledger.Entry] = []
    before = behind.index
    for log in reversed(logs[: behind.log + 1]):
        found += ledger.latest_of_patient(log, tag, [VIEW], before=before, most=most - len(found))
        before = MAX_INTEGER
        if len(found) == most:
            break
    return list(map(_Found.of, found))


def _listed(patient: UUID, behind: _Behind, most: int) -> list[_Found]:
    """Entries of looks at lists in which the patient stood, with the rows that say so."""
    rows = Listed.objects.filter(patient_id=patient, id__lt=behind.listed).order_by("-id")
    leaves = [(bytes(leaf), row) for leaf, row in rows.values_list("leaf", "id")[:most]]
    entries = ledger.entries_by_leaves([leaf for leaf, _ in leaves])
    return [_Found.of(entries[leaf], row) for leaf, row in leaves]


def _told(page: Sequence[_Found]) -> Iterator[Look]:
    ids = [_account(str(one.statement.facts["reader"])) for one in page]
    known = Account.objects.select_related("organisation", "person").in_bulk(
        {one for one in ids if one}
    )
    for one, account in zip(page, ids, strict=True):
        said = one.statement
        yield Look(one.entry, said.at, said.facts, known.get(account), one.listed)


def _account(reader: str) -> UUID | None:
    found = _READER.fullmatch(reader)
    return UUID(found[1]) if found else None
