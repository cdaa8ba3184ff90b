"""
How Tencent Cloud wants a request to be signed (签名方法 v3, TC3-HMAC-SHA256).

Pure: no clock, no network. One POST of JSON to the root of one host, which is all that we ask.
Source: cloud.tencent.com/document/api/1007/31324
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

ALGORITHM: Final = "TC3-HMAC-SHA256"
JSON: Final = "application/json"
SIGNED: Final = "content-type;host"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks; ``secret_key`` leaves this process in no request and no message."""

    secret_id: str
    secret_key: str = field(repr=False)


def headers(
    credentials: Credentials, *, host: str, action: str, version: str, body: bytes, at: datetime
) -> dict[str, str]:
    """All headers of a POST of ``body`` to ``https://host/``; a port is part of ``host``."""
    service = host.partition(".")[0].partition(":")[0]
    timestamp = str(int(at.timestamp()))
    # UTC, whatever the zone of ``at``: the day is part of what the key is derived from.
    scope = f"{at.astimezone(UTC):%Y-%m-%d}/{service}/tc3_request"
    request = f"POST\n/\n\ncontent-type:{JSON}\nhost:{host}\n\n{SIGNED}\n{_sha256(body)}"
    text = f"{ALGORITHM}\n{timestamp}\n{scope}\n{_sha256(request.encode())}"
    key = f"TC3{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return {
        "Authorization": f"{ALGORITHM} Credential={credentials.secret_id}/{scope},"
        f" SignedHeaders={SIGNED}, Signature={_hmac(key, text).hex()}",
        "Content-Type": JSON,
        "Host": host,
        "X-TC-Action": action,
        "X-TC-Timestamp": timestamp,
        "X-TC-Version": version,
    }


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
