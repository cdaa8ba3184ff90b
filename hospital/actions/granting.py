"""A patient grants readers access, and withdraws it: signed on the phone, at once in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from hospital import consents, errors, keydrafts, queries, signing
from hospital.consents import GRANT, TERMS, WITHDRAW, Move, Purpose
from hospital.models import Account, Grant, Organisation
from hospital.readingkeys.models import ReadingKey, Rekeying
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement


class WrongPeriod(errors.Invalid):
    """A grant ends in the future, two years from now at the latest."""

    code = "grant.wrong_period"


class WrongFields(errors.Invalid):
    """For this purpose nobody needs all of these fields."""

    code = "grant.wrong_fields"


class UnknownReader(errors.Invalid):
    """Nobody of this account reads for this purpose at this organisation."""

    code = "grant.unknown_reader"


class TooManyGrants(errors.Conflict):
    """Withdraw one of your grants first."""

    code = "grant.too_many"


class UnknownGrant(errors.NotFound):
    """You have made no such grant."""

    code = "grant.unknown"


class WrongState(errors.Conflict):
    """This was done before: there is such a grant, or it is withdrawn."""

    code = "grant.wrong_state"


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What a patient wants to grant: to whom at the organisation ``to`` (None: all whose work it is),
    for what, which fields, until when (exclusive).
    """

    to: str
    account: UUID | None
    purpose: str
    fields: Sequence[str]
    until: datetime


@dataclass(frozen=True, slots=True)
class _Readers:
    organisation: Organisation
    account: Account | None

    @property
    def name(self) -> str:
        """How the view entries of the one reader name him; empty for all of them."""
        return self.account.actor.name if self.account else ""


def draw_grant(wish: Wish, *, by: Actor, key: str, at: datetime) -> tuple[Statement, Organisation]:
    """The statement that grants, and to whom. Raises what ``grant`` raises."""
    readers = _checked(wish, by, since=at, at=at)
    draft = _granting(uuid4(), wish, readers, by)
    return signing.draw(draft, by=by, key=key, at=at), readers.organisation


@transaction.atomic(savepoint=False)
def grant(wish: Wish, signed: str, *, by: Actor, at: datetime) -> tuple[Grant, chain.Appended]:
    """
    Grant what the patient wishes, under his or her signature.

    The patient's account is locked, so that two phones together stay below ``LIVE_MAX``.

    Raises:
        WrongPeriod, WrongFields, UnknownReader, TooManyGrants: see each.
        WrongState: there is a grant of this id.
        queries.UnknownOrganisation: it is none whose kind fits the purpose.
        keydrafts.IdentityMissing, and what ``signing.append`` raises.
    """
    Account.objects.select_for_update(no_key=True).get(id=by.account)
    grant_id, since = signing.new_subject(signed, GRANT.family, at)
    readers = _checked(wish, by, since=since, at=at)
    draft = _granting(grant_id, wish, readers, by)
    if Grant.objects.filter(id=grant_id).exists():
        raise WrongState
    entry = signing.append(draft, signed, by=by, at=at)
    try:
        made = Grant.objects.create(
            id=grant_id,
            patient_id=by.account,
            organisation=readers.organisation,
            account=readers.account,
            purpose=wish.purpose,
            fields=draft.facts["fields"],
            since=since,
            until=wish.until,
        )
    except IntegrityError as fault:  # somebody else takes this id at this moment
        raise WrongState from fault
    return made, entry


def draw_withdrawal(grant_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that withdraws. Raises what ``withdraw`` raises."""
    return signing.draw(_withdrawing(_own(grant_id, by), by), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def withdraw(
    grant_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Grant, chain.Appended]:
    """
    Withdraw a grant: from this entry on nobody looks under it.

    Where the reader had a key of its own, the patient's records get other keys soon afterwards.

    Raises:
        UnknownGrant: there is none, or it is another patient's.
        WrongState: it is withdrawn; and what ``signing.append`` raises.
    """
    found = _own(grant_id, by, lock=True)
    entry = signing.append(_withdrawing(found, by), signed, by=by, at=at)
    found.withdrawn_at = at
    found.save(update_fields=["withdrawn_at"])
    if ReadingKey.objects.filter(organisation_id=found.organisation_id).exists():
        Rekeying.objects.create(grant=found)
    return found, entry


def _checked(wish: Wish, by: Actor, *, since: datetime, at: datetime) -> _Readers:
    """To whom it goes, if it can be made ``at`` this moment, in force ``since`` what was signed."""
    _check_period(wish, since=since, at=at)
    if not set(wish.fields) <= set(TERMS[Purpose(wish.purpose)].fields):
        raise WrongFields(field="opens", most=list(TERMS[Purpose(wish.purpose)].fields))
    _check_number(by, at)
    return _readers(wish)


def _check_period(wish: Wish, *, since: datetime, at: datetime) -> None:
    """By what the row will hold: the phone's clock, which may run before ours, dates ``since``."""
    if not max(since, at) < wish.until <= since + consents.LONGEST:
        raise WrongPeriod(field="until", longest_s=int(consents.LONGEST.total_seconds()))


def _check_number(by: Actor, at: datetime) -> None:
    if queries.live_grants(by.account, at=at).count() >= consents.LIVE_MAX:
        raise TooManyGrants(most=consents.LIVE_MAX)


def _readers(wish: Wish) -> _Readers:
    terms = TERMS[Purpose(wish.purpose)]
    organisation = queries.organisation(wish.to, *terms.kinds, field="to")
    if wish.account is None:
        return _Readers(organisation, None)
    account = (
        Account.objects.with_actor()
        .filter(id=wish.account, role=terms.role, organisation=organisation, is_active=True)
        .first()
    )
    if account is None:
        raise UnknownReader(field="account")
    return _Readers(organisation, account)


def _own(grant_id: UUID, by: Actor, *, lock: bool = False) -> Grant:
    grants = Grant.objects.select_for_update() if lock else Grant.objects.all()
    found = grants.filter(id=grant_id, patient_id=by.account).first()
    if found is None:
        raise UnknownGrant
    if found.state != WITHDRAW.source:
        raise WrongState
    return found


def _granting(grant_id: UUID, wish: Wish, readers: _Readers, by: Actor) -> signing.Draft:
    facts = {
        "fields": sorted(set(wish.fields)),
        "purpose": wish.purpose,
        "reader": readers.name,
        "to": readers.organisation.slug,
        "until": stamp(wish.until),
    }
    return _draft(GRANT, Grant(id=grant_id), facts, by)


def _withdrawing(found: Grant, by: Actor) -> signing.Draft:
    return _draft(WITHDRAW, found, {}, by)


def _draft(move: Move, grant: Grant, facts: Mapping[str, Any], by: Actor) -> signing.Draft:
    line, tag = keydrafts.place_of(by)
    return signing.Draft(kind=move.kind, subject=grant.subject, patient=tag, facts=facts, line=line)
