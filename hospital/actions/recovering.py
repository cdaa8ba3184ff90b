"""
A patient who has lost every key registers a new one by the face alone, and waits.

One entry says which keys it replaces and from when it signs. Until then they are suspended: they
sign nothing but an objection (``keys.revoke`` of the new key), which ends the recovery; then they
are dead. All of it is told from times (``hospital.keystate``), so no task has to be in time.

Sessions that a key opened end with it; whoever comes in again is told what is going on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from hospital import authentication, errors, keydrafts, keystate, queries, signing
from hospital.actions import keys
from hospital.faces import actions as faces
from hospital.faces.models import FaceCheck
from hospital.guardians import guests
from hospital.keystate import KeyState
from hospital.models import Account, Key
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain, note
from ledger.entry import Statement


class NothingLost(errors.Conflict):
    """You have registered no key yet; register the first one."""

    code = "key.nothing_lost"


def wait() -> timedelta:
    """How long a recovered key waits: what is set, or what the law of the log asks for."""
    return max(keystate.LEAST_WAIT, timedelta(hours=settings.KEY_RECOVERY_WAIT_H))


def draw(public_key: str, *, by: Actor, at: datetime) -> list[Statement]:
    """
    The statement that the new key signs.

    Raises ``keydrafts.BadPublicKey``, ``keydrafts.IdentityMissing``, ``NothingLost``,
    ``keys.Recovering``.
    """
    verifier = keydrafts.usable(public_key, by)
    keydrafts.place_of(by)
    lost = _lost(Key.objects.filter(account_id=by.account).order_by("id"), by, at)
    drafts = _registrations(verifier, lost, by, at)
    return [one.statement(by=verifier.name, at=at) for one in drafts]


@transaction.atomic(savepoint=False)
def recover(
    public_key: str,
    signed: Sequence[str],
    face_check: UUID,
    device: str,
    *,
    by: Actor,
    at: datetime,
) -> tuple[Key, chain.Appended]:
    """
    Register the key of a new phone in the place of all others; gives the key and its entry.

    Raises:
        NothingLost, keydrafts.BadPublicKey, keydrafts.IdentityMissing, keys.KeyTaken,
        keys.Recovering, keys.NotInEveryLine: see each;
        what ``faces.spend`` raises, and what ``keys.register`` raises of the statement.
    """
    verifier = keydrafts.usable(public_key, by)
    keydrafts.place_of(by)
    Account.objects.select_for_update(of=("self",), no_key=True).get(id=by.account)
    # Who signs at this moment holds his key for sharing: this waits for him, or was first.
    own = Key.objects.select_for_update().filter(account_id=by.account).order_by("id")
    if Key.objects.filter(public_key=verifier.public_key).exists():
        raise keys.KeyTaken
    lost = _lost(own, by, at)
    faces.spend(face_check, FaceCheck.Purpose.RECOVERY, by=by, at=at)
    drawn_at = signing.read(signed[0])[1].at
    entry = keys.enter(_registrations(verifier, lost, by, drawn_at), signed, verifier, at)
    key = keys.store(verifier, device, by, at, drawn_at + wait())
    notices.tell(by.account, Kind.KEY_WAITS, entry.subject, entry.version, at=at)
    guests.revoke(lost, at=at)
    gone = [one.id for one in lost]
    Key.objects.filter(id__in=gone).update(replaced_by=key, replaced_from=key.active_from)
    authentication.end_sessions_of(by.account)
    return key, entry


def _lost(own: Iterable[Key], by: Actor, at: datetime) -> list[Key]:
    found = list(own)
    if not found:
        raise NothingLost
    if queries.recovery_of(by.account, at=at) is not None:
        raise keys.Recovering
    return [key for key in found if key.state(at) is KeyState.ACTIVE]


def _registrations(
    verifier: note.Verifier, lost: Sequence[Key], by: Actor, drawn_at: datetime
) -> list[signing.Draft]:
    replaces = sorted(signing.verifier(key).vkey for key in lost)
    more = {"active_from": stamp(drawn_at + wait()), "replaces": replaces}
    return keydrafts.registrations(verifier, by, **more)
