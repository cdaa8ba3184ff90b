"""
Keys are registered and revoked by entries, so that a signature can be judged by replay.

Where there are several lines of logs, a patient's key is entered in his own, and everybody else's
in each of them, all or none.

A registration is signed by the new key itself (its holder has it) and by the server's registrar
(who says whose it is). A revocation is signed by any live key of the same account.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from nacl import bindings

from hospital import access, errors, services, signing
from hospital.faces import actions as faces
from hospital.faces.models import FaceCheck
from hospital.models import Account, Key, Person
from hospital.roles import Actor, Role
from ledger import chain, network, note
from ledger.entry import Statement


class BadPublicKey(errors.Invalid):
    """This is not the base64 of a usable Ed25519 public key."""

    code = "key.bad_public_key"


class KeyTaken(errors.Conflict):
    """This public key is already registered."""

    code = "key.taken"


class IdentityMissing(errors.Forbidden):
    """Say who you are before you register a key or ask for your entries."""

    code = "identity.missing"


class NotInEveryLine(errors.Invalid):
    """Sign every statement that was drawn, for each of the logs, and bring them in that order."""

    code = "key.not_in_every_line"


class FaceNeeded(errors.Forbidden):
    """A further key takes a fresh face check of purpose "key"."""

    code = "key.face_needed"


def draw_registration(public_key: str, *, by: Actor, at: datetime) -> list[Statement]:
    """The statements that the new key signs. Raises ``BadPublicKey``, ``IdentityMissing``."""
    verifier = _verifier(public_key, by)
    return [one.statement(by=verifier.name, at=at) for one in _registrations(verifier, by)]


@transaction.atomic(savepoint=False)
def register(
    public_key: str, signed: Sequence[str], face_check: UUID | None, *, by: Actor, at: datetime
) -> tuple[Key, chain.Appended]:
    """
    Register a key for ``by``; gives the key and its first entry.

    Raises:
        BadPublicKey, KeyTaken, IdentityMissing, NotInEveryLine, FaceNeeded: see each;
        what ``faces.spend`` raises.
        signing.MalformedNote, signing.AlteredStatement, signing.ExpiredStatement,
        signing.BadSignature: the signed statement is not the one drawn now.
    """
    verifier = _verifier(public_key, by)
    if Key.objects.filter(public_key=verifier.public_key).exists():
        raise KeyTaken
    _check_face(face_check, by, at)
    drafts = _registrations(verifier, by)
    entries = [_enter(draft, one, verifier, at) for draft, one in _each_signed(drafts, signed)]
    try:
        key = Key.objects.create(
            name=verifier.name,
            account_id=by.account,
            public_key=verifier.public_key,
            registered_at=at,
        )
    except IntegrityError as fault:  # somebody else registers the same key at this moment
        raise KeyTaken from fault
    return key, entries[0]


def draw_revocation(name: str, *, by: Actor, key: str, at: datetime) -> list[Statement]:
    """The statements that revoke the key called ``name``, to be signed with ``key``."""
    return [signing.draw(one, by=by, key=key, at=at) for one in _revocations(_own(name, by), by)]


@transaction.atomic(savepoint=False)
def revoke(
    name: str, signed: Sequence[str], *, by: Actor, at: datetime
) -> tuple[Key, chain.Appended]:
    """
    Revoke a key of ``by``'s account; from this entry on its signatures count for nothing.

    Raises:
        NotInEveryLine: see there.
        signing.UnknownKey, signing.ForeignKey, signing.RevokedKey: no live key of the account.
    """
    key = _own(name, by, lock=True)
    entries = [
        signing.append(draft, one, by=by, at=at)
        for draft, one in _each_signed(_revocations(key, by), signed)
    ]
    key.revoked_at = at
    key.save(update_fields=["revoked_at"])
    return key, entries[0]


def _check_face(face_check: UUID | None, by: Actor, at: datetime) -> None:
    """
    A patient's first key follows the face that proved the identity; a further one takes another.

    Whoever holds a session alone, of a lost phone or a stolen token, so adds no key of his own.
    """
    if by.role is not Role.PATIENT:
        return
    Account.objects.select_for_update(of=("self",)).get(id=by.account)
    if Key.objects.filter(account_id=by.account).exists():
        if face_check is None:
            raise FaceNeeded
        faces.spend(face_check, FaceCheck.Purpose.KEY, by=by, at=at)


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


def _own(name: str, by: Actor, *, lock: bool = False) -> Key:
    keys = Key.objects.select_for_update() if lock else Key.objects.all()
    key = keys.filter(name=name).first()
    if key is None:
        raise signing.UnknownKey(key=name)
    if key.account_id != by.account:
        raise signing.ForeignKey(key=name)
    if key.revoked_at is not None:
        raise signing.RevokedKey(key=name)
    return key


def _verifier(public_key: str, by: Actor) -> note.Verifier:
    try:
        raw = base64.b64decode(public_key, validate=True)
        usable = len(raw) == 32 and bindings.crypto_core_ed25519_is_valid_point(raw)
    except ValueError as fault:
        raise BadPublicKey(field="public_key") from fault
    if not usable or base64.b64encode(raw).decode() != public_key:
        raise BadPublicKey(field="public_key")
    short = hashlib.sha256(raw).hexdigest()[:16]
    prefix = "/".join(part for part in (by.organisation, by.role.value) if part)
    return note.Verifier(f"{prefix}/{short}", raw)


def _registrations(verifier: note.Verifier, by: Actor) -> list[signing.Draft]:
    return [
        signing.Draft(
            kind="key.register",
            subject=f"key/{verifier.name}",
            patient=tag,
            facts={
                "vkey": verifier.vkey,
                "role": by.role.value,
                "organisation": by.organisation,
                "owner": by.name,
                "person": person,
            },
            line=line,
        )
        for line, tag, person in _places(by)
    ]


def _revocations(key: Key, by: Actor) -> list[signing.Draft]:
    return [
        signing.Draft(
            kind="key.revoke",
            subject=f"key/{key.name}",
            patient=tag,
            facts={"vkey": signing.verifier(key).vkey},
            line=line,
        )
        for line, tag, _ in _places(by)
    ]


def _places(by: Actor) -> list[tuple[str, str, str]]:
    """
    The lines in which ``by``'s keys are entered, with the patient's tag and who holds the key.

    That is of staff the same person in every account, of patients and programs the account: a
    patient's own would say which tag of a patient is which member of staff.
    """
    if by.role is Role.PATIENT:
        return [(*place_of(by), by.account.hex)]
    if by.person is None:
        return [(line, "", by.account.hex) for line in network.lines()]
    person = Person.objects.get(id=by.person)
    return [(line, "", access.staff_tag(person, line)) for line in network.lines()]


def place_of(by: Actor) -> tuple[str, str]:
    """The line of logs that holds this patient's entries, and the tag that they carry there.

    Raises ``IdentityMissing``.
    """
    person = Account.objects.select_related("person").get(id=by.account).person
    if person is None:
        raise IdentityMissing
    return access.line_of(person), access.patient_tag(person)
