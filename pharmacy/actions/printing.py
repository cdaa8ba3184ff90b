"""
Codes on paper, for who has no phone: registered by the phone that signed them, good once.

Whoever brings the paper tells the patient's birth date, which is not on it: a digest of one of some
forty thousand days would tell the day. So the server compares, and counts: after ``TRIES`` wrong
ones the paper is dead. It ends with the authorization, when another is printed for one of its
prescriptions, and when the patient says that it is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from hospital import acting, errors, identity, signing
from hospital.actions import people
from hospital.models import Account
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind as Notice
from hospital.roles import Actor
from pharmacy.actions import reading
from pharmacy.codemodels import TRIES
from pharmacy.codes import Code, Kind
from pharmacy.models import Printed, PrintedCode
from prescriptions import lifecycle, permissions

Ending = PrintedCode.Ending


class NotForPaper(errors.Invalid):
    """This code was signed for the screen of a phone, not for paper."""

    code = "code.not_for_paper"


class NotRegistered(errors.NotFound):
    """No printed code of this kind is known."""

    code = "code.not_registered"


class EndedPaper(errors.Gone):
    """The printed code is no longer good: lost, replaced, or the authorization was withdrawn."""

    code = "code.ended"


class LockedPaper(errors.LockedOut):
    """Too many wrong birth dates: the printed code is dead for good; the patient prints another."""

    code = "code.locked"


class BirthDateNeeded(errors.Invalid):
    """Whoever brings a printed code tells the patient's birth date."""

    code = "code.birth_date_needed"


class WrongBirthDate(errors.Forbidden):
    """This is not the patient's birth date."""

    code = "code.wrong_birth_date"


@transaction.atomic(savepoint=False)
def register(text: str, *, by: Actor, at: datetime) -> PrintedCode:
    """
    Make a signed code good on paper; older ones of any of its prescriptions end.

    Raises:
        NotForPaper, reading.OtherPharmacy, reading.UsedCode: see each; and what
            ``reading.read``, ``reading.check_clock`` and ``reading.signer`` raise.
        signing.ForeignKey: another's key signed it.
        permissions.WrongPatient, GuardianshipOver: not the caller's prescription, nor the ward's.
        lifecycle.UnknownPrescription, lifecycle.WrongState: no pharmacy has it (any more).
    """
    parsed, code = reading.read(text)
    if code.kind is not Kind.PAPER:
        raise NotForPaper(field="code")
    reading.check_clock(code, at)
    key = reading.signer(parsed, at)
    if key.account_id != by.account:
        raise signing.ForeignKey(key=key.name)
    acting.hold(by, at=at)
    prescriptions = [lifecycle.lock(one) for one in code.prescriptions]
    for one in prescriptions:
        permissions.check_party(one, by)
        if one.status not in lifecycle.AT_PHARMACY or one.pharmacy is None:
            raise lifecycle.WrongState(status=one.status)
        if one.pharmacy.slug != code.pharmacy:
            raise reading.OtherPharmacy
    end(code.prescriptions, Ending.REPLACED, at=at)
    made = _stored(code, prescriptions[0].pharmacy_id, by.patient, at)
    if by.ward is not None:
        notices.tell(by.ward, Notice.GUARDIAN_ACTED, f"printed/{made.id.hex}", 1, at=at)
    return made


@transaction.atomic(savepoint=False)
def lose(printed_id: UUID, *, by: Actor, at: datetime) -> PrintedCode:
    """
    The paper is lost: it is good for nothing from now on.

    Raises:
        NotRegistered: the caller, or the ward, has none of this id.
        EndedPaper: it was good for nothing before.
    """
    acting.hold(by, at=at)
    mine = PrintedCode.objects.select_for_update().filter(patient_id=by.patient)
    found = mine.filter(id=printed_id).first()
    if found is None:
        raise NotRegistered
    if found.ended_at is not None:
        raise EndedPaper(ending=found.ending)
    _end([found], Ending.LOST, at)
    return found


def end(prescriptions: Collection[UUID], ending: Ending, *, at: datetime) -> None:
    """What is printed for these prescriptions ends; the caller holds their rows."""
    papers = Printed.objects.filter(prescription_id__in=prescriptions).values("code_id")
    live = PrintedCode.objects.select_for_update().filter(id__in=papers, ended_at__isnull=True)
    _end(live.order_by("id"), ending, at)


def try_birth_date(text: str, born: date, *, by: Actor, at: datetime) -> None:
    """
    Judge and count the birth date by itself, before the command: a refused command is rolled back,
    a try is not, and tries at the same moment wait for each other.

    Raises ``WrongBirthDate``; the command refuses all else.
    """
    try:
        _, code = reading.read(text)
    except errors.Refusal:
        return
    if code.kind is not Kind.PAPER or code.pharmacy != by.organisation:
        return
    with transaction.atomic():
        found = _locked(code)
        if found is None or found.ended_at is not None or _was_born(found.patient, born):
            return
        found.failures += 1
        if found.failures == TRIES:
            _end([found], Ending.LOCKED, at)
        found.save(update_fields=["failures", "ended_at", "ending"])
    raise WrongBirthDate(left=TRIES - found.failures)


def use(code: Code, born: date | None, *, at: datetime) -> PrintedCode | None:
    """
    Spend a printed code, in the caller's transaction; None for one on a screen.

    Raises ``BirthDateNeeded``, ``NotRegistered``, ``LockedPaper``, ``EndedPaper``,
    ``WrongBirthDate``, ``reading.UsedCode``.
    """
    if code.kind is not Kind.PAPER:
        return None
    if born is None:
        raise BirthDateNeeded(field="born")
    found = _locked(code)
    if found is None:
        raise NotRegistered
    if found.ending == Ending.LOCKED:
        raise LockedPaper
    if found.ended_at is not None:
        raise EndedPaper(ending=found.ending)
    if not _was_born(found.patient, born):
        raise WrongBirthDate(left=TRIES - found.failures)
    _end([found], Ending.USED, at)
    return found


def _stored(code: Code, pharmacy: int | None, patient: UUID, at: datetime) -> PrintedCode:
    assert pharmacy is not None
    try:
        made = PrintedCode.objects.create(
            nonce=code.nonce,
            patient_id=patient,
            pharmacy_id=pharmacy,
            printed_at=at,
            ends_at=code.ends_at,
        )
    except IntegrityError as fault:
        raise reading.UsedCode from fault
    Printed.objects.bulk_create(
        Printed(prescription_id=one, code=made) for one in code.prescriptions
    )
    return made


def _locked(code: Code) -> PrintedCode | None:
    rows = PrintedCode.objects.select_for_update(of=("self",)).select_related("patient__person")
    return rows.filter(nonce=code.nonce).first()


def _was_born(patient: Account, born: date) -> bool:
    """Whether it is the birth date of the patient, whose number is opened for this alone."""
    assert patient.person is not None, "who has a prescription is known"
    return identity.born(people.id_number_of(patient.person)) == born


def _end(papers: Iterable[PrintedCode], ending: Ending, at: datetime) -> None:
    ended = list(papers)
    for one in ended:
        one.ended_at, one.ending = at, ending
    PrintedCode.objects.bulk_update(ended, ["ended_at", "ending"])
    Printed.objects.filter(code__in=ended).delete()
