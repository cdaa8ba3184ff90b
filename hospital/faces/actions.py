"""
Face checks: a patient claims an identity, WeChat looks at the face, and the result is spent once.

Where this says WeChat, a deployment may have Tencent Cloud look (``gateways.face``).

A check is one row: drawn up by ``claim``, begun when the phone asks for its parameters, passed when
WeChat says so, spent by the one command that it was made for. It lives a quarter of an hour in
all, so what is spent is fresh; what was claimed is forgotten when it is spent. Nothing is asked of
WeChat while a row is locked.

Source: Rules for the Supervision of Internet Diagnosis and Treatment (trial, 2022): patients are
seen under their real names (article unconfirmed); WeChat's interface, ``gateways.wechat_face``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from hospital import errors, identity, sealing
from hospital.actions import login, people
from hospital.faces.models import LIFE as LIFE
from hospital.faces.models import FaceCheck
from hospital.gateways import face, wechat_face
from hospital.models import Account
from hospital.resealing import Sealed
from hospital.roles import Actor

A_DAY, MOST_A_DAY = timedelta(days=1), 10
Purpose = FaceCheck.Purpose


class UnknownCheck(errors.NotFound):
    """You have begun no such face check."""

    code = "face.unknown"


class TooManyChecks(errors.TooMany):
    """Too many face checks today; try again tomorrow."""

    code = "face.too_many"


class NeedsIdentity(errors.Invalid):
    """Say who you are: name, identity number and phone; afterwards nobody can say otherwise."""

    code = "face.needs_identity"


class WrongPurpose(errors.Conflict):
    """This face check was made for something else."""

    code = "face.wrong_purpose"


class NotPassed(errors.Conflict):
    """The face has not been recognised (yet)."""

    code = "face.not_passed"


class Spent(errors.Conflict):
    """This face check was used before; each counts once."""

    code = "face.spent"


class Ended(errors.Gone):
    """This face check is too old; begin another."""

    code = "face.ended"


class FaceRefused(errors.Conflict):
    """This face is not looked at: the identity or the WeChat account is not one that is taken."""

    code = "face.refused"


class NoWeChat(errors.Conflict):
    """This account came without WeChat, which looks at faces."""

    code = "face.no_wechat"


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says he or she is; checked as far as that can be done without WeChat."""

    name: str
    id_number: str
    phone: str


@transaction.atomic(savepoint=False)
def claim(purpose: str, said: Claim | None, *, by: Actor, at: datetime) -> FaceCheck:
    """
    Draw up a check: of the identity that is claimed, or of the one that the account has.

    Who is known claims another name or telephone with the same identity number.

    Raises:
        identity.BadIdNumber, identity.BadPhone, people.IdentityTaken, NeedsIdentity,
        NoWeChat, TooManyChecks: see each.
    """
    account = Account.objects.select_for_update(of=("self",), no_key=True).get(id=by.account)
    if account.wechat_index is None:
        raise NoWeChat
    person = account.person
    if (purpose == Purpose.IDENTITY) != (said is not None):
        raise NeedsIdentity
    if person is None and purpose != Purpose.IDENTITY:
        raise NeedsIdentity
    if person is not None and said is not None:
        people.check_same(person, said.id_number)
    if account.face_checks.filter(created_at__gt=at - A_DAY).count() >= MOST_A_DAY:
        raise TooManyChecks(retry_after_s=int(A_DAY.total_seconds()))
    if said is not None:
        claimed = Claim(
            said.name,
            identity.checked_id_number(said.id_number),
            identity.checked_phone(said.phone),
        )
    else:
        assert person is not None
        claimed = Claim(people.name_of(person), people.id_number_of(person), "")
    number = uuid4()
    return FaceCheck.objects.create(
        id=number,
        account=account,
        purpose=purpose,
        name=_seal(claimed.name, number, "name"),
        id_number=_seal(claimed.id_number, number, "id_number"),
        phone=_seal(claimed.phone, number, "phone"),
        created_at=at,
        ends_at=at + LIFE,
    )


def phone_parameters(check_id: UUID, *, by: Actor, at: datetime) -> FaceCheck:
    """
    The check with the ``verify_id`` that the phone's camera takes; WeChat is asked for one if there
    is none. Of two calls at one moment both get the one that is stored.

    Raises:
        UnknownCheck, Ended, Spent, FaceRefused, login.WeChatDown: see each.
    """
    check = _open(FaceCheck.objects.select_related("account"), check_id, by, at)
    if not check.verify_id:
        try:
            begun = face.client().begin(_session(check))
        except wechat_face.Refused as fault:
            raise FaceRefused(reason=fault.errcode) from fault
        except wechat_face.Unavailable as fault:
            raise login.WeChatDown(retry_after_s=2) from fault
        if not FaceCheck.objects.filter(id=check.id, verify_id="").update(verify_id=begun):
            return _open(FaceCheck.objects.all(), check_id, by, at)  # another call was first
        check.verify_id = begun
    return check


def outcome(check_id: UUID, *, by: Actor, at: datetime) -> tuple[FaceCheck, int]:
    """
    The check, and what WeChat says of it (``verify_ret``, 0 if it was not asked).

    Raises ``UnknownCheck``, ``login.WeChatDown``.
    """
    check = _own(FaceCheck.objects.select_related("account"), check_id, by)
    if check.passed_at is not None or not check.verify_id or at >= check.ends_at:
        return check, 0
    try:
        said = face.client().outcome(_session(check), check.verify_id)
    except wechat_face.Refused:
        return check, 0
    except wechat_face.Unavailable as fault:
        raise login.WeChatDown(retry_after_s=2) from fault
    if said == wechat_face.PASSED:
        FaceCheck.objects.filter(id=check.id, passed_at=None).update(passed_at=at)
        check.passed_at = at
    return check, said


def state(check: FaceCheck, at: datetime) -> str:
    """``spent``, ``ended``, ``passed`` or ``open``."""
    if check.spent_at is not None:
        return "spent"
    if at >= check.ends_at:
        return "ended"
    return "open" if check.passed_at is None else "passed"


def spend(check_id: UUID, purpose: str, *, by: Actor, at: datetime) -> Claim:
    """
    Use a passed check, once, within the caller's transaction; who WeChat has recognised.

    Raises ``UnknownCheck``, ``Spent``, ``Ended``, ``WrongPurpose``, ``NotPassed``.
    """
    check = _open(FaceCheck.objects.select_for_update(), check_id, by, at)
    _passed_at(check, purpose, at)
    claimed = Claim(*(_said(check, field) for field in ("name", "id_number", "phone")))
    check.spent_at, check.name, check.id_number, check.phone = at, b"", b"", b""
    check.save(update_fields=["spent_at", "name", "id_number", "phone"])
    return claimed


def recognised_at(check_id: UUID, purpose: str, *, by: Actor, at: datetime) -> datetime:
    """
    When WeChat has recognised the face of a check that could be spent now; it stays unspent.

    Raises what ``spend`` raises.
    """
    return _passed_at(_open(FaceCheck.objects.all(), check_id, by, at), purpose, at)


@transaction.atomic(savepoint=False)
def bind_identity(check_id: UUID, *, by: Actor, at: datetime) -> Account:
    """
    Bind a patient's account to the person whom WeChat has recognised; once, for good. Gives the
    account of that person, be it one that was opened before the person came.

    Of who is bound, name and telephone are put right.

    Raises what ``spend``, ``people.bind`` and ``people.put_right`` raise.
    """
    account = Account.objects.select_for_update(of=("self",), no_key=True).get(id=by.account)
    who = spend(check_id, Purpose.IDENTITY, by=by, at=at)
    said = {"name": who.name, "id_number": who.id_number, "phone": who.phone}
    if account.person_id is not None:
        return people.put_right(account, **said)
    return people.bind(account, **said, at=at)


def forget_old(*, at: datetime) -> None:
    """Delete what was claimed and never spent; what was spent says no more than when."""
    FaceCheck.objects.filter(created_at__lt=at - A_DAY, spent_at=None).delete()


def _own(checks: QuerySet[FaceCheck], check_id: UUID, by: Actor) -> FaceCheck:
    check = checks.filter(id=check_id, account_id=by.account).first()
    if check is None:
        raise UnknownCheck
    return check


def _open(checks: QuerySet[FaceCheck], check_id: UUID, by: Actor, at: datetime) -> FaceCheck:
    check = _own(checks, check_id, by)
    if check.spent_at is not None:
        raise Spent
    if at >= check.ends_at:
        raise Ended
    return check


def _passed_at(check: FaceCheck, purpose: str, at: datetime) -> datetime:
    """By a clock that runs ahead of ours it may have passed later than now: not yet, then."""
    if check.purpose != purpose:
        raise WrongPurpose(purpose=check.purpose)
    if check.passed_at is None or check.passed_at > at:
        raise NotPassed
    return check.passed_at


def _session(check: FaceCheck) -> wechat_face.Session:
    who = wechat_face.Identity(_said(check, "name"), _said(check, "id_number"))
    return wechat_face.Session(check.id.hex, login.openid(check.account), who)


def _seal(text: str, number: UUID, field: str) -> bytes:
    return sealing.seal(text.encode(), f"face/{number.hex}/{field}")


def _said(check: FaceCheck, field: str) -> str:
    return sealing.unseal(getattr(check, field), _about(check, field)).decode()


def _about(check: FaceCheck, field: str) -> str:
    return f"face/{check.id.hex}/{field}"


SEALED = Sealed(FaceCheck, ("name", "id_number", "phone"), _about)
