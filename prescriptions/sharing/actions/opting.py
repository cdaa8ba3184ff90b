"""A patient opts in to an offer, and out again: signed on the phone, at once in force."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from hospital import errors, sharing, signing
from hospital.guardians import rules
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from prescriptions.sharing import drafts, queries
from prescriptions.sharing.models import Offer, OptIn

PSEUDONYM_BYTES = 8


class OfferOver(errors.Gone):
    """The offer is not open (any more)."""

    code = "offer.over"


class Child(errors.Forbidden):
    """Who is younger than 18 shares no data; nobody does it for a child either."""

    code = "optin.child"


class OptedIn(errors.Conflict):
    """You have opted in to this offer."""

    code = "optin.exists"


class UnknownOptIn(errors.NotFound):
    """You have given no such opt-in."""

    code = "optin.unknown"


class Withdrawn(errors.Conflict):
    """You have withdrawn this opt-in."""

    code = "optin.withdrawn"


def draw_opt_in(offer_id: UUID, *, by: Actor, key: str, at: datetime) -> tuple[Statement, Offer]:
    """The statement that opts in, and to what. Raises what ``opt_in`` raises."""
    made = _opting(uuid4(), offer_id, by, at)
    return signing.draw(drafts.opting_in(made, by), by=by, key=key, at=at), made.offer


@transaction.atomic(savepoint=False)
def opt_in(offer_id: UUID, signed: str, *, by: Actor, at: datetime) -> tuple[OptIn, chain.Appended]:
    """
    Share under exactly the offer's terms, until it ends or the patient withdraws.

    The patient's account is locked, so that two phones together opt in once.

    Raises:
        queries.UnknownOffer, OfferOver, Child, OptedIn: see each.
        keydrafts.IdentityMissing, and what ``signing.append`` raises.
    """
    rules.locked(by.account)
    made_id, _ = signing.new_subject(signed, sharing.OPT_IN.family, at)
    made = _opting(made_id, offer_id, by, at)
    entry = signing.append(drafts.opting_in(made, by), signed, by=by, at=at)
    made.created_at = entry.at
    try:
        made.save(force_insert=True)
    except IntegrityError as fault:  # somebody else takes this id at this moment
        raise OptedIn from fault
    return made, entry


def draw_withdrawal(opt_in_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that opts out. Raises what ``withdraw`` raises."""
    return signing.draw(drafts.withdrawing(_own(opt_in_id, by), by), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def withdraw(
    opt_in_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[OptIn, chain.Appended]:
    """
    Opt out: from this entry on nobody uses the data, and the pseudonym stands for nobody.

    Raises:
        UnknownOptIn: there is none, or it is another patient's.
        Withdrawn: it is withdrawn; and what ``signing.append`` raises.
    """
    found = _own(opt_in_id, by, lock=True)
    entry = signing.append(drafts.withdrawing(found, by), signed, by=by, at=at)
    found.withdrawn_at, found.pseudonym = at, ""
    found.save(update_fields=["withdrawn_at", "pseudonym"])
    return found, entry


def _opting(made_id: UUID, offer_id: UUID, by: Actor, at: datetime) -> OptIn:
    offer = queries.offer(offer_id)
    if offer.state not in (sharing.APPROVED, sharing.CLOSED):
        raise queries.UnknownOffer
    if not queries.open_offers(at=at).filter(id=offer_id).exists():
        raise OfferOver
    if not rules.is_adult(rules.patient(by.account), at):
        raise Child
    if OptIn.objects.filter(offer=offer, patient_id=by.account, withdrawn_at=None).exists():
        raise OptedIn
    return OptIn(
        id=made_id,
        offer=offer,
        patient_id=by.account,
        pseudonym=secrets.token_hex(PSEUDONYM_BYTES),
        created_at=at,
        until=offer.until,
    )


def _own(opt_in_id: UUID, by: Actor, *, lock: bool = False) -> OptIn:
    rows = OptIn.objects.select_related("offer")
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(id=opt_in_id, patient_id=by.account).first()
    if found is None:
        raise UnknownOptIn
    if found.state != sharing.WITHDRAW.source:
        raise Withdrawn
    return found
