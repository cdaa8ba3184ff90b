"""
Keys are registered and revoked by entries, so that a signature can be judged by replay.

Where there are several lines of logs, a patient's key is entered in his own, and everybody else's
in each of them, all or none.

A registration is signed by the new key itself (its holder has it) and by the server's registrar
(who says whose it is). A revocation is signed by any live key of the same account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from hospital import (
    authentication,
    calendar,
    errors,
    keydrafts,
    keystate,
    queries,
    sealing,
    services,
    signing,
)
from hospital.faces import actions as faces
from hospital.faces.models import FaceCheck
from hospital.guardians import guests
from hospital.keystate import KeyState
from hospital.models import Account, Key
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from hospital.resealing import Sealed
from hospital.roles import Actor, Role
from ledger import chain, note
from ledger.entry import Statement


class KeyTaken(errors.Conflict):
    """This public key is already registered."""

    code = "key.taken"


class NotInEveryLine(errors.Invalid):
    """Sign every statement that was drawn, for each of the logs, and bring them in that order."""

    code = "key.not_in_every_line"


class FaceNeeded(errors.Forbidden):
    """A further key takes a fresh face check of purpose "key"."""

    code = "key.face_needed"


class KeyNeeded(errors.Forbidden):
    """Log in with a key that you have, then register another; who has lost them all recovers."""

    code = "key.key_needed"


class Recovering(errors.Conflict):
    """Your keys are being replaced after a loss; object with one of them, or wait."""

    code = "key.recovering"


def draw_registration(public_key: str, *, by: Actor, at: datetime) -> list[Statement]:
    """
    The statements that the new key signs.

    Raises ``keydrafts.BadPublicKey``, ``keydrafts.IdentityMissing``.
    """
    verifier = keydrafts.usable(public_key, by)
    return [one.statement(by=verifier.name, at=at) for one in keydrafts.registrations(verifier, by)]


@transaction.atomic(savepoint=False)
def register(
    public_key: str,
    signed: Sequence[str],
    face_check: UUID | None,
    device: str = "",
    *,
    by: Actor,
    at: datetime,
) -> tuple[Key, chain.Appended]:
    """
    Register a key for ``by``, who calls the phone that it lies in ``device``; gives the key and its
    first entry.

    Raises:
        keydrafts.BadPublicKey, keydrafts.IdentityMissing, KeyTaken, NotInEveryLine, FaceNeeded,
        KeyNeeded, Recovering: see each;
        what ``faces.spend`` raises.
        signing.MalformedNote, signing.AlteredStatement, signing.ExpiredStatement,
        signing.BadSignature: the signed statement is not the one drawn now.
    """
    verifier = keydrafts.usable(public_key, by)
    if Key.objects.filter(public_key=verifier.public_key).exists():
        raise KeyTaken
    _check_face(face_check, by, at)
    entry = enter(keydrafts.registrations(verifier, by), signed, verifier, at)
    key = store(verifier, device, by, at)
    _tell(Kind.KEY_ADDED, entry, by, at)
    return key, entry


def store(
    verifier: note.Verifier,
    device: str,
    by: Actor,
    at: datetime,
    active_from: datetime | None = None,
) -> Key:
    """
    Store the key whose registration was entered; its holder calls the phone ``device``.

    Raises ``KeyTaken`` if somebody else registers the same key at this moment.
    """
    try:
        return Key.objects.create(
            name=verifier.name,
            account_id=by.account,
            public_key=verifier.public_key,
            registered_at=at,
            device=sealing.seal(device.encode(), _about(verifier.name)) if device else b"",
            last_used_on=calendar.legal_day(at) if by.role is Role.PATIENT else None,
            active_from=active_from,
        )
    except IntegrityError as fault:
        raise KeyTaken from fault


def device_of(key: Key) -> str:
    """What its holder calls the phone that the key lies in; empty if nothing was said."""
    return sealing.unseal(key.device, _about(key.name)).decode() if key.device else ""


def _about(name: str) -> str:
    return f"key/{name}/device"


def draw_revocation(name: str, *, by: Actor, key: str, at: datetime) -> list[Statement]:
    """
    The statements that revoke the key called ``name``, to be signed with ``key``.

    A key that waits is revoked by those that it is to replace: they object.
    """
    gone = _own(name, by, at)
    return [
        signing.draw_objection(one, gone.id, by=by, key=key, at=at)
        for one in keydrafts.revocations(gone, by)
    ]


@transaction.atomic(savepoint=False)
def revoke(
    name: str, signed: Sequence[str], *, by: Actor, at: datetime
) -> tuple[Key, chain.Appended]:
    """
    Revoke a key of ``by``'s account; from this entry on its signatures count for nothing.

    If it waits to replace others, that is an objection of theirs: they sign again. The sessions
    that it opened end, be it the one that asks.

    Raises:
        NotInEveryLine: see there.
        signing.UnknownKey, signing.ForeignKey, keystate.RevokedKey, keystate.WaitingKey,
        keystate.SuspendedKey: no live key of the account.
    """
    if by.role is Role.PATIENT:
        Account.objects.select_for_update(of=("self",), no_key=True).get(id=by.account)
    key = _own(name, by, at, lock=True)
    entries = [
        signing.append(draft, one, by=by, at=at, objecting_to=key.id)
        for draft, one in _each_signed(keydrafts.revocations(key, by), signed)
    ]
    if by.role is Role.PATIENT:
        guests.revoke([key], at=at)
    if key.state(at) is KeyState.WAITING:
        Key.objects.filter(replaced_by=key).update(replaced_by=None, replaced_from=None)
    key.revoked_at = at
    key.save(update_fields=["revoked_at"])
    authentication.end_sessions_of(by.account, key=key.name)
    _tell(Kind.KEY_REVOKED, entries[0], by, at)
    return key, entries[0]


def _tell(kind: Kind, entry: chain.Appended, by: Actor, at: datetime) -> None:
    """A patient learns of it on every phone; staff have no inbox."""
    if by.role is Role.PATIENT:
        notices.tell(by.account, kind, entry.subject, entry.version, at=at)


def _check_face(face_check: UUID | None, by: Actor, at: datetime) -> None:
    """
    A patient's first key follows the face that proved the identity; a further one takes another,
    and a session that a key has opened just now.

    Whoever holds a session alone, of a lost phone or a stolen token, so adds no key of his own; nor
    does a face alone, for which there is recovery, with a wait.
    """
    if by.role is not Role.PATIENT:
        return
    Account.objects.select_for_update(of=("self",), no_key=True).get(id=by.account)
    if not Key.objects.filter(account_id=by.account).exists():
        return
    if face_check is None:
        raise FaceNeeded
    if by.key_login_at is None or at - by.key_login_at > faces.LIFE:
        raise KeyNeeded
    if queries.recovery_of(by.account, at=at) is not None:
        raise Recovering
    faces.spend(face_check, FaceCheck.Purpose.KEY, by=by, at=at)


def enter(
    drafts: Sequence[signing.Draft], signed: Sequence[str], verifier: note.Verifier, at: datetime
) -> chain.Appended:
    """Append the registrations, which the registrar signs too; gives the first entry."""
    entries = [_enter(draft, one, verifier, at) for draft, one in _each_signed(drafts, signed)]
    return entries[0]


def _each_signed(
    drafts: Sequence[signing.Draft], signed: Sequence[str]
) -> Iterator[tuple[signing.Draft, str]]:
    if len(drafts) != len(signed):
        raise NotInEveryLine(needed=len(drafts))
    return zip(drafts, signed, strict=True)


def _enter(
    draft: signing.Draft, signed: str, verifier: note.Verifier, at: datetime
) -> chain.Appended:
    """Append one registration, which the registrar signs too."""
    parsed, claimed = signing.read(signed)
    expected = draft.statement(by=verifier.name, at=claimed.at)
    signing.check_fresh(claimed, at)
    signing.check_same(parsed, claimed, expected)
    signing.check_signature(parsed, verifier)
    vouched = services.signer("registrar", expected.log).sign(parsed.text)
    own = signed.removeprefix(parsed.text.decode() + "\n").rstrip("\n")
    try:
        return chain.append(note.assemble(parsed.text, [own, vouched]), drawn=expected)
    except chain.Turned as fault:
        raise signing.StaleStatement from fault
    except chain.Outrun as fault:
        raise KeyTaken from fault


def _own(name: str, by: Actor, at: datetime, *, lock: bool = False) -> Key:
    keys = Key.objects.select_for_update() if lock else Key.objects.all()
    key = keys.filter(name=name).first()
    if key is None:
        raise signing.UnknownKey(key=name)
    if key.account_id != by.account:
        raise signing.ForeignKey(key=name)
    if key.state(at) in (KeyState.REVOKED, KeyState.REPLACED):
        raise keystate.RevokedKey(key=name)
    return key


SEALED = Sealed(Key, ("device",), lambda key, _: _about(key.name), ("name",))
