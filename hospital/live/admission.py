"""Who may read the feed: a regulator with a session in force, asked at the door and ever again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from knox.models import AuthToken

from hospital import authentication, http
from hospital.roles import Role


@dataclass(frozen=True, slots=True)
class Admitted:
    """The digest of a session, and whose it is."""

    session: str
    account: str


def admitted(token: str) -> Admitted:
    """
    The session, and the account, of the regulator who brings this token.

    Raises:
        BadToken: no session in force has it.
        WrongRole: it is not a regulator's.
    """
    found = authentication.session_of(token)
    if found.user.role != Role.REGULATOR:
        raise http.WrongRole(role=found.user.role, needed=[str(Role.REGULATOR)])
    return Admitted(str(found.digest), str(found.user.id))


def still(digests: Collection[str], at: datetime) -> set[str]:
    """Those of them that are in force at ``at``; one query for all."""
    found = AuthToken.objects.filter(
        digest__in=digests,
        expiry__gt=at,
        user__is_active=True,
        user__role=Role.REGULATOR,
    )
    return set(found.values_list("digest", flat=True))
