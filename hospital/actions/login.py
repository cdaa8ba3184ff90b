"""
Log-in: staff and agents sign a challenge with their registered key, patients come from WeChat.

Tokens are opaque and revocable. An enrolment code lets a newcomer in once, to register a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from knox.models import AuthToken
from knox.settings import knox_settings

from hospital import authentication, errors, keystate, sealing, signing
from hospital.gateways import wechat
from hospital.keystate import KeyState
from hospital.models import Account, EnrolmentCode, Key, LoginChallenge, new_nonce
from hospital.resealing import Sealed
from hospital.roles import Role
from hospital.units import stamp
from ledger import network, note

FORMAT = "smart-hospital/login/v1"
CHALLENGE_LIFE = timedelta(seconds=60)
ENROLMENT_LIFE = timedelta(days=7)


class BadLogin(errors.Unauthenticated):
    """The log-in failed: the challenge, code or signature is wrong, spent or too old."""

    code = "login.failed"


class WeChatDown(errors.Unavailable):
    """WeChat does not answer; try again."""

    code = "wechat.unavailable"


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    expires_at: datetime
    account: Account


def challenge(key_name: str, *, at: datetime) -> tuple[str, datetime]:
    """
    A text for the key called ``key_name`` to sign, and when it ends.

    Raises:
        signing.UnknownKey, keystate.RevokedKey, keystate.WaitingKey: see each.
    """
    key = Key.objects.filter(name=key_name).first()
    if key is None:
        raise signing.UnknownKey(key=key_name)
    _check_enters(key, at)
    made = LoginChallenge.objects.create(nonce=new_nonce(), key=key, expires_at=at + CHALLENGE_LIFE)
    return _text(made), made.expires_at


@transaction.atomic(savepoint=False)
def answer(signed: str, *, at: datetime) -> Session:
    """
    Log in with a signed challenge.

    Raises:
        BadLogin: unknown, spent or old challenge, altered text, bad signature.
        keystate.RevokedKey: the key was revoked meanwhile.
    """
    try:
        parsed = note.parse(signed.encode())
        nonce = parsed.text.decode().split("\n")[3]
    except (note.Malformed, UnicodeError, IndexError) as fault:
        raise BadLogin from fault
    # With the key: one that is being revoked lets in before that, and then its session ends too,
    # or not at all.
    found = LoginChallenge.objects.select_for_update(of=("self", "key"), no_key=True)
    made = found.select_related("key__account__organisation").filter(nonce=nonce).first()
    if made is None or made.expires_at <= at or _text(made).encode() != parsed.text:
        raise BadLogin
    try:
        signing.check_signature(parsed, signing.verifier(made.key))
    except signing.BadSignature as fault:
        raise BadLogin from fault
    _check_enters(made.key, at)
    made.delete()
    return _session(made.key.account, at, of_key=made.key)


def with_wechat(code: str, via: wechat.Via, *, at: datetime) -> Session:
    """
    Turn WeChat's code into a session; a new openid becomes a new patient account.

    Raises:
        BadLogin: WeChat refuses the code. WeChatDown: WeChat does not answer.
    """
    try:
        openid = wechat.client().login(code, via).openid
    except wechat.CodeRefused as fault:
        raise BadLogin from fault
    except wechat.Unavailable as fault:
        raise WeChatDown(retry_after_s=2) from fault
    return of_openid(openid, at=at)


def of_openid(openid: str, *, at: datetime) -> Session:
    """A session of whom WeChat knows by this openid; a new one becomes a new patient account."""
    index = sealing.index(openid, "openid")
    account, _ = Account.objects.get_or_create(
        wechat_index=index,
        defaults={
            "role": Role.PATIENT,
            "created_at": at,
            "wechat_openid": sealing.seal(openid.encode(), f"openid/{index.hex()}"),
        },
    )
    return _session(account, at)


def make_enrolment_code(account: Account, *, at: datetime) -> str:
    """A code for the first log-in of ``account``; stored as a keyed digest only."""
    code = new_nonce()
    EnrolmentCode.objects.create(
        code_index=sealing.index(code, "enrolment"),
        account=account,
        expires_at=at + ENROLMENT_LIFE,
    )
    return code


@transaction.atomic(savepoint=False)
def with_enrolment_code(code: str, *, at: datetime) -> Session:
    """Log in with an enrolment code, which is then spent. Raises ``BadLogin``."""
    found = EnrolmentCode.objects.select_for_update(of=("self",)).select_related(
        "account__organisation"
    )
    enrolment = found.filter(code_index=sealing.index(code, "enrolment")).first()
    if enrolment is None or enrolment.expires_at <= at:
        raise BadLogin
    enrolment.delete()
    return _session(enrolment.account, at)


def forget_old(*, at: datetime) -> None:
    """Delete challenges, enrolment codes and tokens that have ended."""
    LoginChallenge.objects.filter(expires_at__lt=at).delete()
    EnrolmentCode.objects.filter(expires_at__lt=at).delete()
    AuthToken.objects.filter(expiry__lt=at).delete()


def openid(account: Account) -> str:
    """The WeChat openid of a patient's account, for paying."""
    assert account.wechat_openid is not None
    return sealing.unseal(account.wechat_openid, _about(account)).decode()


def _about(account: Account) -> str:
    assert account.wechat_index is not None
    return f"openid/{bytes(account.wechat_index).hex()}"


SEALED = Sealed(Account, ("wechat_openid",), lambda account, _: _about(account), ("wechat_index",))


def _check_enters(key: Key, at: datetime) -> None:
    """Who has a suspended key comes in, to see what is going on and to object."""
    if key.state(at) is not KeyState.SUSPENDED:
        keystate.check(key.name, key.times, at)


def _session(account: Account, at: datetime, of_key: Key | None = None) -> Session:
    """A session that a key has opened ends at the latest when another takes the key's place."""
    if not account.is_active:
        raise BadLogin
    life, prefix = knox_settings.TOKEN_TTL, ""
    if of_key is not None:
        prefix = authentication.prefix_of(of_key.name)
        if of_key.replaced_from is not None:
            life = min(life, of_key.replaced_from - at)
    made, token = AuthToken.objects.create(user=account, expiry=life, prefix=prefix)
    return Session(token, made.expiry, account)


def _text(made: LoginChallenge) -> str:
    lines = (FORMAT, network.lines()[0], made.key.name, made.nonce, stamp(made.expires_at))
    return "\n".join(lines) + "\n"
