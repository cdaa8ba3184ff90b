"""Bearer tokens: opaque, revocable, stored as digests (django-rest-knox)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from knox import crypto
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework import HTTP_HEADER_ENCODING
from rest_framework.authentication import get_authorization_header
from rest_framework.request import Request

from hospital import errors
from hospital.models import Account


class BadToken(errors.Unauthenticated):
    """The token is unknown, ended, or its account was disabled; log in again."""

    code = "token.invalid"


_NEEDED = ("digest", "user__role", "user__person", "user__is_active", "user__organisation__slug")
"""What ``Account.actor`` reads, and DRF; a token has more columns than a request needs."""


class Bearer(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """``Authorization: Bearer <token>``, checked in one query."""

    def authenticate(self, request: Request) -> tuple[Account, Any] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        try:
            digest = crypto.hash_token(token.decode(HTTP_HEADER_ENCODING))
        except (TypeError, ValueError, UnicodeError) as fault:
            raise BadToken from fault
        tokens = AuthToken.objects.select_related("user__organisation").only(*_NEEDED)
        try:
            found = tokens.get(digest=digest, expiry__gt=timezone.now(), user__is_active=True)
        except AuthToken.DoesNotExist:
            raise BadToken from None
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
