"""
How a consultation ends: closed, referred, left, run out; or before it began, declined, taken back,
lapsed.

What ends a conversation states how many messages there were and their digest, so that from then on
nobody can alter, add or drop one (``queries.Transcript``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q

from hospital import errors, signing
from hospital.consultations import lifecycle, permissions, practice, queries
from hospital.consultations.lifecycle import Move
from hospital.consultations.models import Consultation, State
from hospital.roles import Actor, Role
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement

BATCH = 200
Choose = Callable[[Consultation], Move]
OF_A_CONVERSATION = (lifecycle.CLOSE, lifecycle.REFER, lifecycle.LEAVE, lifecycle.RUN_OUT)


class DeclineReason(models.TextChoices):
    """Why a doctor does not see this patient online, or no longer."""

    FIRST_VISIT = "first_visit"
    NEEDS_EXAMINATION = "needs_examination"
    CONDITION_CHANGED = "condition_changed"
    WRONG_DEPARTMENT = "wrong_department"
    OTHER = "other"


class NewMessages(errors.Conflict):
    """Something was written since the statement was drawn; read it and draw again."""

    code = "consultation.new_messages"


class Unanswered(errors.Conflict):
    """The doctor has not written a word yet."""

    code = "consultation.unanswered"


def draw_close(consultation_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    return _draw(consultation_id, _closing, {}, by=by, key=key, at=at)


def close(
    consultation_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Consultation, chain.Appended]:
    """
    The doctor has answered. Raises ``NewMessages``, ``Unanswered``, ``practice.NotRealName`` and
    what ``lifecycle.advance`` raises.
    """
    return _end(consultation_id, _closing, {}, signed, by=by, at=at)


def draw_decline(
    consultation_id: UUID, reason: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    return _draw(consultation_id, _declining, {"reason": reason}, by=by, key=key, at=at)


def decline(
    consultation_id: UUID, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Consultation, chain.Appended]:
    """
    Not fit for online, from the beginning or since the condition changed: to be seen in person.

    Raises: as ``close``; before it is accepted ``permissions.WrongDepartment`` too.

    Source: Measures for Internet Diagnosis and Treatment, art. 16 (unconfirmed).
    """
    return _end(consultation_id, _declining, {"reason": reason}, signed, by=by, at=at)


def draw_withdraw(consultation_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    return _draw(consultation_id, _withdrawing, {}, by=by, key=key, at=at)


def withdraw(
    consultation_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Consultation, chain.Appended]:
    """The patient takes the question back, or leaves. Raises: as ``close``."""
    return _end(consultation_id, _withdrawing, {}, signed, by=by, at=at)


def lapse_due(*, at: datetime) -> int:
    """
    End what nobody accepted or closed in time, each in its own transaction; how many.

    A row that somebody holds is left for the next tick.
    """
    due = Q(state=State.ASKED, accept_until__lte=at) | Q(state=State.OPEN, close_until__lte=at)
    found = Consultation.objects.filter(due).values_list("id", flat=True)
    return sum(_lapse(consultation_id, at) for consultation_id in found[:BATCH])


def propose(
    consultation: Consultation,
    move: Move,
    *,
    by: Actor,
    key: str,
    at: datetime,
    facts: Mapping[str, Any],
) -> Statement:
    """The statement to sign for this move; ``lifecycle.check``, ``signing.draw`` may refuse."""
    lifecycle.check(consultation, move, by=by, at=at)
    return signing.draw(lifecycle.draft(consultation, move, facts), by=by, key=key, at=at)


def _closing(consultation: Consultation) -> Move:
    return lifecycle.CLOSE


def _declining(consultation: Consultation) -> Move:
    return lifecycle.REFER if consultation.state == State.OPEN else lifecycle.DECLINE


def _withdrawing(consultation: Consultation) -> Move:
    return lifecycle.LEAVE if consultation.state == State.OPEN else lifecycle.RETRACT


def _draw(
    consultation_id: UUID,
    choose: Choose,
    facts: Mapping[str, Any],
    *,
    by: Actor,
    key: str,
    at: datetime,
) -> Statement:
    consultation = lifecycle.find(consultation_id)
    move = choose(consultation)
    _check(consultation, move, by=by, at=at)
    said = {**facts, **_transcript(consultation, move)}
    return propose(consultation, move, by=by, key=key, at=at, facts=said)


@transaction.atomic(savepoint=False)
def _end(
    consultation_id: UUID,
    choose: Choose,
    facts: Mapping[str, Any],
    signed: str,
    *,
    by: Actor,
    at: datetime,
) -> tuple[Consultation, chain.Appended]:
    consultation = lifecycle.lock(consultation_id)
    move = choose(consultation)
    _check(consultation, move, by=by, at=at)
    said = _transcript(consultation, move)
    if said and signing.read(signed)[1].facts.get("messages") != said["messages"]:
        raise NewMessages(messages=said["messages"])
    entry = lifecycle.advance(
        consultation, move, by=by, at=at, signed=signed, facts={**facts, **said}
    )
    return consultation, entry


def _check(consultation: Consultation, move: Move, *, by: Actor, at: datetime) -> None:
    lifecycle.check(consultation, move, by=by, at=at)
    if by.role is Role.DOCTOR:
        doctor = practice.doctor(by)
        practice.check_real_name(doctor, by, at)
        if move is lifecycle.DECLINE:
            permissions.check_department(consultation, doctor.department_id)
    if move is lifecycle.CLOSE and not consultation.messages.filter(author_id=by.account).exists():
        raise Unanswered


def _transcript(consultation: Consultation, move: Move) -> dict[str, Any]:
    if move not in OF_A_CONVERSATION:
        return {}
    said = queries.transcript(consultation)
    return {"messages": said.messages, "transcript": said.digest}


@transaction.atomic
def _lapse(consultation_id: UUID, at: datetime) -> bool:
    free = Consultation.objects.select_for_update(skip_locked=True).filter(id=consultation_id)
    if not free.exists():
        return False
    consultation = lifecycle.lock(consultation_id)
    move = lifecycle.RUN_OUT if consultation.state == State.OPEN else lifecycle.LAPSE
    until = lifecycle.ends(consultation)[move.until]
    if consultation.state != move.source or at < until:
        return False
    facts = {"until": stamp(until), **_transcript(consultation, move)}
    lifecycle.advance_by_clock(consultation, move, at=at, facts=facts)
    return True
