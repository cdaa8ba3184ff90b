"""A regulator judges an emergency: whether there really was no time to ask."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import errors, signing
from hospital.actions import emergencies
from hospital.consents import PLEADED, REVIEW
from hospital.models import Emergency
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement


class NotSeconded(errors.Conflict):
    """No second doctor has signed this emergency, so it has opened nothing."""

    code = "emergency.not_seconded"


class Reviewed(errors.Conflict):
    """A regulator has judged this emergency."""

    code = "emergency.reviewed"


def draw_review(
    emergency_id: UUID, verdict: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement of a verdict. Raises what ``review`` raises."""
    found = emergencies.find(emergency_id)
    _check_reviewer(found, by)
    return signing.draw(_reviewing(found, verdict), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def review(
    emergency_id: UUID, verdict: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Emergency, chain.Appended]:
    """
    Judge an emergency, once; what was not justified opens nothing from this entry on.

    Raises:
        UnknownEmergency, NotSeconded, Reviewed, OwnEmergency: see each;
        and what ``signing.append`` raises.
    """
    found = emergencies.find(emergency_id, lock=True)
    _check_reviewer(found, by)
    entry = signing.append(_reviewing(found, verdict), signed, by=by, at=at)
    found.verdict, found.reviewed_at, found.reviewer_id = verdict, at, by.account
    found.save(update_fields=["verdict", "reviewed_at", "reviewer"])
    notices.tell(found.patient_id, Kind.EMERGENCY_JUDGED, entry.subject, entry.version, at=at)
    return found, entry


def _check_reviewer(found: Emergency, by: Actor) -> None:
    if found.state == PLEADED:
        raise NotSeconded
    if found.state != REVIEW.source:
        raise Reviewed
    if emergencies.is_the_person(by, found.doctor) or (
        found.seconder is not None and emergencies.is_the_person(by, found.seconder)
    ):
        raise emergencies.OwnEmergency


def _reviewing(found: Emergency, verdict: str) -> signing.Draft:
    committed = bytes(found.record.commitment)
    return emergencies.draft_of(
        REVIEW, found, found.patient.person, {"verdict": verdict}, committed
    )
