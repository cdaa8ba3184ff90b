"""
WeChat's check of faces: a session for one phone and one identity, and what the camera saw.

All answer HTTP 200 and say what is wrong by ``errcode``. A session is bound to openid, number and
identity; whoever asks with another is refused.
Source: developers.weixin.qq.com/miniprogram/dev/server/API/face
"""

import hashlib
import re
import secrets
import threading
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stdnum.cn import ric

from config.simulators.clock import Clock
from config.simulators.login import Login, Wrong, plain
from config.simulators.web import Question, Refusal, Route

LIFE = timedelta(hours=1)
PASSED, OTHER_PHONE, NOT_YET = 10000, 10001, 90000
_NUMBER = re.compile(r"[A-Za-z0-9_-]{5,32}")


@dataclass(slots=True)
class Session:
    """What was asked for, and what came of it."""

    number: str
    openid: str
    digest: str
    good_until: datetime
    result: int = NOT_YET


class Faces:
    """The two interfaces of the server, and the camera of the phone."""

    def __init__(self, login: Login, clock: Clock) -> None:
        self._login, self._clock = login, clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def routes(self) -> list[Route]:
        """The interfaces under their official paths."""
        folder = "/cityservice/face/identify"
        return [
            Route("POST", f"{folder}/getverifyid", plain(self.begin)),
            Route("POST", f"{folder}/queryverifyinfo", plain(self.outcome)),
        ]

    def begin(self, question: Question) -> dict[str, Any]:
        """``getverifyid``: a session, if the identity is well-formed and the number is new."""
        self._login.check_token(question)
        content = question.content()
        number, openid, identity = (
            content.get(name) for name in ("out_seq_no", "openid", "cert_info")
        )
        if not isinstance(number, str) or not _NUMBER.fullmatch(number):
            raise Wrong(47003)
        if not isinstance(openid, str) or not openid:
            raise Wrong(40003)
        with self._lock:
            if any(one.number == number for one in self._sessions.values()):
                raise Wrong(47003)
            verify_id = secrets.token_urlsafe(48)
            self._sessions[verify_id] = Session(
                number, openid, _digest(identity), self._clock.now() + LIFE
            )
        seconds = int(LIFE.total_seconds())
        return {"errcode": 0, "errmsg": "ok", "verify_id": verify_id, "expires_in": seconds}

    def look(self, verify_id: str, openid: str, result: int) -> int:
        """
        ``wx.requestFacialVerify`` on the phone of ``openid``: the camera sees ``result``.

        A session of another phone does not pass. Raises ``Refusal``: unknown or too old.
        """
        with self._lock:
            session = self._sessions.get(verify_id)
            if session is None or self._clock.now() >= session.good_until:
                raise Refusal(400, "VERIFY_ID", "requestFacialVerify:fail invalid verifyId")
            if session.result != PASSED:
                session.result = result if openid == session.openid else OTHER_PHONE
            return session.result

    def look_here(self, verify_id: str, result: int) -> int:
        """``look``, by the camera of the very phone that the session is bound to."""
        with self._lock:
            session = self._sessions.get(verify_id)
        return self.look(verify_id, session.openid if session else "", result)

    def outcome(self, question: Question) -> dict[str, Any]:
        """``queryverifyinfo``: only for who knows all that the session is bound to."""
        self._login.check_token(question)
        content = question.content()
        with self._lock:
            session = self._sessions.get(str(content.get("verify_id")))
            asked = tuple(content.get(name) for name in ("out_seq_no", "cert_hash", "openid"))
            if session is None or asked != (session.number, session.digest, session.openid):
                raise Wrong(47003)
            return {"errcode": 0, "errmsg": "ok", "verify_ret": session.result}


def _digest(identity: object) -> str:
    """``cert_hash`` of an identity. Raises ``Wrong``: it is none."""
    if not isinstance(identity, dict):
        raise Wrong(47003)
    parts = [identity.get(name) for name in ("cert_type", "cert_name", "cert_no")]
    if not all(isinstance(one, str) and one for one in parts):
        raise Wrong(47003)
    kind, name, number = map(str, parts)
    right = len(number) == 18 and ric.calc_check_digit(number) == number[-1]
    if kind != "IDENTITY_CARD" or not right:
        raise Wrong(47003)
    texts = zip(("cert_type", "cert_name", "cert_no"), (kind, name, number), strict=True)
    encoded = "&".join(f"{key}={b64encode(text.encode()).decode()}" for key, text in texts)
    return hashlib.sha256(encoded.encode()).hexdigest()
