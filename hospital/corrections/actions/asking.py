"""What the patient does: dispute a record, take that back, take a refusal to the regulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from hospital import errors, records, signing
from hospital.corrections import lifecycle, queries
from hospital.corrections.content import Words
from hospital.corrections.lifecycle import APPEAL, ASK, OPEN_MAX, TAKE_BACK, WrongState
from hospital.corrections.models import FAMILY, Correction
from hospital.models import Account, Organisation, SealedRecord
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement


class AlreadyOpen(errors.Conflict):
    """Something is open about this record: wait for the answer, or take it back."""

    code = "correction.already_open"


class TooMany(errors.Conflict):
    """As many of your requests are open as may be; wait for an answer, or take one back."""

    code = "correction.too_many"


@dataclass(frozen=True, slots=True)
class Target:
    """
    A record that its patient may dispute: whose, who wrote it, and under which subject it stands.

    ``fields`` are the beginnings of its fields' names.
    """

    subject: str
    patient: Account
    author: Account
    hospital: Organisation
    record: SealedRecord
    fields: tuple[str, ...]


Find = Callable[[Actor], Target]
"""Finds the record that is meant, or refuses: the layer that owns records of this kind says."""


def draw_ask(find: Find, words: Words, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement of the request. Raises what ``ask`` raises."""
    made = _new(uuid4(), find, words, by, at)
    return signing.draw(_asking(made, words), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def ask(
    find: Find, words: Words, signed: str, *, by: Actor, at: datetime
) -> tuple[Correction, chain.Appended]:
    """
    Ask the hospital to correct what ``find`` finds, under the patient's signature.

    The account's row is locked, as by an erasure: what is asked meanwhile is counted, and what was
    erased before is seen to be.

    Raises:
        content.BadFields, records.BadSalt, records.RecordErased, AlreadyOpen, TooMany: see each.
        WrongState: there is a correction of this id.
        What ``find`` and ``signing.append`` raise.
    """
    Account.objects.select_for_update(of=("self",), no_key=True).only("id").get(id=by.account)
    correction_id, drawn_at = signing.new_subject(signed, FAMILY, at)
    if Correction.objects.filter(id=correction_id).exists():
        raise WrongState(move=ASK.name)
    made = _new(correction_id, find, words, by, drawn_at)
    entry = signing.append(_asking(made, words), signed, by=by, at=at)
    made.request = words.seal()
    try:
        made.save(force_insert=True)
    except IntegrityError as fault:  # somebody else takes this id at this moment
        raise WrongState(move=ASK.name) from fault
    return made, entry


def draw_take_back(correction_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that takes it back. Raises what ``take_back`` raises."""
    found = lifecycle.find(correction_id)
    lifecycle.check(found, TAKE_BACK, by=by, at=at)
    return signing.draw(lifecycle.draft(found, TAKE_BACK, {}), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def take_back(
    correction_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Correction, chain.Appended]:
    """
    Take back a request that waits, or an appeal; a statement of disagreement goes with it.

    Raises what ``lifecycle.advance`` raises.
    """
    found = lifecycle.find(correction_id, lock=True)
    entry = lifecycle.advance(found, TAKE_BACK, by=by, at=at, signed=signed, facts={})
    found.save(update_fields=["state"])
    return found, entry


def draw_appeal(
    correction_id: UUID, words: Words, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement of the appeal. Raises what ``appeal`` raises."""
    found = lifecycle.find(correction_id)
    _check_appeal(found, words, by, at)
    draft = lifecycle.draft(found, APPEAL, {}, words.commitment)
    return signing.draw(draft, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def appeal(
    correction_id: UUID, words: Words, signed: str, *, by: Actor, at: datetime
) -> tuple[Correction, chain.Appended]:
    """
    Take a refusal to the regulator. The words are the patient's statement of disagreement, which
    stands beside the record from now on.

    Raises:
        content.BadFields, records.BadSalt, records.RecordErased, AlreadyOpen: see each; and what
        ``lifecycle.advance`` raises.
    """
    found = lifecycle.find(correction_id, lock=True)
    Account.objects.select_for_update(of=("self",), no_key=True).only("id").get(id=by.account)
    found.of.refresh_from_db()  # an erasure may have been first
    _check_appeal(found, words, by, at)
    entry = lifecycle.advance(
        found, APPEAL, by=by, at=at, signed=signed, facts={}, commitment=words.commitment
    )
    found.appeal, found.appealed_at = words.seal(), entry.at
    found.save(update_fields=["state", "appeal", "appealed_at"])
    return found, entry


def _check_appeal(found: Correction, words: Words, by: Actor, at: datetime) -> None:
    lifecycle.check(found, APPEAL, by=by, at=at)
    words.check()
    _check_open(found.of)


def _check_open(record: SealedRecord) -> None:
    """Raises ``records.RecordErased``, ``AlreadyOpen``."""
    if records.was_erased(record):
        raise records.RecordErased
    if queries.is_disputed(record.id):
        raise AlreadyOpen


def _new(
    correction_id: UUID, find: Find, words: Words, by: Actor, drawn_at: datetime
) -> Correction:
    target = find(by)
    words.check(target.fields)
    _check_open(target.record)
    if queries.open_of(by.account).count() >= OPEN_MAX:
        raise TooMany(most=OPEN_MAX)
    return Correction(
        id=correction_id,
        patient=target.patient,
        hospital=target.hospital,
        author=target.author,
        about=target.subject,
        of=target.record,
        created_at=drawn_at,
        answer_until=drawn_at + lifecycle.ANSWERING,
    )


def _asking(made: Correction, words: Words) -> signing.Draft:
    family, _, name = made.about.partition("/")
    facts: dict[str, Any] = {
        "hospital": made.hospital.slug,
        "of": {"family": family, "name": name},
        "record": bytes(made.of.commitment).hex(),
        "until": stamp(made.answer_until),
    }
    return lifecycle.draft(made, ASK, facts, words.commitment)
