"""
May this reader see this patient's records, and on which basis? The one place that answers, for all
who are no party to a record: whoever ``consents.TERMS`` names, and guardians.

What a party to a record sees of it (its patient, its prescriber, …) the app of the record says.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hospital import errors, guardianlaw
from hospital.consents import EMERGENCY, OPENED_BY_EMERGENCY, TERMS, Purpose, Verdict
from hospital.models import Account, Emergency, Grant
from hospital.roles import Actor, Role


class GuardianshipOver(errors.Forbidden):
    """You were this patient's guardian; that is over."""

    code = "guardianship.over"


class NotGranted(errors.Forbidden):
    """Neither a grant of the patient's nor an emergency opens this to you."""

    code = "access.not_granted"


@dataclass(frozen=True, slots=True)
class Basis:
    """Why a reader may look: the subject that says so, the purpose, the fields that it opens."""

    subject: str
    purpose: str
    fields: tuple[str, ...]


def basis_to_read(patient: UUID, purpose: Purpose, *, by: Actor, at: datetime) -> Basis:
    """
    The grant, or else the emergency, under which ``by`` may read this patient's records now.

    Of several grants the one that opens most. It is locked FOR SHARE in the caller's transaction,
    in which the view is entered: a withdrawal waits for the entry, or was first and is seen; so no
    view is ever entered after the withdrawal of what it rests on. ``until`` is exclusive.

    A patient reads as the other's guardian, under the guardianship that lasts longest.

    Raises:
        GuardianshipOver: ``by`` was the guardian: the 18th birthday, ``until`` or the end has come.
        NotGranted: nothing opens the records, and the caller learns nothing else.
    """
    if by.role is TERMS[purpose].role:
        granted = (patient, by.organisation_id, by.account, purpose.value, at)
        if row := _first(_GRANT, granted):
            return Basis(Grant(id=row[0]).subject, purpose.value, tuple(json.loads(row[1])))
    if by.role is Role.DOCTOR and purpose is Purpose.TREATMENT:
        opened = (patient, by.account, at, Verdict.UNJUSTIFIED.value)
        if row := _first(_EMERGENCY, opened):
            return Basis(Emergency(id=row[0]).subject, EMERGENCY, OPENED_BY_EMERGENCY)
    if by.role is Role.PATIENT and (row := _first(_GUARDIANSHIP, (at, patient, by.account))):
        if not row[1]:
            raise GuardianshipOver
        subject = f"{guardianlaw.FAMILY}/{row[0].hex}"
        return Basis(subject, guardianlaw.PURPOSE, guardianlaw.OPENED)
    raise NotGranted


def basis_of_grant(
    grant: UUID, purposes: Collection[Purpose], *, by: Actor, at: datetime
) -> tuple[Account, Basis]:
    """
    Whose records ``by`` may read now under this very grant, and that it is for one of ``purposes``.

    For readers who are not to know the patient: the grant stands for him or her. Locked as above.

    Raises:
        NotGranted: it opens nothing to ``by``, or there is none; the caller learns nothing else.
    """
    mine = [one.value for one in purposes if TERMS[one].role is by.role]
    row = _first(_THIS_GRANT, (grant, by.organisation_id, by.account, mine, at))
    if row is None:
        raise NotGranted
    purpose, fields, patient = row
    people = Account.objects.select_related("person").filter(id=patient, is_active=True)
    if (found := people.first()) is None:
        raise NotGranted
    return found, Basis(Grant(id=grant).subject, purpose, tuple(json.loads(fields)))


def _first(sql: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


# Django's ORM has no FOR SHARE
_GRANT = """
    SELECT id, fields::text FROM hospital_grant
    WHERE patient_id = %s AND organisation_id = %s AND (account_id IS NULL OR account_id = %s)
        AND purpose = %s AND until > %s AND withdrawn_at IS NULL
    ORDER BY jsonb_array_length(fields) DESC, until DESC, id LIMIT 1 FOR SHARE
"""
_THIS_GRANT = """
    SELECT purpose, fields::text, patient_id FROM hospital_grant
    WHERE id = %s AND organisation_id = %s AND (account_id IS NULL OR account_id = %s)
        AND purpose = ANY(%s) AND until > %s AND withdrawn_at IS NULL
    FOR SHARE
"""
_EMERGENCY = """
    SELECT id FROM hospital_emergency
    WHERE patient_id = %s AND doctor_id = %s AND until > %s AND verdict <> %s
        AND opened_at IS NOT NULL
    ORDER BY until DESC, id LIMIT 1 FOR SHARE
"""
_GUARDIANSHIP = """
    SELECT id, ended_at IS NULL AND until > %s AS live FROM guardians_guardianship
    WHERE patient_id = %s AND guardian_id = %s
    ORDER BY live DESC, until DESC, id LIMIT 1 FOR SHARE
"""
