"""
A guardian's key is entered in the ward's line of logs, once; then it signs for the ward there.

It signs that itself, and the registrar vouches for it, as when it was registered at home. Where
guardian and ward share a line there is nothing to enter.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import access, acting, errors, keydrafts, keystate, signing
from hospital.actions import keys
from hospital.guardians import rules
from hospital.guardians.models import GuestKey
from hospital.models import Key
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement


class KeyKnown(errors.Conflict):
    """This key is known in the ward's line of logs already."""

    code = "guardianship.key_known"


def draw(guardianship_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that the key signs. Raises what ``enter`` raises."""
    own, draft = _entering(guardianship_id, key, by, at)
    return draft.statement(by=own.name, at=at)


@transaction.atomic(savepoint=False)
def enter(
    guardianship_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[GuestKey, chain.Appended]:
    """
    Enter the key that has signed in the line of the ward's logs.

    Raises:
        NotGranted, GuardianshipOver: it is no guardianship of the caller's, or no more.
        KeyKnown: see there.
        signing.UnknownKey, signing.ForeignKey, keystate.RevokedKey, keystate.WaitingKey,
        keystate.SuspendedKey: no live key of the caller's; and what ``keys.enter`` raises.
    """
    claimed = signing.read(signed)[1]
    own, draft = _entering(guardianship_id, claimed.by, by, max(at, claimed.at), lock=True)
    entry = keys.enter([draft], [signed], signing.verifier(own), at)
    made = GuestKey.objects.create(key=own, guardianship_id=guardianship_id, line=draft.line)
    return made, entry


def _entering(
    guardianship_id: UUID, name: str, by: Actor, at: datetime, *, lock: bool = False
) -> tuple[Key, signing.Draft]:
    guardian = acting.for_ward(by, guardianship_id.hex, at=at)
    if lock:
        acting.hold(guardian, at=at)
    rows = Key.objects.select_for_update(of=("self",)) if lock else Key.objects.all()
    key = rows.select_related("account__person").filter(name=name).first()
    if key is None:
        raise signing.UnknownKey(key=name)
    if key.account_id != by.account:
        raise signing.ForeignKey(key=name)
    keystate.check(key.name, key.times, at)
    line = access.line_of(rules.person_of(rules.patient(guardian.patient)))
    entered = GuestKey.objects.filter(key=key, line=line).first()
    if line == keydrafts.place_of(by)[0] or (entered and entered.revoked_at is None):
        raise KeyKnown
    if entered is not None:
        raise keystate.RevokedKey(key=name)
    return key, keydrafts.guest(key, by, acting.subject(guardian), line)
