"""
The parts of a patient's copy that follow the entries: what was said, pictures, rows. Reads only.

Each section goes through one table by its key, so that a page begins where the one before ended and
costs one question to the database for each section that it touches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from hospital import lookwords
from hospital.consultations.fhir import Picture, Saying, of_question
from hospital.consultations.models import Consultation, Message, State
from hospital.faces.models import FaceCheck
from hospital.fhir import Resource
from hospital.guardians.models import Guardianship
from hospital.lookmodels import Listed
from hospital.models import Address, Key, Person, SealedRecord
from hospital.notices.models import Notice, Subscription
from hospital.roles import Actor
from insurance import stated
from insurance.models import Insured, Payment, Refund
from ledger import note as notes
from ledger import queries as ledger
from ledger.entry import Statement
from ledger.receiptfile import Field
from pharmacy.models import Delivery, Substitution
from prescriptions.models import ChangeRequest

Fields = Sequence[Field] | None
Thing = Saying | Picture | Resource
PICTURES = 4
"""At most so many in a page, a megabyte each."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Whose copy it is: the account, the tag in the line of logs, the moment."""

    by: Actor
    tag: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """A row with its key. ``make`` takes the fields of ``record``, None if those were erased."""

    key: str
    record: SealedRecord | None
    make: Callable[[Fields], Thing | None]


@dataclass(frozen=True, slots=True)
class Section:
    """
    ``rows`` of a patient, by ``key``; ``make`` what is shown of one of them.

    ``together`` finds for a page of rows what ``make`` gets beside each.
    """

    rows: Callable[[UUID], QuerySet[Any]]
    make: Callable[[Any, Fields, Copied, Any], Thing | None]
    has_pictures: bool = False
    together: Callable[[Sequence[Any]], Mapping[Any, Any]] = lambda rows: {}


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins: behind the row with this key of a section, or at its beginning."""

    section: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.section}.{self.key}"


Row = TypeVar("Row", bound=Model)


def page(of: Copied, start: Start, room: int) -> tuple[list[Item], Start | None]:
    """Up to ``room`` rows from ``start`` on, section by section, and where the next page begins."""
    names = list(SECTIONS)
    found: list[Item] = []
    pictures, key = PICTURES, start.key
    for number in range(names.index(start.section), len(names)):
        section = SECTIONS[names[number]]
        most = min(room, pictures) if section.has_pictures else room
        rows = list(_behind(section.rows(of.by.account), key)[: most + 1])
        found += _items(section, rows[:most], of)
        if len(rows) > most:
            last = found[-1].key if most else key
            return found, Start(names[number], last)
        room -= len(rows)
        pictures -= len(rows) if section.has_pictures else 0
        key = ""
    return found, None


def is_key(start: Start) -> bool:
    """Whether a section of this name has keys of this form."""
    if start.section not in SECTIONS:
        return False
    model = SECTIONS[start.section].rows(UUID(int=0)).model
    try:
        if start.key:
            model._meta.pk.to_python(start.key)
    except Exception:  # whatever Django says of a foreign key's text
        return False
    return True


def _behind(rows: QuerySet[Row], key: str) -> QuerySet[Row]:
    return (rows.filter(pk__gt=key) if key else rows).order_by("pk")


def _items(section: Section, rows: Sequence[Any], of: Copied) -> Iterator[Item]:
    beside = section.together(rows)
    for row in rows:

        def make(fields: Fields, row: Any = row) -> Thing | None:
            return section.make(row, fields, of, beside.get(row.pk))

        yield Item(str(row.pk), getattr(row, "record", None), make)


def _message(row: Message, fields: Fields, of: Copied, _: Any) -> Saying:
    committed = bytes(row.record.commitment)
    return Saying(row.consultation.subject, row.number, committed, fields)


def _request(row: ChangeRequest, fields: Fields, of: Copied, _: Any) -> Saying:
    return Saying(row.prescription.subject, 0, bytes(row.record.commitment), fields)


def _picture(row: Consultation, fields: Fields, of: Copied, _: Any) -> Picture | None:
    return of_question(row.subject, fields or ())


def _draft(row: Consultation, fields: Fields, of: Copied, _: Any) -> Resource | None:
    return stated.draft(row, _values(fields), of.tag) if fields else None


def _address(row: Address, fields: Fields, of: Copied, _: Any) -> Resource | None:
    return stated.address(row, _values(fields)) if fields else None


def _values(fields: Fields) -> dict[str, Any]:
    return {each.name: each.value for each in fields or ()}


def _listed(row: Listed, fields: Fields, of: Copied, entry: ledger.Entry) -> Resource:
    said = Statement.parse(notes.parse(entry.note).text)
    role = lookwords.ROLES.get(said.facts["role"], str(said.facts["role"]))
    reader = f"{said.facts['organisation']} {role}".strip()
    sentence = lookwords.sentence(said.facts, said.at, reader, in_list=True)
    return stated.listed(entry, said.facts, said.at, sentence, of.tag)


def _entries(rows: Sequence[Listed]) -> dict[int, ledger.Entry]:
    found = ledger.entries_by_leaves([bytes(row.leaf) for row in rows])
    return {row.pk: found[bytes(row.leaf)] for row in rows}


def _said(kind: Message.Kind) -> Callable[[UUID], QuerySet[Message]]:
    return lambda account: Message.objects.filter(
        consultation__patient=account, kind=kind
    ).select_related("record", "consultation")


SECTIONS: Mapping[str, Section] = {
    "messages": Section(_said(Message.Kind.TEXT), _message),
    "requests": Section(
        lambda account: ChangeRequest.objects.filter(prescription__patient=account).select_related(
            "record", "prescription"
        ),
        _request,
    ),
    "pictures": Section(_said(Message.Kind.PICTURE), _message, has_pictures=True),
    "evidence": Section(
        lambda account: (
            Consultation.objects.filter(patient=account)
            .exclude(state=State.DRAFT)
            .exclude(earlier=[])
            .select_related("record")
        ),
        _picture,
        has_pictures=True,
    ),
    "drafts": Section(
        lambda account: Consultation.objects.filter(
            patient=account, state=State.DRAFT
        ).select_related("record"),
        _draft,
        has_pictures=True,
    ),
    "profile": Section(
        lambda account: Person.objects.filter(account__id=account),
        lambda row, fields, of, _: stated.person(row, of.tag),
    ),
    "addresses": Section(
        lambda account: Address.objects.filter(account=account).select_related("record"), _address
    ),
    "devices": Section(
        lambda account: Key.objects.filter(account=account),
        lambda row, fields, of, _: stated.device(row, of.tag, of.at),
    ),
    "faces": Section(
        lambda account: FaceCheck.objects.filter(account=account),
        lambda row, fields, of, _: stated.face(row, of.tag),
    ),
    "wards": Section(
        lambda account: Guardianship.objects.filter(guardian=account),
        lambda row, fields, of, _: stated.ward(row, of.by.name),
    ),
    "coverages": Section(
        lambda account: Insured.objects.filter(patient=account).select_related(
            "policy__payer", "policy__product"
        ),
        lambda row, fields, of, _: stated.coverage(row, of.tag),
    ),
    "payments": Section(
        lambda account: Payment.objects.filter(bill__prescription__patient=account),
        lambda row, fields, of, _: stated.payment(row),
    ),
    "refunds": Section(
        lambda account: Refund.objects.filter(payment__bill__prescription__patient=account),
        lambda row, fields, of, _: stated.payment(row),
    ),
    "deliveries": Section(
        lambda account: Delivery.objects.filter(prescription__patient=account),
        lambda row, fields, of, _: stated.delivery(row, of.tag),
    ),
    "substitutions": Section(
        lambda account: Substitution.objects.filter(prescription__patient=account).select_related(
            "item", "prescription"
        ),
        lambda row, fields, of, _: stated.substitution(row, of.tag),
    ),
    "lists": Section(
        lambda account: Listed.objects.filter(patient=account), _listed, together=_entries
    ),
    "notices": Section(
        lambda account: Notice.objects.filter(account=account),
        lambda row, fields, of, _: stated.notice(row, of.tag),
    ),
    "subscriptions": Section(
        lambda account: Subscription.objects.filter(account=account),
        lambda row, fields, of, _: stated.subscription(row, of.tag),
    ),
}
"""In the order in which they are copied."""
FIRST = Start("messages")
