"""
The patient's right to a copy (个人信息保护法, art. 45): everything, in pages, each with its proofs.

The pages follow the patient's list in the log (``ledger.patients``), by the entry with which each
subject began; then come the sections of what entries do not hold themselves (``sections``). The
first page fixes where the copy ends, for each page is itself a look, which makes the list longer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import access, errors, guardianlaw, keydrafts, records
from hospital import queries as hospital
from hospital.actions.keys import KeyNeeded
from hospital.api_entries import NotYetPublished
from hospital.consultations import queries as consultations
from hospital.corrections import queries as corrections
from hospital.faces.actions import LIFE
from hospital.fhir import Told
from hospital.guardians import queries as guardians
from hospital.models import Account, SealedRecord
from hospital.roles import Actor
from insurance import bundle, sections
from ledger import note as notes
from ledger import opening, patients, receiptfile, receiptsets
from ledger import queries as ledger
from ledger.entry import MAX_INTEGER, Statement
from prescriptions import queries as prescriptions

_CURSOR = re.compile("([0-9]{1,4})[.]([0-9]{1,15})[.]([0-9]{1,4})[.]([0-9]{1,15})", re.ASCII)
_SECTION = re.compile("([a-z]{1,20})[.]([0-9a-f-]{0,36})", re.ASCII)
_CONTENTS: Mapping[str, Callable[[UUID, Collection[UUID]], list[SealedRecord]]] = {
    "rx": prescriptions.contents_of,
    "consultation": consultations.contents_of,
    "correction": corrections.contents_of,
    "emergency": hospital.reasons_of,
    guardianlaw.FAMILY: guardians.evidence_of,
}
"""The records to which entries commit, by the family of their subjects."""


class BadCursor(errors.Invalid):
    """This is not a cursor that an earlier page of the copy gave."""

    code = "export.bad_cursor"


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a page begins: behind ``index`` of a log (counted from the oldest). The copy ends in the
    log ``last``, below its entry ``until``.
    """

    log: int
    index: int
    last: int
    until: int

    @classmethod
    def parse(cls, text: str, logs: int) -> Place:
        """Raises ``BadCursor``."""
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise BadCursor(field="cursor")
        place = cls(*map(int, found.groups()))
        if not place.log <= place.last < logs:
            raise BadCursor(field="cursor")
        return place

    def below(self, log: int) -> int:
        """The first index of a log that is not in the copy."""
        if log == self.last:
            return self.until
        return MAX_INTEGER if log < self.last else 0

    def __str__(self) -> str:
        return f"{self.log}.{self.index}.{self.last}.{self.until}"


@dataclass(frozen=True, slots=True)
class _Entered:
    """What a page has of the entries, and where their next page begins."""

    entries: Sequence[tuple[ledger.Entry, Statement]]
    contents: Mapping[bytes, SealedRecord]
    subjects: int
    following: Place | None


def export(
    cursor: str | None, size: int, *, by: Actor, at: datetime
) -> tuple[bundle.Page, Place | sections.Start | None]:
    """
    A page of the copy, of up to ``size`` subjects with all their entries, messages, rows …; where
    the next begins.

    One ``record.view`` entry covers the page, with the number of records; it is committed before
    anything is opened. The number of queries does not depend on what is in the page.

    Raises:
        KeyNeeded: the session was not opened with a key within the last 15 minutes.
        keydrafts.IdentityMissing: nothing is known about the caller.
        BadCursor: see there.
        NotYetPublished: the patients' lists have no final head yet.
    """
    if by.key_login_at is None or at - by.key_login_at > LIFE:
        raise KeyNeeded
    with transaction.atomic():
        person = Account.objects.select_related("person").get(id=by.account).person
        if person is None:
            raise keydrafts.IdentityMissing
        tag, logs = access.patient_tag(person), ledger.logs_of(access.line_of(person))
        try:
            proofs = {} if cursor else {log: ledger.list_proof(log, tag) for log in logs}
        except ledger.NotYetPublished as fault:
            raise NotYetPublished(retry_after_s=1) from fault
        start = _started(cursor, logs) if cursor else _beginning(logs, proofs)
        entered = _entered(start, logs, tag, size, by)
        items, following = _further(start, entered, size, sections.Copied(by, tag, at))
        sealed = [one.record for one in items if one.record is not None]
        looked = access.view(
            by=by,
            at=at,
            purpose="own_copy",
            basis="own_record",
            of=[*entered.contents.values(), *sealed],
            about="export",
            fields=("",),
            patient=person,
        )
    openings = _told(_openings(logs), {}, looked) if proofs else []
    told = _told(entered.entries, entered.contents, looked)
    things = list(_made(items, looked))
    said = [one for one in things if not isinstance(one, dict)]
    stated = [one for one in things if isinstance(one, dict)]
    return bundle.Page(tag, told, proofs, openings, said, stated), following


def _started(cursor: str, logs: Sequence[str]) -> Place | sections.Start:
    """Raises ``BadCursor``."""
    if found := _SECTION.fullmatch(cursor):
        start = sections.Start(found[1], found[2])
        if not sections.is_key(start):
            raise BadCursor(field="cursor")
        return start
    return Place.parse(cursor, len(logs))


def _entered(
    start: Place | sections.Start, logs: Sequence[str], tag: str, size: int, by: Actor
) -> _Entered:
    if isinstance(start, sections.Start):
        return _Entered([], {}, 0, None)
    firsts = _firsts(logs, tag, start, size + 1)
    entries = _entries([one.subject for one in firsts[:size]], logs, tag, start)
    following = None
    if len(firsts) > size and (last := firsts[size - 1]).index is not None:
        following = Place(logs.index(last.log), last.index, start.last, start.until)
    return _Entered(entries, _contents(entries, by), len(firsts[:size]), following)


def _further(
    start: Place | sections.Start, entered: _Entered, size: int, of: sections.Copied
) -> tuple[list[sections.Item], Place | sections.Start | None]:
    """What of the sections has room behind the entries, and where the next page begins."""
    if entered.following is not None:
        return [], entered.following
    first = start if isinstance(start, sections.Start) else sections.FIRST
    return sections.page(of, first, size - entered.subjects)


def _openings(logs: Sequence[str]) -> list[tuple[ledger.Entry, Statement]]:
    """The first entries of these logs."""
    found = ledger.entries_about_all([opening.SUBJECT], opening.KIND)
    return [(one, Statement.parse(notes.parse(one.note).text)) for one in found if one.log in logs]


def _made(items: Sequence[sections.Item], looked: access.Viewing) -> Iterator[sections.Thing]:
    for item in items:
        fields = None
        if item.record is not None:
            with suppress(records.RecordErased):
                fields = access.salted(item.record, looked)
        thing = item.make(fields)
        if thing is not None:
            yield thing


def _beginning(logs: Sequence[str], proofs: Mapping[str, bytes]) -> Place:
    """Before the first entry; the proof of the newest log's list says how far the copy goes."""
    head = patients.head_of(patients.Proof.parse(proofs[logs[-1]]).head)
    return Place(0, -1, len(logs) - 1, head.size)


def _firsts(logs: Sequence[str], tag: str, start: Place, most: int) -> list[ledger.Entry]:
    """The entries with which subjects began, from the start on; one query for each log."""
    found: list[ledger.Entry] = []
    after = start.index
    for number in range(start.log, start.last + 1):
        before = start.below(number)
        found += ledger.firsts_of_patient(
            logs[number], tag, after=after, before=before, most=most - len(found)
        )
        after = -1
        if len(found) == most:
            break
    return found


def _entries(
    subjects: Sequence[str], logs: Sequence[str], tag: str, start: Place
) -> list[tuple[ledger.Entry, Statement]]:
    """All entries about these subjects that are in the copy, subject by subject."""
    order = {subject: number for number, subject in enumerate(subjects)}
    limits = {log: start.below(number) for number, log in enumerate(logs)}
    found = [
        (one, Statement.parse(notes.parse(one.note).text))
        for one in ledger.entries_about_any(subjects)
        if one.index is not None and one.index < limits.get(one.log, 0)
    ]
    mine = [(one, said) for one, said in found if said.patient == tag]
    return sorted(mine, key=lambda pair: (order[pair[0].subject], pair[0].version))


def _contents(
    entries: Sequence[tuple[ledger.Entry, Statement]], by: Actor
) -> dict[bytes, SealedRecord]:
    """The records to which the first entries of contents commit, by that entry's leaf."""
    ids: dict[str, set[UUID]] = {name: set() for name in _CONTENTS}
    for one, _ in entries:
        family, _, name = one.subject.partition("/")
        if family in ids:
            ids[family].add(UUID(name))
    own = [record for name, of in _CONTENTS.items() for record in of(by.account, ids[name])]
    waiting = {bytes(record.commitment): record for record in own}
    found = {}
    for one, said in entries:
        if record := waiting.pop(said.commitment, None):
            found[one.leaf] = record
    return found


def _told(
    entries: Sequence[tuple[ledger.Entry, Statement]],
    contents: Mapping[bytes, SealedRecord],
    looked: access.Viewing,
) -> list[Told]:
    try:
        receipts = receiptsets.files([one for one, _ in entries])
    except ledger.NotYetPublished as fault:
        raise NotYetPublished(retry_after_s=1) from fault
    found = []
    for one, said in entries:
        receipt, opened = receipts[one.leaf], {}
        if one.leaf in contents:
            with suppress(records.RecordErased):  # what is erased hides nothing else
                every = access.salted(contents[one.leaf], looked)
                names = [each.name for each in every if not each.name.startswith(bundle.HIDDEN)]
                receipt = receiptfile.with_opened(receipt, every, names)
                opened = {each.name: each.value for each in every if each.name in set(names)}
        assert one.index is not None
        found.append(Told(said, one.log, one.index, one.leaf, opened, receipt))
    return found
