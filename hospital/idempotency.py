"""
The same Idempotency-Key, the same answer.

Rules (draft-ietf-httpapi-idempotency-key-header-07, and where it is silent, ours):

* A key belongs to one account; another account's same key is another key.
* Only successes are remembered: a refusal leaves nothing behind, its key included.
* Same key and same request (method, path, body bytes): the same status and bytes again.
* Same key, other request: 422. Same key while the first still runs: 409 with Retry-After.
* Answers are kept for seven days; afterwards the statement's version still refuses a repeat.

The answer commits with the change itself. A crash before the commit leaves neither, after it
both; there is no third case and nothing to clean up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from hospital import errors, sealing
from hospital.models import Answer
from hospital.resealing import Sealed

KEPT = timedelta(days=7)
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,255}")  # visible ASCII but the comma


class KeyMissing(errors.Malformed):
    """This call needs an Idempotency-Key header."""

    code = "idempotency.key_missing"


class KeyMalformed(errors.Malformed):
    """An Idempotency-Key is 1 to 255 visible ASCII characters without commas."""

    code = "idempotency.key_malformed"


class KeyReused(errors.Invalid):
    """This Idempotency-Key was used for another request."""

    code = "idempotency.key_reused"


class InProgress(errors.Conflict):
    """The first request with this Idempotency-Key is still running."""

    code = "idempotency.in_progress"


def check_key(key: str | None) -> str:
    """Raises ``KeyMissing`` or ``KeyMalformed``."""
    if not key:
        raise KeyMissing(header="Idempotency-Key")
    if not _KEY.fullmatch(key):
        raise KeyMalformed(header="Idempotency-Key")
    return key


def once(
    account: UUID,
    key: str,
    request: tuple[str, str, bytes],
    act: Callable[[], tuple[int, bytes]],
    *,
    at: datetime,
) -> tuple[int, bytes, bool]:
    """
    Do ``act`` in a transaction, or give its remembered answer: status, body, replayed or not.

    ``request`` is (method, path, body bytes).

    Raises:
        KeyReused, InProgress: see each; and whatever refusal ``act`` raises.
    """
    method, path, body = request
    digest = hashlib.sha256(b"\x00".join([method.encode(), path.encode(), body])).digest()
    with transaction.atomic():
        remembered = _lock_and_recall(account, key)
        if remembered is not None:
            status, sealed, asked = remembered
            if asked != sealing.index(digest.hex(), "request"):
                raise KeyReused
            return status, sealing.unseal(sealed, _about(account, key)), True
        status, answer = act()
        Answer.objects.create(
            account_id=account,
            key=key,
            request_digest=sealing.index(digest.hex(), "request"),
            status=status,
            body=sealing.seal(answer, _about(account, key)),
            created_at=at,
        )
    return status, answer, False


def forget_old(*, at: datetime) -> int:
    """Delete answers older than ``KEPT``; how many there were."""
    return Answer.objects.filter(created_at__lt=at - KEPT).delete()[0]


def _lock_and_recall(account: UUID, key: str) -> tuple[int, bytes, bytes] | None:
    """Take the key for this transaction, then look for its answer; raises ``InProgress``."""
    with connection.cursor() as cursor:
        number = int.from_bytes(
            hashlib.sha256(_about(account, key).encode()).digest()[:8], "big", signed=True
        )
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise InProgress(retry_after_s=1)
        # A statement of its own: its snapshot must be younger than the lock.
        cursor.execute(
            "SELECT status, body, request_digest FROM hospital_answer"
            " WHERE account_id = %s AND key = %s",
            [account, key],
        )
        row = cursor.fetchone()
    return None if row is None else (row[0], bytes(row[1]), bytes(row[2]))


def _about(account: UUID, key: str) -> str:
    return f"answer/{account.hex}/{key}"


SEALED = Sealed(
    Answer, ("body",), lambda answer, _: _about(answer.account_id, answer.key), ("account", "key")
)
