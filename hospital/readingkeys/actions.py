"""
An organisation's reading key: proposed by one of its people, put in force or lifted by another.

Who proposes a key shows that somebody there holds the private one: the draw gives a challenge in a
box, and the request brings what was in it. Nothing is stored for that: the challenge is a keyed
digest of what was drawn.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from typing import Any

from django.db import transaction

from hospital import boxes, errors, readingkeylaw, sealing, signing
from hospital.actions.emergencies import is_the_person
from hospital.models import Organisation
from hospital.readingkeylaw import LIFT, NO_KEY, PROPOSE, REGISTER, REVOKE, Move
from hospital.readingkeys.models import ReadingKey
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement


class BadKey(errors.Invalid):
    """This is not the base64 of a usable X25519 public key."""

    code = "readingkey.bad_public_key"


class NotHeld(errors.Forbidden):
    """The answer is not what the challenge holds: show that you have the private key."""

    code = "readingkey.not_held"


class NoProposal(errors.Conflict):
    """Nobody of your organisation has proposed this; another person proposes it first."""

    code = "readingkey.no_proposal"


class OwnProposal(errors.Forbidden):
    """Another person than the one who proposed it signs."""

    code = "readingkey.own_proposal"


class WrongState(errors.Conflict):
    """There is no reading key in force that could be lifted or revoked."""

    code = "readingkey.wrong_state"


def standing(by: Actor) -> ReadingKey:
    """What the caller's organisation has said of its answers; nothing is stored."""
    rows = ReadingKey.objects.select_related("proposer__organisation")
    found = rows.filter(organisation_id=by.organisation_id).first()
    return found or ReadingKey(organisation_id=by.organisation_id)


def draw_proposal(public_key: str, *, by: Actor, key: str, at: datetime) -> tuple[Statement, str]:
    """
    The statement that proposes, and the challenge: base64 of a box that the new private key opens.

    It is empty where it is proposed that there be no key. Raises what ``propose`` raises.
    """
    raw = _usable(public_key)
    _check_state(standing(by), LIFT if raw == b"" else PROPOSE)
    statement = signing.draw(_draft(PROPOSE, by, public_key), by=by, key=key, at=at)
    if raw == b"":
        return statement, ""
    try:
        box = boxes.sealed(_proof(public_key, by, statement.at).encode(), raw)
    except boxes.Unusable as fault:
        raise BadKey(field="public_key") from fault
    return statement, base64.b64encode(box).decode()


@transaction.atomic(savepoint=False)
def propose(
    public_key: str, answer: str, signed: str, *, by: Actor, at: datetime
) -> tuple[ReadingKey, chain.Appended]:
    """
    Propose a key, or with an empty one that answers be clear again; it replaces what was proposed.

    Raises:
        BadKey, NotHeld, WrongState: see each; and what ``signing.append`` raises.
    """
    raw = _usable(public_key)
    row = _locked(by)
    _check_state(row, LIFT if raw == b"" else PROPOSE)
    entry = signing.append(_draft(PROPOSE, by, public_key), signed, by=by, at=at)
    proof = _proof(public_key, by, entry.at)
    if raw and not hmac.compare_digest(answer.encode(), proof.encode()):
        raise NotHeld(field="answer")
    row.proposed, row.proposer_id = raw, by.account
    row.save()
    return row, entry


def draw(move: Move, public_key: str, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement of one of the other moves. Raises what ``make`` raises."""
    _check(standing(by), move, public_key, by)
    return signing.draw(_draft(move, by, public_key), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def make(
    move: Move, public_key: str, signed: str, *, by: Actor, at: datetime
) -> tuple[ReadingKey, chain.Appended]:
    """
    Put the proposed ``public_key`` in force, in the place of any other; lift, or revoke, what is.

    From the next request on answers are sealed to the new key, clear, or refused.

    Raises:
        NoProposal, OwnProposal, WrongState: see each; and what ``signing.append`` raises.
    """
    row = _locked(by)
    _check(row, move, public_key, by)
    entry = signing.append(_draft(move, by, public_key), signed, by=by, at=at)
    row.state, row.since = move.target, entry.at
    row.public_key = _usable(public_key)
    if move is not REVOKE:
        row.proposed = row.proposer_id = None
    row.save()
    return row, entry


def _check(row: ReadingKey, move: Move, public_key: str, by: Actor) -> None:
    _check_state(row, move)
    if move is REVOKE:
        return
    raw = _usable(public_key)
    if row.proposer is None or row.proposed is None or bytes(row.proposed) != raw:
        raise NoProposal
    if row.proposer_id == by.account or is_the_person(by, row.proposer):
        raise OwnProposal


def _check_state(row: ReadingKey, move: Move) -> None:
    if row.state not in move.sources:
        raise WrongState(state=row.state)


def _locked(by: Actor) -> ReadingKey:
    """The organisation's row, made if there is none; its lock is the organisation's."""
    Organisation.objects.select_for_update(no_key=True).get(id=by.organisation_id)
    row = standing(by)
    if row.pk is None:
        row.save(force_insert=True)
    return row


def _usable(public_key: str) -> bytes:
    """The key's bytes; none for ``NO_KEY``. Raises ``BadKey``."""
    if public_key == NO_KEY:
        return b""
    try:
        raw = base64.b64decode(public_key, validate=True)
    except ValueError as fault:
        raise BadKey(field="public_key") from fault
    if len(raw) != boxes.KEY_BYTES or base64.b64encode(raw).decode() != public_key:
        raise BadKey(field="public_key")
    return raw


def _proof(public_key: str, by: Actor, drawn_at: datetime) -> str:
    """What the challenge holds: only the server computes it, anew each time."""
    drawn = f"{by.organisation} {by.account.hex} {public_key} {stamp(drawn_at)}"
    return sealing.index(drawn, "reading_key").hex()


def _draft(move: Move, by: Actor, public_key: str) -> signing.Draft:
    with_key: dict[str, Any] = {"public_key": public_key}
    return signing.Draft(
        kind=move.kind,
        subject=f"{readingkeylaw.FAMILY}/{by.organisation}",
        patient="",
        facts=with_key if move in (PROPOSE, REGISTER) else {},
    )
