"""
For whom does this caller act: for himself, or as a guardian for a ward? The one place that answers.

A guardian names the guardianship in the header ``Guardianship`` of each call, and signs with the
own key. The actor of that call is the guardian, with a ``ward``; whose records it is about says
``Actor.patient``. Whatever the guardian signs names the guardianship, so that validators can judge
by it (``hospital.guardianlaw``), and the ward is told of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hospital import errors, guardianlaw
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from hospital.permissions import GuardianshipOver, NotGranted
from hospital.roles import Actor, Role
from ledger import chain, network

HEADER = "Guardianship"


class NotForWards(errors.Forbidden):
    """A guardian cannot do this for the ward."""

    code = "guardianship.not_for_wards"


class KeyNotEntered(errors.Forbidden):
    """Enter your key in the ward's line of logs first; then it signs for the ward, too."""

    code = "guardianship.key_not_entered"


def for_ward(by: Actor, named: str, *, at: datetime) -> Actor:
    """
    The same caller, acting for the ward of the guardianship called ``named``.

    Raises:
        NotForWards: the caller is no patient.
        NotGranted: it is no guardianship of the caller's, who learns nothing else.
        GuardianshipOver: it was ended, or the ward has come of age.
    """
    if by.role is not Role.PATIENT:
        raise NotForWards
    try:
        guardianship = UUID(named)
    except ValueError as fault:
        raise NotGranted from fault
    return replace(by, ward=_ward(_ONE, guardianship, by, at), guardianship=guardianship)


def hold(by: Actor, *, at: datetime) -> None:
    """
    Let a guardian go on for whom the guardianship is in force at ``at``; others pass.

    It is locked FOR SHARE in the caller's transaction: its end waits, or was first and is seen.

    Raises ``GuardianshipOver``.
    """
    if by.guardianship is not None:
        _ward(_LOCKED, by.guardianship, by, at)


def check_guards(patient: UUID, guardian: UUID, *, at: datetime) -> bool:
    """
    Whether this account guards the patient at ``at``, and is locked FOR SHARE, or never did.

    Raises ``GuardianshipOver``: it did.
    """
    row = _first(_ANY, [at, patient, guardian])
    if row and not row[0]:
        raise GuardianshipOver
    return row is not None


def named(facts: dict[str, Any], by: Actor) -> dict[str, Any]:
    """What ``by`` states, with the guardianship by which it is stated."""
    return {**facts, guardianlaw.FACT: subject(by)} if by.guardianship else facts


def subject(by: Actor) -> str:
    """What the ledger calls the guardianship by which ``by`` acts."""
    assert by.guardianship is not None
    return f"{guardianlaw.FAMILY}/{by.guardianship.hex}"


def check_signs(key: str, by: Actor, line: str) -> None:
    """As ``check_known``, of who acts for a ward; others pass."""
    if by.ward is not None:
        check_known(key, by, line)


def check_known(key: str, by: Actor, line: str) -> None:
    """
    The guardian's key is known in the ward's line of logs: it is the own one, or entered there.

    Raises ``KeyNotEntered``.
    """
    row = _first(_KNOWN, [key, line, by.account])
    if row is None or (network.line_for(row[0].int) != line and not row[1]):
        raise KeyNotEntered


def tell(by: Actor, entry: chain.Appended, *, at: datetime) -> None:
    """Tell the ward what the guardian has signed for him."""
    if by.ward is not None:
        notices.tell(by.ward, Kind.GUARDIAN_ACTED, entry.subject, entry.version, at=at)


def _ward(sql: str, guardianship: UUID, by: Actor, at: datetime) -> UUID:
    row = _first(sql, [at, guardianship, by.account])
    if row is None:
        raise NotGranted
    if not row[0]:
        raise GuardianshipOver
    ward: UUID = row[1]
    return ward


def _first(sql: str, values: list[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


# Django's ORM has no FOR SHARE
_ONE = """
    SELECT ended_at IS NULL AND until > %s, patient_id FROM guardians_guardianship
    WHERE id = %s AND guardian_id = %s
"""
_LOCKED = _ONE + " FOR SHARE"
_ANY = """
    SELECT g.ended_at IS NULL AND g.until > %s AND a.is_active AS live
    FROM guardians_guardianship g JOIN hospital_account a ON a.id = g.guardian_id
    WHERE g.patient_id = %s AND g.guardian_id = %s
    ORDER BY live DESC, g.until DESC, g.id LIMIT 1 FOR SHARE OF g
"""
_KNOWN = """
    SELECT p.handle, EXISTS (
        SELECT FROM guardians_guestkey g JOIN hospital_key k ON k.id = g.key_id
        WHERE k.name = %s AND g.line = %s AND g.revoked_at IS NULL
    )
    FROM hospital_account a JOIN hospital_person p ON p.id = a.person_id WHERE a.id = %s
"""
