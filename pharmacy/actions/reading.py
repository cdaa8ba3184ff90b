"""Read a patient's code: is it one, of this log, of this time, and by whose key?"""

from __future__ import annotations

from datetime import datetime

from hospital import acting, errors, keystate, signing
from hospital.models import Key
from hospital.units import stamp
from ledger import network, note
from pharmacy.codes import Code, Standing
from prescriptions import permissions
from prescriptions.models import Prescription


class BadCode(errors.Invalid):
    """This is not a patient's code."""

    code = "code.invalid"


class OtherLog(errors.Forbidden):
    """This code was made for another network's log."""

    code = "code.other_log"


class OtherPharmacy(errors.Forbidden):
    """This code was made for another pharmacy."""

    code = "code.other_pharmacy"


class ExpiredCode(errors.Gone):
    """The code has ended, or the phone's clock is slow; the phone makes a new one."""

    code = "code.expired"


class EarlyCode(errors.Conflict):
    """The code ends later than any can that was made by now: the phone's clock is fast."""

    code = "code.too_early"


class UsedCode(errors.Conflict):
    """The code was scanned before; the patient's phone makes a new one."""

    code = "code.used"


def read(text: str) -> tuple[note.Note, Code]:
    """A signed note as a code of this network. Raises ``BadCode``, ``OtherLog``."""
    try:
        parsed = note.parse(text.encode())
        code = Code.parse(parsed.text)
    except (note.Malformed, ValueError) as fault:
        raise BadCode(field="code") from fault
    if code.origin != network.lines()[0]:
        raise OtherLog
    return parsed, code


def check_clock(code: Code, at: datetime) -> None:
    """
    Raises ``ExpiredCode``, ``EarlyCode``: with the server's time, by which a phone sets its own.
    """
    standing = code.standing(at)
    if standing is Standing.ENDED:
        raise ExpiredCode(server_time=stamp(at), ended_at=stamp(code.ends_at))
    if standing is Standing.AHEAD:
        raise EarlyCode(server_time=stamp(at), ends_at=stamp(code.ends_at))


def signer(parsed: note.Note, at: datetime) -> Key:
    """
    The key that signed it, if it signs at ``at``.

    Raises:
        signing.UnknownKey, signing.BadSignature: see each.
        keystate.RevokedKey, keystate.WaitingKey, keystate.SuspendedKey: it signs nothing (yet).
    """
    key = Key.objects.filter(name=parsed.signatures[0].name).first()
    if key is None:
        raise signing.UnknownKey(key=parsed.signatures[0].name)
    signing.check_signature(parsed, signing.verifier(key))
    keystate.check(key.name, key.times, at)
    return key


def check_owner(prescription: Prescription, key: Key, at: datetime) -> None:
    """
    The key is the patient's or a guardian's, who is held so in the caller's transaction.

    Raises ``permissions.WrongPatient``, ``GuardianshipOver``.
    """
    patient = prescription.patient_id
    if key.account_id != patient and not acting.check_guards(patient, key.account_id, at=at):
        raise permissions.WrongPatient
