"""
What is stated about keys: the drafts of their registrations and revocations, and in which logs.

Where there are several lines of logs, a patient's key is entered in his own, and everybody else's
in each of them.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from nacl import bindings

from hospital import access, errors, guardianlaw, signing
from hospital.models import Account, Key, Person
from hospital.roles import Actor, Role
from ledger import network, note


class BadPublicKey(errors.Invalid):
    """This is not the base64 of a usable Ed25519 public key."""

    code = "key.bad_public_key"


class IdentityMissing(errors.Forbidden):
    """Say who you are before you register a key or ask for your entries."""

    code = "identity.missing"


def usable(public_key: str, by: Actor) -> note.Verifier:
    """The key that a person hands in, under its name. Raises ``BadPublicKey``."""
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


def registrations(verifier: note.Verifier, by: Actor, **more: Any) -> list[signing.Draft]:
    """What is entered of a new key, one for each line; ``more`` facts are of a recovery."""
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
                **more,
            },
            line=line,
        )
        for line, tag, person in _places(by)
    ]


def revocations(key: Key, by: Actor) -> list[signing.Draft]:
    """What is entered of a key that signs no more, one for each line."""
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


def guest(key: Key, by: Actor, guardianship: str, line: str) -> signing.Draft:
    """What is entered of a guardian's key in the ward's line, to sign for the ward."""
    return signing.Draft(
        kind="key.register",
        subject=f"key/{key.name}",
        patient=_tag(key, line),
        facts={
            "vkey": signing.verifier(key).vkey,
            "role": by.role.value,
            "organisation": "",
            "owner": by.name,
            "person": by.account.hex,
            guardianlaw.FACT: guardianship,
        },
        line=line,
    )


def guest_revocation(key: Key, line: str) -> signing.Draft:
    """What is entered there when it signs no more."""
    vkey = signing.verifier(key).vkey
    return signing.Draft(
        "key.revoke", f"key/{key.name}", _tag(key, line), {"vkey": vkey}, line=line
    )


def _tag(key: Key, line: str) -> str:
    person = key.account.person
    assert person is not None, "a key that is registered is a known person's"
    return access.patient_tag(person, line)


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
    person = Account.objects.select_related("person").get(id=by.patient).person
    if person is None:
        raise IdentityMissing
    return access.line_of(person), access.patient_tag(person)
