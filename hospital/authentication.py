"""
Bearer tokens: opaque, revocable, stored as digests (django-rest-knox).

The token of a session that was opened with a key begins with ``KEY_LOGIN``, which no other token
does (they are hexadecimal). So each request tells, without another query, whether the person proved
to hold the key when the session began, and when that was. A few digits say which key it was: when
it is revoked, its sessions end.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from knox import crypto
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework import HTTP_HEADER_ENCODING
from rest_framework.authentication import get_authorization_header
from rest_framework.request import Request

from hospital import errors
from hospital.models import Account
from hospital.readingkeys.models import ReadingKey
from hospital.roles import Actor


class BadToken(errors.Unauthenticated):
    """The token is unknown, ended, or its account was disabled; log in again."""

    code = "token.invalid"


KEY_LOGIN = "key-"
_NEEDED = (
    *("digest", "token_key", "created"),
    *("user__role", "user__person", "user__is_active", "user__organisation__slug"),
    *(f"user__organisation__reading_key__{name}" for name in ("state", "public_key")),
)
"""What ``Account.actor``, ``reading_key_of`` and DRF read; a token has more columns."""


ACTIVE = Q(user__is_active=True)


def prefix_of(key_name: str) -> str:
    """
    How the tokens of sessions begin that were opened with this key: ten characters, knox's most.

    Six digits of a digest tell the few keys of one account apart; should two be alike, a session
    more ends with one of them.
    """
    return KEY_LOGIN + hashlib.sha256(key_name.encode()).hexdigest()[:6]


def end_sessions_of(account: UUID, *, key: str = "") -> None:
    """End the sessions that were opened with the account's key of this name, or with any key."""
    prefix = prefix_of(key) if key else KEY_LOGIN
    AuthToken.objects.filter(user_id=account, token_key__startswith=prefix).delete()


def session_of(token: str, may: Q = ACTIVE) -> AuthToken:
    """
    The session in force of an account that ``may`` come in; one query.

    Raises:
        BadToken: there is none.
    """
    try:
        digest = crypto.hash_token(token)
    except (TypeError, ValueError) as fault:
        raise BadToken from fault
    tokens = AuthToken.objects.select_related("user__organisation__reading_key").only(*_NEEDED)
    try:
        return tokens.get(may, digest=digest, expiry__gt=timezone.now())
    except AuthToken.DoesNotExist:
        raise BadToken from None


class Bearer(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """``Authorization: Bearer <token>``, checked in one query."""

    def authenticate(self, request: Request) -> tuple[Account, Any] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        try:
            found = session_of(token.decode(HTTP_HEADER_ENCODING), _comes_in(request))
        except UnicodeError as fault:
            raise BadToken from fault
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _comes_in(request: Request) -> Q:
    """Who has an account; who has left, only where the answer to that may be asked for again."""
    if getattr(request.parser_context["view"], "answers_who_left", False):
        return ACTIVE | Q(user__left_at__isnull=False)
    return ACTIVE


def actor_of(request: Request) -> Actor:
    """Who acts in this session, and since when as the holder of a key."""
    token: AuthToken = request.auth
    by_key = token.token_key.startswith(KEY_LOGIN)
    actor: Actor = request.user.actor  # type: ignore[union-attr]
    return replace(actor, key_login_at=token.created if by_key else None)


def reading_key_of(request: Request) -> ReadingKey | None:
    """What the organisation of who asks has said of its answers, as the session was looked up."""
    organisation = request.user.organisation  # type: ignore[union-attr]
    return getattr(organisation, "reading_key", None)
