"""
Break-glass: a doctor opens a patient's records because there is no time to ask.

The doctor pleads, and another doctor of the hospital signs too; from then until half an hour after
the plea the first one sees them. Both sign, so that nobody else can be said to have done it; the
patient finds the entries in the own list at once; a regulator reads why and judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from hospital import access, consents, errors, queries, records, signing
from hospital.consents import (
    BREAK_GLASS,
    OPENED_BY_EMERGENCY,
    PLEAD,
    Move,
)
from hospital.models import Account, Emergency, Person
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain, commitments
from ledger.entry import Statement

REASON = "reason"


class NoReason(errors.Forbidden):
    """Say why there is no time to ask the patient; nothing opens without a reason."""

    code = "emergency.no_reason"


class UnknownEmergency(errors.NotFound):
    """There is no such emergency."""

    code = "emergency.unknown"


class EmergencyExists(errors.Conflict):
    """There is an emergency of this id; draw the statement again."""

    code = "emergency.exists"


class OwnEmergency(errors.Forbidden):
    """Nobody signs second, or judges, an emergency that he or she has signed."""

    code = "emergency.own"


class Seconded(errors.Conflict):
    """A second doctor has signed this emergency."""

    code = "emergency.seconded"


class Closed(errors.Gone):
    """The half hour since the plea is over; plead again."""

    code = "emergency.closed"


@dataclass(frozen=True, slots=True)
class Plea:
    """
    Whose records (identity number) a doctor has to see at once, and why.

    ``salt`` is base64 of 16 bytes: with it the doctor signs a commitment to the reason, which stays
    sealed, so that nobody can put another reason there afterwards.
    """

    patient: str
    reason: str
    salt: str


def draw(plea: Plea, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement of the plea. Raises what ``plead`` raises."""
    patient = _patient(plea)
    draft = _pleading(uuid4(), plea, patient, until=at + consents.WINDOW)
    return signing.draw(draft, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def plead(plea: Plea, signed: str, *, by: Actor, at: datetime) -> tuple[Emergency, chain.Appended]:
    """
    Say that this patient's records are needed at once; a second doctor's signature opens them.

    They close ``WINDOW`` after the statement was drawn, whenever the second one signs.

    Raises:
        NoReason, records.BadSalt, EmergencyExists: see each.
        identity.BadIdNumber, queries.UnknownPatient: the patient cannot be found.
        and what ``signing.append`` raises.
    """
    emergency_id, drawn_at = signing.new_subject(signed, PLEAD.family, at)
    patient, until = _patient(plea), drawn_at + consents.WINDOW
    if Emergency.objects.filter(id=emergency_id).exists():
        raise EmergencyExists
    draft = _pleading(emergency_id, plea, patient, until=until)
    entry = signing.append(draft, signed, by=by, at=at)
    try:
        made = Emergency.objects.create(
            id=emergency_id,
            patient=patient,
            doctor_id=by.account,
            record=records.seal({REASON: plea.reason}, {REASON: records.given_salt(plea.salt)}),
            pleaded_at=entry.at,
            until=until,
        )
    except IntegrityError as fault:  # somebody else takes this id at this moment
        raise EmergencyExists from fault
    return made, entry


def draw_second(emergency_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that breaks the glass. Raises what ``second`` raises."""
    found = find(emergency_id)
    _check_seconder(found, by, at)
    return signing.draw(_breaking(found), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def second(
    emergency_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Emergency, chain.Appended]:
    """
    Break the glass: another doctor of the hospital says so too, and the records open to the first.

    Raises:
        UnknownEmergency: none of a colleague's at the own hospital.
        OwnEmergency, Seconded, Closed: see each; and what ``signing.append`` raises.
    """
    found = find(emergency_id, lock=True)
    _check_seconder(found, by, at)
    entry = signing.append(_breaking(found), signed, by=by, at=at)
    found.seconder_id, found.opened_at = by.account, entry.at
    found.save(update_fields=["seconder", "opened_at"])
    notices.tell(found.patient_id, Kind.EMERGENCY_OPENED, entry.subject, entry.version, at=at)
    return found, entry


def view(emergency_id: UUID, *, by: Actor, at: datetime) -> tuple[Emergency, str]:
    """
    An emergency that was opened and its reason, for the regulator; the look is recorded first.

    Raises ``UnknownEmergency``, ``records.RecordErased``.
    """
    return _view(emergency_id, by, at, purpose="oversight", basis="regulator")


def view_plea(emergency_id: UUID, *, by: Actor, at: datetime) -> tuple[Emergency, str]:
    """
    The emergency and its reason, for who may sign second; the look is recorded first.

    Raises what ``second`` raises, and ``records.RecordErased``.
    """
    return _view(emergency_id, by, at, purpose="second", basis="second_signer")


def _view(
    emergency_id: UUID, by: Actor, at: datetime, *, purpose: str, basis: str
) -> tuple[Emergency, str]:
    with transaction.atomic():
        found = find(emergency_id)
        if by.role is PLEAD.by:
            _check_seconder(found, by, at)
        elif found.state == BREAK_GLASS.source:
            raise UnknownEmergency
        looked = access.view(
            by=by,
            at=at,
            purpose=purpose,
            basis=basis,
            of=[found.record],
            about=found.subject,
            fields=(REASON,),
            patient=found.patient.person,
        )
    return found, str(access.opened(found.record, looked)[REASON])


def find(emergency_id: UUID, *, lock: bool = False) -> Emergency:
    """With all that is asked of it, its row locked if wished. Raises ``UnknownEmergency``."""
    rows = Emergency.objects.select_related(
        "patient__person", "doctor__organisation", "seconder", "record"
    )
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(id=emergency_id).first()
    if found is None:
        raise UnknownEmergency
    return found


def _check_seconder(found: Emergency, by: Actor, at: datetime) -> None:
    """Who is not of the hospital learns no more of it than that there may be none."""
    if found.doctor.organisation_id != by.organisation_id:
        raise UnknownEmergency
    if by.account == found.doctor_id or is_the_person(by, found.doctor):
        raise OwnEmergency
    if found.state != BREAK_GLASS.source:
        raise Seconded
    if at >= found.until:
        raise Closed


def is_the_person(by: Actor, other: Account) -> bool:
    """Whether the two are one person, whatever their accounts."""
    return by.person is not None and by.person == other.person_id


def _patient(plea: Plea) -> Account:
    if not plea.reason.strip():
        raise NoReason
    return queries.patient_by_id_number(plea.patient)


def _pleading(
    emergency_id: UUID, plea: Plea, patient: Account, *, until: datetime
) -> signing.Draft:
    committed = commitments.commit(
        [commitments.digest(records.given_salt(plea.salt), REASON, plea.reason)]
    )
    facts = {"fields": list(OPENED_BY_EMERGENCY), "until": stamp(until)}
    return draft_of(PLEAD, Emergency(id=emergency_id), patient.person, facts, committed)


def _breaking(found: Emergency) -> signing.Draft:
    return draft_of(BREAK_GLASS, found, found.patient.person, {}, bytes(found.record.commitment))


def draft_of(
    move: Move,
    emergency: Emergency,
    person: Person | None,
    facts: dict[str, Any],
    committed: bytes,
) -> signing.Draft:
    """The draft of a move of an emergency of the patient ``person``."""
    assert person is not None, "a patient is found by an identity"
    return signing.Draft(
        kind=move.kind,
        subject=emergency.subject,
        patient=access.patient_tag(person),
        facts=facts,
        commitment=committed,
        line=access.line_of(person),
    )
