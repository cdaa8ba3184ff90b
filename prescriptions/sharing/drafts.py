"""What is stated about offers, in the first line of logs, and opt-ins, in the patient's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hospital import keydrafts, sharing, signing
from hospital.consents import Move
from hospital.roles import Actor
from hospital.units import stamp
from prescriptions.sharing.models import Offer, OptIn


def publishing(offer: Offer) -> signing.Draft:
    """How an offer begins: with all its terms."""
    facts = {
        "aim": offer.aim,
        "budget_fen": offer.budget_fen,
        "epsilon_milli": offer.epsilon_milli,
        "ethics": offer.ethics,
        "fields": offer.fields,
        "group_size": offer.group_size,
        "mode": offer.mode,
        "reward_fen": offer.reward_fen,
        "since": stamp(offer.since),
        "until": stamp(offer.until),
    }
    return _of_offer(sharing.PUBLISH, offer, facts)


def moving(move: Move, offer: Offer) -> signing.Draft:
    """How an offer is approved, refused or closed."""
    return _of_offer(move, offer, {})


def opting_in(opt_in: OptIn, by: Actor) -> signing.Draft:
    """How a patient opts in: the offer's terms once more, and which approval they rest on."""
    offer = opt_in.offer
    facts = {
        "approval": bytes(offer.approval or b"").hex(),
        "fields": offer.fields,
        "mode": offer.mode,
        "offer": offer.subject,
        "reward_fen": offer.reward_fen,
        "to": offer.organisation.slug,
        "until": stamp(offer.until),
    }
    return _of_opt_in(sharing.OPT_IN, opt_in, facts, by)


def withdrawing(opt_in: OptIn, by: Actor) -> signing.Draft:
    """How a patient opts out."""
    return _of_opt_in(sharing.WITHDRAW, opt_in, {}, by)


def _of_offer(move: Move, offer: Offer, facts: Mapping[str, Any]) -> signing.Draft:
    return signing.Draft(kind=move.kind, subject=offer.subject, patient="", facts=facts)


def _of_opt_in(move: Move, opt_in: OptIn, facts: Mapping[str, Any], by: Actor) -> signing.Draft:
    line, tag = keydrafts.place_of(by)
    return signing.Draft(
        kind=move.kind, subject=opt_in.subject, patient=tag, facts=facts, line=line
    )
