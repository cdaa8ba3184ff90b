"""A researcher offers a reward; a regulator decides about the offer; the researcher closes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from hospital import errors, sharing, signing
from hospital.consents import Move
from hospital.roles import Actor
from hospital.sharing import Aim, Mode
from ledger import chain
from ledger.entry import Statement
from prescriptions.sharing import drafts, queries
from prescriptions.sharing.models import Offer

ETHICS = re.compile("[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff()（）〔〕\\-]{3,39}")
"""Committees number as they like: 4 to 40 letters, digits, Han characters, brackets, hyphens."""


class WrongPeriod(errors.Invalid):
    """An offer ends after it begins, in the future, two years from now at the latest."""

    code = "offer.wrong_period"


class BadEthics(errors.Invalid):
    """This is not the number of an ethics committee's approval."""

    code = "offer.bad_ethics"


class WrongBudget(errors.Invalid):
    """The budget pays no group of patients, or epsilon is not what counts, or records, take."""

    code = "offer.wrong_budget"


class WrongState(errors.Conflict):
    """The offer is not in a state that allows this."""

    code = "offer.wrong_state"


class OwnOffer(errors.Forbidden):
    """Nobody decides about an offer that he or she has made."""

    code = "offer.own"


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What a researcher offers. ``group_size`` is k; ``epsilon_milli`` is the whole privacy budget of
    counts in thousandths, 0 for records; ``until`` is exclusive.
    """

    aim: Aim
    mode: Mode
    fields: Sequence[str]
    ethics: str
    reward_fen: int
    budget_fen: int
    group_size: int
    epsilon_milli: int
    since: datetime
    until: datetime


def draw_offer(terms: Terms, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that offers. Raises what ``publish`` raises."""
    made = _offer(uuid4(), terms, by, drawn_at=at, at=at)
    return signing.draw(drafts.publishing(made), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def publish(terms: Terms, signed: str, *, by: Actor, at: datetime) -> tuple[Offer, chain.Appended]:
    """
    Offer a reward for each use of some fields; a regulator has to approve it first.

    Raises:
        WrongPeriod, BadEthics, WrongBudget: see each.
        WrongState: there is an offer of this id; and what ``signing.append`` raises.
    """
    offer_id, drawn_at = signing.new_subject(signed, sharing.PUBLISH.family, at)
    made = _offer(offer_id, terms, by, drawn_at=drawn_at, at=at)
    if Offer.objects.filter(id=offer_id).exists():
        raise WrongState
    entry = signing.append(drafts.publishing(made), signed, by=by, at=at)
    made.created_at = entry.at
    try:
        made.save(force_insert=True)
    except IntegrityError as fault:  # somebody else takes this id at this moment
        raise WrongState from fault
    return queries.offer(offer_id), entry


def draw_move(offer_id: UUID, move: Move, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that approves, refuses or closes. Raises what ``advance`` raises."""
    found = _movable(queries.offer(offer_id), move, by)
    return signing.draw(drafts.moving(move, found), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def advance(
    offer_id: UUID, move: Move, signed: str, *, by: Actor, at: datetime
) -> tuple[Offer, chain.Appended]:
    """
    Approve, refuse or close an offer.

    Raises:
        queries.UnknownOffer: there is none, or it is another organisation's to close.
        OwnOffer, WrongState: see each; and what ``signing.append`` raises.
    """
    found = _movable(queries.offer(offer_id, lock=True), move, by)
    entry = signing.append(drafts.moving(move, found), signed, by=by, at=at)
    found.state = move.target
    if move is sharing.APPROVE:
        found.approval = entry.leaf
    found.save(update_fields=["state", "approval"])
    return found, entry


def _movable(found: Offer, move: Move, by: Actor) -> Offer:
    if move is sharing.CLOSE and found.organisation_id != by.organisation_id:
        raise queries.UnknownOffer
    if move is not sharing.CLOSE and by.person == found.researcher.person_id:
        raise OwnOffer
    if found.state != move.source:
        raise WrongState(state=found.state)
    return found


def _offer(offer_id: UUID, terms: Terms, by: Actor, *, drawn_at: datetime, at: datetime) -> Offer:
    if not max(at, terms.since) < terms.until <= drawn_at + sharing.LONGEST:
        raise WrongPeriod(field="until", longest_s=int(sharing.LONGEST.total_seconds()))
    if not ETHICS.fullmatch(terms.ethics):
        raise BadEthics(field="ethics")
    if terms.reward_fen * terms.group_size > terms.budget_fen:
        raise WrongBudget(field="budget_fen", least_fen=terms.reward_fen * terms.group_size)
    if (terms.epsilon_milli > 0) != (terms.mode is Mode.COUNTS):
        raise WrongBudget(field="epsilon_milli")
    return Offer(
        id=offer_id,
        organisation_id=by.organisation_id,
        researcher_id=by.account,
        aim=terms.aim.value,
        mode=terms.mode.value,
        fields=sorted(set(terms.fields)),
        ethics=terms.ethics,
        reward_fen=terms.reward_fen,
        budget_fen=terms.budget_fen,
        group_size=terms.group_size,
        epsilon_milli=terms.epsilon_milli,
        since=terms.since,
        until=terms.until,
        created_at=drawn_at,
    )
