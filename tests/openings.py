"""
Every opening of a sealed record, watched: which record, by whom, under which look.

The key of a record comes out of ``sealing.unseal`` and of nothing else; there the watch stands. At
each opening another session is asked whether the look's entry is committed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from hospital import access, records, sealing
from hospital.models import SealedRecord
from ledger.entry import Statement, leaf_hash
from ledger.note import parse
from tests.journeys.watching import at_once

ONE = ("rx", "series", "consultation", "correction", "emergency", "guardianship")
"""The families of subjects that a look at one thing names."""
LISTS = {
    *("change-requests", "consultations", "consultations/awaiting", "corrections"),
    *("export", "history", "owed", "parcels", "prescriptions", "register", "research"),
}
"""What else looks are about; each is an entry with the number of records."""


@dataclass(frozen=True, slots=True)
class Opening:
    """
    One key that was taken out.

    ``by`` is the module that asked for it; ``names`` are the fields asked for, None all of them;
    ``look`` is the committed entry that came before, None if there was none.
    """

    record: UUID
    by: str
    names: tuple[str, ...] | None
    look: Statement | None

    def is_lawful_for(self, reader: str) -> bool:
        """Whether the look is this reader's, with purpose and basis, at this record and fields."""
        return not self.wrongs(reader)

    def wrongs(self, reader: str) -> list[str]:
        """What is wrong with the look at this record by the account ``reader``."""
        if self.look is None:
            return [f"{self.by} opened a record without a committed look"]
        facts = self.look.facts
        found = {
            "another reader": UUID(reader).hex not in facts["reader"],
            "no purpose": not facts["purpose"],
            "no basis": not facts["basis"],
            "all fields": self.names is None,
            "other fields": self.names is not None and sorted(self.names) != facts["fields"],
            "no records": facts["records"] < 1,
            "another subject": not _is_about(facts["of"], self.record),
        }
        return [name for name, wrong in found.items() if wrong]


@dataclass(slots=True)
class Watch:
    """What was opened since the watch began, and the texts that came out."""

    opened: list[Opening] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    _looks: list[tuple[access.Viewing, bytes]] = field(default_factory=list)
    _asked: list[tuple[str, ...] | None] = field(default_factory=list)

    def look_at(self, record: UUID) -> Statement | None:
        """The committed entry of the newest look at this record, as another session sees it."""
        leaf = next((leaf for seen, leaf in self._looks[::-1] if record.hex in seen.records), None)
        (notes,) = at_once(_notes_of_looks)
        assert isinstance(notes, list), notes
        return next(
            (Statement.parse(parse(one).text) for one in notes if leaf_hash(one) == leaf), None
        )


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch all openings of this process."""
    watch = Watch()
    view, salted, unseal = access.view, records.salted, sealing.unseal

    def viewing(**call: Any) -> access.Viewing:
        looked = view(**call)
        watch._looks.append((looked, looked.leaf))
        return looked

    def asking(record: SealedRecord, names: Any = None, **who: Any) -> Any:
        watch._asked.append(None if names is None else tuple(names))
        try:
            found = salted(record, watch._asked[-1], **who)
        finally:
            watch._asked.pop()
        watch.texts.update(text for one in found for text in _texts(one.value))
        return found

    def unsealing(sealed: Any, about: str) -> bytes:
        family, _, name = about.partition("/")
        if family == "record":
            record, caller = UUID(name), _caller()
            by_look = caller == "hospital.access"
            watch.opened.append(
                Opening(
                    record,
                    caller,
                    watch._asked[-1] if watch._asked else None,
                    watch.look_at(record) if by_look else None,
                )
            )
        return unseal(sealed, about)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "view", viewing)
        patch.setattr(records, "salted", asking)
        patch.setattr(sealing, "unseal", unsealing)
        yield watch


def _caller() -> str:
    """The module that opens: ``hospital.access``, or the one that went past it."""
    frame, inner = sys._getframe(2), (records.__name__, sealing.__name__, __name__)
    while frame.f_back is not None and frame.f_globals["__name__"] in inner:
        frame = frame.f_back
    return str(frame.f_globals["__name__"])


def _notes_of_looks() -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT note FROM ledger_event WHERE kind = 'record.view' ORDER BY id DESC LIMIT 20"
        )
        return [bytes(note) for (note,) in cursor.fetchall()]


def _is_about(of: str, record: UUID) -> bool:
    """Whether a look at ``of`` is one at this record."""
    return of in LISTS or (of.split("/")[0] in ONE and of in _subjects(record))


def _subjects(record: UUID) -> set[str]:
    """The subjects to which a record belongs, whatever table holds it."""
    found: set[str] = set()
    for relation in SealedRecord._meta.related_objects:
        owners = relation.related_model._default_manager.filter(**{relation.field.name: record})
        for owner in owners:
            for one in (
                owner,
                *(getattr(owner, name, None) for name in ("prescription", "consultation")),
            ):
                found |= {getattr(one, "subject", ""), getattr(one, "about", "")}
                if series := getattr(one, "series", None):
                    found.add(f"series/{series.hex}")
    return found - {""}


def _texts(value: Any) -> Iterator[str]:
    """The words in a field's value that would be known again in an answer."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str) and len(value) > 1 and not value.isascii():
        yield value
