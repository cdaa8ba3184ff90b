"""
Tencent Cloud's check of a face (慧眼人脸核身): the other one behind ``wechat_face.FaceChecks``.

The server asks for a ``BizToken`` (``DetectAuth``), the mini program's plug-in looks at the face
with it, and the server asks what came of it (``GetDetectInfoEnhanced``). Where WeChat refuses a
question that differs from the one that began, Tencent Cloud answers whoever knows the token; so it
is here that name, identity number and our own number (``Extra``) are compared, and a result that
was of another person or another check is ``Refused``.

What it does not ask for: pictures, videos and the card (``InfoType`` 1 is text alone), and the
``Url``, which only pages outside mini programs take.

Source: cloud.tencent.com/document/api/1007/31816 (DetectAuth), …/1007/41957
(GetDetectInfoEnhanced); the codes as in the official SDK, ``faceid.v20180301.errorcodes``.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from hospital.gateways import exchange, tc3
from hospital.gateways.exchange import Busy, Patience, Unavailable
from hospital.gateways.wechat_face import PASSED, FaceChecks, Refused, Session

VERSION: Final = "2018-03-01"
SUCCESS: Final = 0
NOT_YET: Final = 0
"""As a ``verify_ret``: nobody has looked yet. Success is ``PASSED``, as with WeChat."""
ONLY_TEXT: Final = "1"
OF_THE_QUESTION: Final = (
    "InvalidParameter",
    "InvalidParameterValue",
    "InvalidParameterValue.BizTokenExpired",
    "InvalidParameterValue.BizTokenIllegal",
    "FailedOperation.IdFormatError",
    "FailedOperation.IdNameMisMatch",
    "FailedOperation.IdNoExistSystem",
    "FailedOperation.IdentityAuthLimitExceeded",
    "FailedOperation.NameFormatError",
)
"""What is wrong with this identity or token; all else is wrong with us, or there."""
PASSING: Final = ("InternalError", "RequestLimitExceeded", "FailedOperation.DbError")
_ID_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class TencentFace:
    """See ``FaceChecks``; over HTTP. ``rule_id``: the flow that was set up in the console."""

    base: str
    credentials: tc3.Credentials
    rule_id: str
    patience: Patience = exchange.USUAL

    def begin(self, session: Session) -> str:
        """See ``FaceChecks.begin``: the ``BizToken``."""
        told = self._ask(
            "DetectAuth",
            {
                "RuleId": self.rule_id,
                "Name": session.identity.name,
                "IdCard": session.identity.id_number,
                "Extra": session.number,
            },
        )
        token = told.get("BizToken")
        if not isinstance(token, str) or not 0 < len(token) <= _ID_MAX:
            raise Unavailable("an answer without a BizToken")
        return token

    def outcome(self, session: Session, verify_id: str) -> int:
        """See ``FaceChecks.outcome``: ``PASSED``, ``NOT_YET``, or Tencent Cloud's ``ErrCode``."""
        told = self._ask(
            "GetDetectInfoEnhanced",
            {"BizToken": verify_id, "RuleId": self.rule_id, "InfoType": ONLY_TEXT},
        )
        text = told.get("Text")
        if text is None:
            return NOT_YET
        if not isinstance(text, dict) or "ErrCode" not in text:
            raise Unavailable("an answer without an ErrCode")
        result = text["ErrCode"]
        if result is None:
            return NOT_YET
        if not isinstance(result, int) or isinstance(result, bool) or result == PASSED:
            raise Unavailable("an ErrCode that is none")
        return _checked(text, session) if result == SUCCESS else result

    def _ask(self, action: str, content: dict[str, Any]) -> dict[str, Any]:
        """What stands in the answer's ``Response``. Raises ``Refused``, ``Unavailable``."""
        body = json.dumps(content, ensure_ascii=False).encode()
        return exchange.repeat(lambda: self._post(action, body), self.patience)

    def _post(self, action: str, body: bytes) -> dict[str, Any]:
        """Ask once. Only ``Busy`` is worth another attempt."""
        answer = exchange.ask(
            "POST",
            f"{self.base}/",
            headers=tc3.headers(
                self.credentials,
                host=urlsplit(self.base).netloc,
                action=action,
                version=VERSION,
                body=body,
                at=datetime.now(UTC),
            ),
            content=body,
            patience=self.patience,
        )
        if answer.status >= 500:
            raise Busy(f"HTTP {answer.status}")
        told = answer.content().get("Response")
        if answer.status != 200 or not isinstance(told, dict):
            raise Unavailable(f"HTTP {answer.status}, and no Response")
        _check_error(told.get("Error"))
        return told


def _check_error(error: object) -> None:
    """Raises what an answer's ``Error`` means."""
    if error is None:
        return
    code = error.get("Code") if isinstance(error, dict) else None
    if code in OF_THE_QUESTION:
        raise Refused(code)
    if isinstance(code, str) and code.startswith(PASSING):
        raise Busy(code)
    raise Unavailable(f"Tencent Cloud answered {code}")


def _checked(text: dict[str, Any], session: Session) -> int:
    """``PASSED`` if it is of this check and this person. Raises ``Refused``."""
    who = session.identity
    asked = (session.number, who.name, who.id_number)
    if tuple(text.get(name) for name in ("Extra", "Name", "IdCard")) != asked:
        raise Refused("another result")
    return PASSED


def client() -> FaceChecks:
    """The client that the settings describe, one per process."""
    cloud = settings.TENCENT_CLOUD
    return _client(cloud["base"], cloud["secret_id"], cloud["secret_key"], cloud["rule_id"])


@functools.lru_cache(maxsize=1)
def _client(base: str, secret_id: str, secret_key: str, rule_id: str) -> TencentFace:
    return TencentFace(base, tc3.Credentials(secret_id, secret_key), rule_id)
