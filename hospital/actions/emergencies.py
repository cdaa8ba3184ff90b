"""
Break-glass: a doctor opens a patient's records for half an hour because there is no time to ask.

The doctor signs it, so that nobody else can be said to have done it; the patient finds the entry
in the own list at once; a regulator reads why and judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from hospital import access, consents, errors, queries, records, signing
from hospital.consents import BREAK_GLASS, OPENED_BY_EMERGENCY, REVIEW, Move
from hospital.models import Account, Emergency, Person
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


class Reviewed(errors.Conflict):
    """A regulator has judged this emergency."""

    code = "emergency.reviewed"


class OwnEmergency(errors.Forbidden):
    """Nobody judges an emergency that he or she has opened."""

    code = "emergency.own"


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
    """The statement that breaks the glass. Raises what ``break_glass`` raises."""
    patient = _patient(plea)
    draft = _opening(uuid4(), plea, patient, until=at + consents.WINDOW)
    return signing.draw(draft, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def break_glass(
    plea: Plea, signed: str, *, by: Actor, at: datetime
) -> tuple[Emergency, chain.Appended]:
    """
    Open the patient's records to this doctor for ``WINDOW`` from when the statement was drawn.

    Raises:
        NoReason, records.BadSalt, EmergencyExists: see each.
        identity.BadIdNumber, queries.UnknownPatient: the patient cannot be found.
        and what ``signing.append`` raises.
    """
    emergency_id, drawn_at = signing.new_subject(signed, BREAK_GLASS.family, at)
    patient, until = _patient(plea), drawn_at + consents.WINDOW
    if Emergency.objects.filter(id=emergency_id).exists():
        raise EmergencyExists
    draft = _opening(emergency_id, plea, patient, until=until)
    entry = signing.append(draft, signed, by=by, at=at)
    try:
        made = Emergency.objects.create(
            id=emergency_id,
            patient=patient,
            doctor_id=by.account,
            record=records.seal({REASON: plea.reason}, {REASON: records.given_salt(plea.salt)}),
            opened_at=entry.at,
            until=until,
        )
    except IntegrityError as fault:  # somebody else takes this id at this moment
        raise EmergencyExists from fault
    return made, entry


def view(emergency_id: UUID, *, by: Actor, at: datetime) -> tuple[Emergency, str]:
    """
    The emergency and its reason, for the regulator; the look is recorded first.

    Raises ``UnknownEmergency``, ``records.RecordErased``.
    """
    with transaction.atomic():
        found = _find(emergency_id)
        looked = access.view(
            by=by,
            at=at,
            purpose="oversight",
            basis="regulator",
            of=[found.record],
            about=found.subject,
            fields=(REASON,),
            patient=found.patient.person,
        )
    return found, str(access.opened(found.record, looked)[REASON])


def draw_review(
    emergency_id: UUID, verdict: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement of a verdict. Raises what ``review`` raises."""
    found = _find(emergency_id)
    _check_reviewer(found, by)
    return signing.draw(_reviewing(found, verdict), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def review(
    emergency_id: UUID, verdict: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Emergency, chain.Appended]:
    """
    Judge an emergency, once; what was not justified opens nothing from this entry on.

    Raises:
        UnknownEmergency, Reviewed, OwnEmergency: see each; and what ``signing.append`` raises.
    """
    found = _find(emergency_id, lock=True)
    _check_reviewer(found, by)
    entry = signing.append(_reviewing(found, verdict), signed, by=by, at=at)
    found.verdict, found.reviewed_at, found.reviewer_id = verdict, at, by.account
    found.save(update_fields=["verdict", "reviewed_at", "reviewer"])
    return found, entry


def _find(emergency_id: UUID, *, lock: bool = False) -> Emergency:
    rows = Emergency.objects.select_related("patient__person", "doctor__organisation", "record")
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(id=emergency_id).first()
    if found is None:
        raise UnknownEmergency
    return found


def _check_reviewer(found: Emergency, by: Actor) -> None:
    if found.state != REVIEW.source:
        raise Reviewed
    if by.person is not None and by.person == found.doctor.person_id:
        raise OwnEmergency


def _patient(plea: Plea) -> Account:
    if not plea.reason.strip():
        raise NoReason
    return queries.patient_by_id_number(plea.patient)


def _opening(emergency_id: UUID, plea: Plea, patient: Account, *, until: datetime) -> signing.Draft:
    committed = commitments.commit(
        [commitments.digest(records.given_salt(plea.salt), REASON, plea.reason)]
    )
    facts = {"fields": list(OPENED_BY_EMERGENCY), "until": stamp(until)}
    return _draft(BREAK_GLASS, Emergency(id=emergency_id), patient.person, facts, committed)


def _reviewing(found: Emergency, verdict: str) -> signing.Draft:
    committed = bytes(found.record.commitment)
    return _draft(REVIEW, found, found.patient.person, {"verdict": verdict}, committed)


def _draft(
    move: Move,
    emergency: Emergency,
    person: Person | None,
    facts: dict[str, Any],
    committed: bytes,
) -> signing.Draft:
    assert person is not None, "a patient is found by an identity"
    return signing.Draft(
        kind=move.kind,
        subject=emergency.subject,
        patient=access.patient_tag(person),
        facts=facts,
        commitment=committed,
        line=access.line_of(person),
    )
