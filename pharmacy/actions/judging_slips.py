"""
Judge a slip that is brought in: what it proves, and whether what it says still counts.

What proves nothing is refused; all else either counts, with the limits that it did not keep, or
collides, for a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from hospital import errors, keystate, signing
from hospital.models import Key
from hospital.roles import Actor
from ledger import network, note
from ledger import queries as ledger
from ledger.entry import Statement
from pharmacy import codes, offline, queries_recalls, slips
from pharmacy.actions import lots, reading
from pharmacy.brought import OfflineSlip
from pharmacy.models import Reservation, Scan
from prescriptions.facts import TWO_PHARMACISTS
from prescriptions.models import Prescription, Status

Outcome, Reason, Beyond = OfflineSlip.Outcome, OfflineSlip.Reason, OfflineSlip.Beyond
_ENDED = {
    Status.CANCELLED: Reason.CANCELLED,
    Status.EXPIRED: Reason.EXPIRED,
    Status.APPROVED: Reason.TAKEN_BACK,
    Status.AUTHORIZED: Reason.TAKEN_BACK,
    Status.ISSUED: Reason.CHANGED,
    Status.PENDING: Reason.CHANGED,
    Status.CHECKED: Reason.CHANGED,
    Status.RETURNED: Reason.CHANGED,
}
"""Why it is not paid any more; in every other state it was given out already."""


class BadSlip(errors.Invalid):
    """This is no slip that the caller signed about a prescription that was paid here."""

    code = "slip.invalid"


class BroughtAlready(errors.Conflict):
    """This slip was brought in before."""

    code = "slip.brought"


@dataclass(frozen=True, slots=True)
class Brought:
    """``slip`` and ``code`` are signed notes; ``choice`` and ``checks`` as at any counter."""

    slip: str
    code: str
    choice: lots.Choice = field(default_factory=lots.Choice)
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a slip."""

    slip: slips.Slip
    code: codes.Code
    reason: str
    beyond: tuple[str, ...]

    @property
    def outcome(self) -> OfflineSlip.Outcome:
        return Outcome.COLLIDED if self.reason else Outcome.DISPENSED


def read(brought: Brought, by: Actor, at: datetime) -> tuple[slips.Slip, codes.Code]:
    """
    The slip is the caller's own, about this code, which was fresh.

    Raises ``BadSlip``, ``BroughtAlready``, ``reading.BadCode``, ``reading.OtherLog``.
    """
    try:
        parsed = note.parse(brought.slip.encode())
        slip = slips.Slip.parse(parsed.text)
    except (ValueError, UnicodeEncodeError) as fault:
        raise BadSlip(field="slip") from fault
    _, code = reading.read(brought.code)
    if (slip.origin, slip.pharmacy) != (network.lines()[0], by.organisation):
        raise BadSlip(field="slip")
    _check_own(parsed, slip, by)
    if slip.code != slips.digest_of_code(brought.code) or not _fits(slip, code):
        raise reading.BadCode(field="code")
    if slip.given_at > at + signing.AHEAD:
        raise BadSlip(field="slip")
    if OfflineSlip.objects.filter(digest=slip.digest).exists():
        raise BroughtAlready
    return slip, code


def _check_own(parsed: note.Note, slip: slips.Slip, by: Actor) -> None:
    """A key of the caller's signed it that was in force when it was given."""
    key = Key.objects.filter(name=parsed.signatures[0].name, account_id=by.account).first()
    if key is None:
        raise BadSlip(field="slip")
    keystate.check(key.name, key.times, slip.given_at)
    signing.check_signature(parsed, signing.verifier(key))


def _fits(slip: slips.Slip, code: codes.Code) -> bool:
    named = (code.kind, code.origin, code.subjects, code.pharmacy)
    if named != (codes.Kind.SCREEN, slip.origin, (slip.subject,), slip.pharmacy):
        return False
    return code.standing(slip.given_at) is codes.Standing.LIVE


def judge(
    prescription: Prescription,
    slip: slips.Slip,
    code: codes.Code,
    brought: Brought,
    by: Actor,
    at: datetime,
) -> Judged:
    """
    What becomes of it, as the prescription stands.

    Raises ``BadSlip``, ``signing.UnknownKey``, ``signing.BadSignature``,
    ``permissions.WrongPatient``.
    """
    shown = _shown(slip)
    reason = _reason(prescription, slip, code, brought, shown, by, at)
    return Judged(slip, code, reason, () if reason else _beyond(prescription, slip, shown, at))


def _shown(slip: slips.Slip) -> Statement:
    """
    The entry on which it was given out: about this prescription, and by it paid, at this pharmacy.

    Raises ``BadSlip``.
    """
    try:
        found = ledger.entry_by_leaf(bytes.fromhex(slip.after))
    except ledger.UnknownEntry as fault:
        raise BadSlip(field="slip") from fault
    statement = Statement.parse(note.parse(found.note).text)
    if statement.subject != slip.subject or statement.facts["to"] != "paid":
        raise BadSlip(field="slip")
    return statement


def _reason(
    prescription: Prescription,
    slip: slips.Slip,
    code: codes.Code,
    brought: Brought,
    shown: Statement,
    by: Actor,
    at: datetime,
) -> str:
    """Why it collides; empty if it counts."""
    if not _was_here(prescription, by):
        raise BadSlip(field="slip")
    if not _phone_signs(prescription, brought.code, slip.given_at):
        return Reason.KEY
    if prescription.status != Status.PAID:
        return _ENDED.get(Status(prescription.status), Reason.GIVEN_ALREADY)
    if prescription.pharmacy_id != by.organisation_id:
        return Reason.ELSEWHERE
    if shown.commitment != bytes(prescription.record.commitment):
        return Reason.CHANGED
    if at >= prescription.valid_until:
        return Reason.EXPIRED
    if not dict(slip.lines) == prescription.quantities == prescription.chosen:
        return Reason.QUANTITY
    if prescription.form in TWO_PHARMACISTS:
        return Reason.NOT_CHECKED
    if Scan.objects.filter(nonce=code.nonce).exists():
        return Reason.CODE_USED
    lots_and_boxes = brought.choice.units, brought.choice.boxes
    recalled = queries_recalls.may_be_of(prescription, *lots_and_boxes)
    return Reason.RECALLED if recalled else Reason.NONE


def _was_here(prescription: Prescription, by: Actor) -> bool:
    """Stock was held for it at this pharmacy once: only who was authorized can have given it."""
    return Reservation.objects.filter(
        prescription=prescription, item__pharmacy_id=by.organisation_id
    ).exists()


def _phone_signs(prescription: Prescription, code: str, at: datetime) -> bool:
    """The code is by a key of the patient's, or of a guardian's, which signed then."""
    parsed = note.parse(code.encode())
    key = Key.objects.filter(name=parsed.signatures[0].name).first()
    if key is None:
        raise signing.UnknownKey(key=parsed.signatures[0].name)
    signing.check_signature(parsed, signing.verifier(key))
    reading.check_owner(prescription, key, at)
    try:
        keystate.check(key.name, key.times, at)
    except errors.Refusal:
        return False
    return True


def _beyond(
    prescription: Prescription, slip: slips.Slip, shown: Statement, at: datetime
) -> tuple[str, ...]:
    """Which limits it did not keep, in order; it was given all the same."""
    broken = {
        Beyond.AMOUNT: _total_fen(slip, shown) > settings.OFFLINE_TO_FEN,
        Beyond.FORM: prescription.form not in offline.FORMS,
        Beyond.LATE: at > slip.given_at + offline.RECONCILE,
    }
    return tuple(limit.value for limit, is_broken in broken.items() if is_broken)


def _total_fen(slip: slips.Slip, shown: Statement) -> int:
    """What it cost by the authorization that was shown as paid, fen."""
    before = ledger.entries_about(slip.subject)[: shown.version]
    said = [Statement.parse(note.parse(one.note).text).facts for one in before]
    bills = [facts["bill"]["total_fen"] for facts in said if "bill" in facts]
    return int(bills[-1])
