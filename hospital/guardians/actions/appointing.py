"""
An adult appoints the own guardian, and ends it: signed on the phone, at once in force. A guardian
resigns in the same way, from any guardianship.

Source: Civil Code (民法典), art. 33: an adult appoints a guardian by agreement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Q

from hospital import acting, consents, errors, guardianlaw, queries, signing
from hospital.guardians import drafts, rules
from hospital.guardians.models import Guardianship
from hospital.models import Account
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind as Notice
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement

Kind = Guardianship.Kind


class UnknownGuardian(errors.Invalid):
    """No patient of this account has this identity number."""

    code = "guardianship.unknown_guardian"


class WardIsChild(errors.Forbidden):
    """Who is younger than 18 appoints nobody; a child's guardian is registered."""

    code = "guardianship.ward_is_a_child"


class WrongPeriod(errors.Invalid):
    """An appointment ends in the future, two years from now at the latest."""

    code = "guardianship.wrong_period"


class NotAppointed(errors.Forbidden):
    """A registered guardianship is ended by the registrar, or by the 18th birthday."""

    code = "guardianship.not_appointed"


@dataclass(frozen=True, slots=True)
class Wish:
    """
    Whom an adult appoints, until when (exclusive).

    The guardian tells the account's id, which nobody guesses, and the identity number must be
    that account's: so the ward knows whom he names, and nobody finds out who is a patient here.
    """

    guardian: UUID
    id_number: str
    until: datetime


def draw_appointment(wish: Wish, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that appoints. Raises what ``appoint`` raises."""
    made = _appointing(uuid4(), wish, rules.patient(by.account), drawn_at=at, at=at)
    return signing.draw(drafts.beginning(guardianlaw.APPOINT, made), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def appoint(
    wish: Wish, signed: str, *, by: Actor, at: datetime
) -> tuple[Guardianship, chain.Appended]:
    """
    Appoint the ward's guardian, under the ward's own signature.

    The ward's account is locked, so that two phones together appoint nobody twice.

    Raises:
        WrongPeriod, WardIsChild, UnknownGuardian: see each.
        identity.BadIdNumber, keydrafts.IdentityMissing, and what ``rules.check`` and
        ``signing.append`` raise.
    """
    ward = rules.locked(by.account)
    made_id, drawn_at = signing.new_subject(signed, guardianlaw.FAMILY, at)
    made = _appointing(made_id, wish, ward, drawn_at=drawn_at, at=at)
    if Guardianship.objects.filter(id=made_id).exists():
        raise rules.GuardianshipExists
    entry = signing.append(drafts.beginning(guardianlaw.APPOINT, made), signed, by=by, at=at)
    made.since = entry.at
    try:
        made.save(force_insert=True)
    except IntegrityError as fault:  # somebody else takes this id at this moment
        raise rules.GuardianshipExists from fault
    return made, entry


def draw_end(guardianship_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that ends an appointment, or resigns. Raises what ``end`` raises."""
    _, draft = _ending(guardianship_id, key, by)
    return signing.draw(draft, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def end(
    guardianship_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Guardianship, chain.Appended]:
    """
    End what the ward has appointed, or resign as the guardian, of which the ward is told: from
    this entry on the guardian sees and does nothing more.

    Raises:
        drafts.UnknownGuardianship: there is none, or it is others'.
        NotAppointed, drafts.WrongState, acting.KeyNotEntered: see each; and what
            ``signing.append`` raises.
    """
    found, draft = _ending(guardianship_id, signing.read(signed)[1].by, by, lock=True)
    entry = signing.append(draft, signed, by=by, at=at)
    if found.guardian_id == by.account:
        notices.tell(found.patient_id, Notice.GUARDIAN_LEFT, entry.subject, entry.version, at=at)
    return drafts.ended(found, at), entry


def _appointing(
    made_id: UUID, wish: Wish, ward: Account, *, drawn_at: datetime, at: datetime
) -> Guardianship:
    if not max(at, drawn_at) < wish.until <= drawn_at + consents.LONGEST:
        raise WrongPeriod(field="until", longest_s=int(consents.LONGEST.total_seconds()))
    if not rules.is_adult(ward, at):
        raise WardIsChild
    named = queries.of_id_number(wish.id_number)
    guardian = Account.objects.select_related("person").filter(named, id=wish.guardian).first()
    if guardian is None:
        raise UnknownGuardian(field="guardian")
    rules.check(ward, guardian, at)
    return Guardianship(
        id=made_id,
        patient=ward,
        guardian=guardian,
        kind=Kind.APPOINTED,
        since=drawn_at,
        until=wish.until,
    )


def _ending(
    guardianship_id: UUID, key: str, by: Actor, *, lock: bool = False
) -> tuple[Guardianship, signing.Draft]:
    rows = Guardianship.objects.filter(Q(patient_id=by.account) | Q(guardian_id=by.account))
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = drafts.found(rows, id=guardianship_id)
    draft = drafts.ending(found)
    if found.guardian_id == by.account:
        acting.check_known(key, by, draft.line)
    elif found.kind != Guardianship.Kind.APPOINTED:
        raise NotAppointed
    return found, draft
