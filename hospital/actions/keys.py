"""
Keys are registered and revoked by entries, so that a signature can be judged by replay.

A registration is signed by the new key itself (its holder has it) and by the server's registrar
(who says whose it is). A revocation is signed by any live key of the same account.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction
from nacl import bindings

from hospital import access, errors, services, signing
from hospital.models import Account, Key, Person
from hospital.roles import Actor, Role
from ledger import chain, note
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


def draw_registration(public_key: str, *, by: Actor, at: datetime) -> Statement:
    """The statement that the new key signs. Raises ``BadPublicKey``, ``IdentityMissing``."""
    verifier = _verifier(public_key, by)
    return _registration(verifier, by).statement(by=verifier.name, at=at)


@transaction.atomic(savepoint=False)
def register(
    public_key: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Key, chain.Appended]:
    """
    Register a key for ``by``.

    Raises:
        BadPublicKey, KeyTaken, IdentityMissing: see each.
        signing.MalformedNote, signing.AlteredStatement, signing.ExpiredStatement,
        signing.BadSignature: the signed statement is not the one drawn now.
    """
    verifier = _verifier(public_key, by)
    if Key.objects.filter(public_key=verifier.public_key).exists():
        raise KeyTaken
    parsed, claimed = signing.read(signed)
    expected = _registration(verifier, by).statement(by=verifier.name, at=claimed.at)
    signing.check_fresh(claimed, at)
    signing.check_same(parsed, claimed, expected)
    signing.check_signature(parsed, verifier)
    vouched = services.signer("registrar").sign(parsed.text)
    own = signed.removeprefix(parsed.text.decode() + "\n").rstrip("\n")
    try:
        entry = chain.append(note.assemble(parsed.text, [own, vouched]))
    except chain.Outrun as fault:
        raise KeyTaken from fault
    try:
        key = Key.objects.create(
            name=verifier.name,
            account_id=by.account,
            public_key=verifier.public_key,
            registered_at=at,
        )
    except IntegrityError as fault:  # somebody else registers the same key at this moment
        raise KeyTaken from fault
    return key, entry


def draw_revocation(name: str, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that revokes the key called ``name``, to be signed with ``key``."""
    return signing.draw(_revocation(_own(name, by), by), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def revoke(name: str, signed: str, *, by: Actor, at: datetime) -> tuple[Key, chain.Appended]:
    """
    Revoke a key of ``by``'s account; from this entry on its signatures count for nothing.

    Raises:
        signing.UnknownKey, signing.ForeignKey, signing.RevokedKey: no live key of the account.
    """
    key = _own(name, by, lock=True)
    entry = signing.append(_revocation(key, by), signed, by=by, at=at)
    key.revoked_at = at
    key.save(update_fields=["revoked_at"])
    return key, entry


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


def _registration(verifier: note.Verifier, by: Actor) -> signing.Draft:
    return signing.Draft(
        kind="key.register",
        subject=f"key/{verifier.name}",
        patient=tag_of(by),
        facts={
            "vkey": verifier.vkey,
            "role": by.role.value,
            "organisation": by.organisation,
            "owner": by.name,
            "person": _person(by),
        },
    )


def _revocation(key: Key, by: Actor) -> signing.Draft:
    return signing.Draft(
        kind="key.revoke",
        subject=f"key/{key.name}",
        patient=tag_of(by),
        facts={"vkey": signing.verifier(key).vkey},
    )


def _person(by: Actor) -> str:
    """Who holds the key: of staff the same in every account; of patients and programs the account.

    A patient's own would say which tag of a patient is which member of staff.
    """
    if by.role is Role.PATIENT or by.person is None:
        return by.account.hex
    return access.staff_tag(Person.objects.get(id=by.person))


def tag_of(by: Actor) -> str:
    """The tag of entries about this patient, empty for others. Raises ``IdentityMissing``."""
    if by.role is not Role.PATIENT:
        return ""
    person = Account.objects.select_related("person").get(id=by.account).person
    if person is None:
        raise IdentityMissing
    return access.patient_tag(person)
