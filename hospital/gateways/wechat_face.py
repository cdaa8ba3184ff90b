"""
WeChat's check of a face (人脸核身 2.0): is the person before the phone the one of this identity?

The server asks for a ``verify_id``, the mini program calls ``wx.requestFacialVerify`` with it, and
the server asks what came of it. What the phone says of the outcome counts for nothing. WeChat binds
the ``verify_id`` to the openid, our number and the identity; a question that differs in any of them
is refused.

Source: developers.weixin.qq.com/miniprogram/dev/server/API/face (getVerifyId, queryVerifyInfo)
"""

from __future__ import annotations

import functools
import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final, Protocol

from django.conf import settings

from hospital.gateways import exchange
from hospital.gateways.exchange import Patience, Unavailable
from hospital.gateways.wechat_token import Tokens

__all__ = ["PASSED", "Identity", "Refused", "Session", "Unavailable", "client"]

PASSED: Final = 10000
CERT_TYPE: Final = "IDENTITY_CARD"
_FOLDER: Final = "/cityservice/face/identify"
_ID_MAX: Final = 256


class Refused(Exception):
    """The provider does not take the question: this identity, openid, number or ``verify_id``."""

    def __init__(self, errcode: object) -> None:
        super().__init__(f"the face check was refused: {errcode}")
        self.errcode = errcode


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody says he or she is."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)

    @property
    def digest(self) -> str:
        """``cert_hash``: lower-case hex SHA-256 over the three parts, each in Base64 of UTF-8."""
        parts = {"cert_type": CERT_TYPE, "cert_name": self.name, "cert_no": self.id_number}
        text = "&".join(
            f"{name}={b64encode(part.encode()).decode()}" for name, part in parts.items()
        )
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Session:
    """One check: our ``number`` for it, whose phone (``openid``), which identity."""

    number: str
    openid: str
    identity: Identity


class FaceChecks(Protocol):
    """What the hospital asks of whoever looks at faces."""

    def begin(self, session: Session) -> str:
        """
        The ``verify_id`` with which the phone looks at the face.

        Raises ``Refused``, ``Unavailable``.
        """

    def outcome(self, session: Session, verify_id: str) -> int:
        """
        ``verify_ret`` of a check that was begun: ``PASSED``, or why it has not passed (yet).

        Raises ``Refused``, ``Unavailable``.
        """


@dataclass(frozen=True, slots=True)
class WeChatFace:
    """See ``FaceChecks``; over HTTP."""

    tokens: Tokens

    def begin(self, session: Session) -> str:
        """See ``FaceChecks.begin``."""
        answer = self.tokens.ask(
            f"{_FOLDER}/getverifyid",
            {
                "out_seq_no": session.number,
                "cert_info": {
                    "cert_type": CERT_TYPE,
                    "cert_name": session.identity.name,
                    "cert_no": session.identity.id_number,
                },
                "openid": session.openid,
            },
        )
        if answer.get("errcode", 0) != 0:
            raise Refused(answer["errcode"])
        verify_id = answer.get("verify_id")
        if not isinstance(verify_id, str) or not 0 < len(verify_id) <= _ID_MAX:
            raise Unavailable("an answer without a verify_id")
        return verify_id

    def outcome(self, session: Session, verify_id: str) -> int:
        """See ``FaceChecks.outcome``."""
        answer = self.tokens.ask(
            f"{_FOLDER}/queryverifyinfo",
            {
                "verify_id": verify_id,
                "out_seq_no": session.number,
                "cert_hash": session.identity.digest,
                "openid": session.openid,
            },
        )
        if answer.get("errcode") != 0:
            raise Refused(answer.get("errcode"))
        result = answer.get("verify_ret")
        if not isinstance(result, int) or isinstance(result, bool):
            raise Unavailable("an answer without a verify_ret")
        return result


def client() -> FaceChecks:
    """The client that the settings describe, one per process."""
    wechat = settings.WECHAT
    return _client(wechat["api_base"], wechat["appid"], wechat["secret"])


@functools.lru_cache(maxsize=1)
def _client(base: str, appid: str, secret: str, patience: Patience = exchange.USUAL) -> WeChatFace:
    return WeChatFace(Tokens(base, appid, secret, patience))
