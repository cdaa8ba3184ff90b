"""
Messages of an open consultation: words and pictures, numbered, sealed one by one.

None is signed by itself: what ends the conversation is, and commits to all of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import acting, errors, records
from hospital.consultations import content, lifecycle, permissions
from hospital.consultations.models import Consultation, Message
from hospital.consultations.pictures import Picture
from hospital.roles import Actor
from hospital.units import stamp

MESSAGES_MAX, PICTURES_MAX = 200, 20


class Full(errors.Conflict):
    """No more messages, or no more pictures, in this consultation."""

    code = "consultation.full"


@transaction.atomic(savepoint=False)
def say(consultation_id: UUID, text: str, *, by: Actor, at: datetime) -> Message:
    """
    Write words, as the patient or the doctor of an open consultation.

    Raises:
        Full: 200 messages there are.
        permissions.check_party's, lifecycle.check_open's: not by you, or not now.
    """
    consultation = _open(consultation_id, by=by, at=at)
    fields = content.words(text, author=by.role.value, at=stamp(at))
    return _add(consultation, Message.Kind.TEXT, fields, by=by, at=at)


@transaction.atomic(savepoint=False)
def show(consultation_id: UUID, picture: Picture, *, by: Actor, at: datetime) -> Message:
    """Show a picture. Raises: as ``say``; ``Full`` too when there are 20 pictures."""
    consultation = _open(consultation_id, by=by, at=at)
    if consultation.messages.filter(kind=Message.Kind.PICTURE).count() >= PICTURES_MAX:
        raise Full(most=PICTURES_MAX)
    fields = content.image(picture, author=by.role.value, at=stamp(at))
    return _add(consultation, Message.Kind.PICTURE, fields, by=by, at=at)


def _open(consultation_id: UUID, *, by: Actor, at: datetime) -> Consultation:
    consultation = lifecycle.lock(consultation_id)
    permissions.check_party(consultation, by)
    acting.hold(by, at=at)
    lifecycle.check_open(consultation, at=at)
    if consultation.messages_count >= MESSAGES_MAX:
        raise Full(most=MESSAGES_MAX)
    return consultation


def _add(
    consultation: Consultation, kind: str, fields: dict[str, Any], *, by: Actor, at: datetime
) -> Message:
    consultation.messages_count += 1
    consultation.save(update_fields=["messages_count"])
    return Message.objects.create(
        consultation=consultation,
        number=consultation.messages_count,
        author_id=by.account,
        kind=kind,
        record=records.seal(fields),
        created_at=at,
    )
