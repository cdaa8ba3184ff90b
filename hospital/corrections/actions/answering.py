"""
What doctors of the hospital and regulators do: accept, refuse, decide about a refusal.

Source: Personal Information Protection Law, art. 46: who processes data checks what is said to be
wrong, and corrects it in time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from hospital import errors, records, signing
from hospital.corrections import lifecycle
from hospital.corrections.content import Words
from hospital.corrections.lifecycle import ACCEPT, REFUSE, TURN, UPHOLD, Move
from hospital.corrections.models import Correction
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement

Check = Callable[[Correction], None]
"""Refuses to amend what is still to be changed instead: the layer that owns the record says."""


class Decision(models.TextChoices):
    """What becomes of a refusal; the regulator's word is the last."""

    UPHOLD = "uphold"
    TURN = "turn"


class NoWords(errors.Invalid):
    """Say why it stays as it is."""

    code = "correction.no_words"


def draw_accept(
    correction_id: UUID, words: Words, may_amend: Check, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement of the amendment. Raises what ``accept`` raises."""
    found = lifecycle.find(correction_id)
    facts = _accept_facts(found, words, may_amend, by, at)
    draft = lifecycle.draft(found, ACCEPT, facts, words.commitment)
    return signing.draw(draft, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def accept(
    correction_id: UUID,
    words: Words,
    may_amend: Check,
    signed: str,
    *,
    by: Actor,
    at: datetime,
) -> tuple[Correction, chain.Appended]:
    """
    Amend the record: it stays as it is, and the amendment stands beside it from now on.

    Raises:
        content.BadFields, records.BadSalt, records.RecordErased: see each.
        What ``may_amend`` and ``lifecycle.advance`` raise.
    """
    found = lifecycle.find(correction_id, lock=True)
    facts = _accept_facts(found, words, may_amend, by, at)
    entry = lifecycle.advance(
        found, ACCEPT, by=by, at=at, signed=signed, facts=facts, commitment=words.commitment
    )
    _answered(found, words, by, entry)
    found.save(update_fields=["state", "answer", "answerer", "answered_at"])
    notices.tell(found.patient_id, Kind.CORRECTION_ACCEPTED, entry.subject, entry.version, at=at)
    return found, entry


def draw_refuse(
    correction_id: UUID, reason: str, words: Words, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement of the refusal. Raises what ``refuse`` raises."""
    found = lifecycle.find(correction_id)
    facts = _refuse_facts(found, reason, words, by, drawn_at=at, at=at)
    draft = lifecycle.draft(found, REFUSE, facts, words.commitment)
    return signing.draw(draft, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def refuse(
    correction_id: UUID, reason: str, words: Words, signed: str, *, by: Actor, at: datetime
) -> tuple[Correction, chain.Appended]:
    """
    Leave the record as it is, for a ``Reason`` and in words; the patient may appeal.

    Raises:
        NoWords, records.BadSalt: see each; and what ``lifecycle.advance`` raises.
    """
    found = lifecycle.find(correction_id, lock=True)
    _, claimed = signing.read(signed)
    signing.check_fresh(claimed, at)
    facts = _refuse_facts(found, reason, words, by, drawn_at=claimed.at, at=at)
    entry = lifecycle.advance(
        found, REFUSE, by=by, at=at, signed=signed, facts=facts, commitment=words.commitment
    )
    _answered(found, words, by, entry)
    found.reason, found.appeal_until = reason, claimed.at + lifecycle.APPEALING
    changed = ["state", "answer", "answerer", "answered_at", "reason", "appeal_until"]
    found.save(update_fields=changed)
    notices.tell(found.patient_id, Kind.CORRECTION_REFUSED, entry.subject, entry.version, at=at)
    return found, entry


def draw_decide(
    correction_id: UUID, decision: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement of the decision. Raises what ``decide`` raises."""
    found = lifecycle.find(correction_id)
    move = _move(decision)
    lifecycle.check(found, move, by=by, at=at)
    draft = lifecycle.draft(found, move, {}, _attached(found, move))
    return signing.draw(draft, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def decide(
    correction_id: UUID, decision: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Correction, chain.Appended]:
    """
    Let the refusal stand, and the patient's statement of disagreement beside the record; or turn
    it, and what the patient had asked for stands there.

    Raises what ``lifecycle.advance`` raises.
    """
    found = lifecycle.find(correction_id, lock=True)
    move = _move(decision)
    lifecycle.check(found, move, by=by, at=at)
    entry = lifecycle.advance(
        found, move, by=by, at=at, signed=signed, facts={}, commitment=_attached(found, move)
    )
    found.decider_id, found.decided_at = by.account, entry.at
    found.save(update_fields=["state", "decider", "decided_at"])
    notices.tell(found.patient_id, Kind.CORRECTION_DECIDED, entry.subject, entry.version, at=at)
    return found, entry


def _accept_facts(
    found: Correction, words: Words, may_amend: Check, by: Actor, at: datetime
) -> dict[str, Any]:
    lifecycle.check(found, ACCEPT, by=by, at=at)
    may_amend(found)
    words.check()
    if records.was_erased(found.of):
        raise records.RecordErased
    return {"record": bytes(found.of.commitment).hex()}


def _refuse_facts(
    found: Correction, reason: str, words: Words, by: Actor, *, drawn_at: datetime, at: datetime
) -> dict[str, Any]:
    lifecycle.check(found, REFUSE, by=by, at=at)
    if not words.why:
        raise NoWords(field="why")
    return {"reason": reason, "until": stamp(drawn_at + lifecycle.APPEALING)}


def _answered(found: Correction, words: Words, by: Actor, entry: chain.Appended) -> None:
    found.answer, found.answerer_id, found.answered_at = words.seal(), by.account, entry.at


def _move(decision: str) -> Move:
    return TURN if decision == Decision.TURN else UPHOLD


def _attached(found: Correction, move: Move) -> bytes:
    """The commitment to what stands beside the record after the decision."""
    record = found.request if move is TURN else found.appeal
    assert record is not None, "what is decided was appealed"
    return bytes(record.commitment)
