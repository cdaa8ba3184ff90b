"""
WeChat's own interfaces: log-in codes, the access token, subscribe messages.

All answer HTTP 200 and say what is wrong by ``errcode``, as ``text/plain``, as the original does.
Source: developers.weixin.qq.com/miniprogram/dev/server/API
"""

import re
import secrets
import threading
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config.simulators import web
from config.simulators.clock import Clock
from config.simulators.environment import Merchant
from config.simulators.web import Answer, Question, Route

CODE_LIFE = timedelta(minutes=5)
TOKEN_LIFE_S = 7200
THING_MAX = 20
_TIME = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日( \d{2}:\d{2})?|\d{2}:\d{2}")
PER_MINUTE = 100
MEANINGS = {
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40029: "invalid code",
    40037: "invalid template_id",
    40125: "invalid appsecret",
    40163: "code been used",
    40226: "code blocked",
    43101: "user refuse to accept the msg",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47003: "argument invalid",
}


@dataclass(slots=True)
class Code:
    """What the phone of ``openid`` got from ``wx.login()``, or a page (``h5``) by OAuth."""

    openid: str
    appid: str
    good_until: datetime
    risky: bool
    h5: bool = False
    used: bool = False


class Wrong(Exception):
    """An answer with an ``errcode``."""

    def __init__(self, errcode: int) -> None:
        super().__init__(errcode)
        content = {"errcode": errcode, "errmsg": f"{MEANINGS[errcode]}, rid: simulator"}
        self.answer = web.of_json(content, kind="text/plain")


class Login:
    """The mini program's server side, as far as the hospital uses it."""

    def __init__(self, merchant: Merchant, clock: Clock) -> None:
        self._merchant = merchant
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: dict[str, Code] = {}
        self._asked: Counter[tuple[str, int]] = Counter()
        self._token, self._token_until = "", clock.now()
        self._accepted: Counter[tuple[str, str]] = Counter()
        self.messages: list[dict[str, Any]] = []

    def routes(self) -> list[Route]:
        """The interfaces under their official paths."""
        return [
            Route("GET", "/sns/jscode2session", plain(self.session)),
            Route("GET", "/sns/oauth2/access_token", plain(self.page_session)),
            Route("POST", "/cgi-bin/stable_token", plain(self.token)),
            Route("POST", "/cgi-bin/message/subscribe/send", plain(self.message)),
        ]

    def issue_code(
        self, openid: str, *, appid: str = "", risky: bool = False, h5: bool = False
    ) -> str:
        """A code as the phone gets it; ``appid`` may be another app's."""
        code = f"0{secrets.token_hex(15)}"
        with self._lock:
            self._codes[code] = Code(
                openid, appid or self._merchant.appid, self._clock.now() + CODE_LIFE, risky, h5
            )
        return code

    def accept_messages(self, openid: str, template_id: str) -> None:
        """The person's tap: one more message of this template may be sent."""
        with self._lock:
            self._accepted[openid, template_id] += 1

    def session(self, question: Question) -> dict[str, Any]:
        """``jscode2session``: a code becomes an openid, once."""
        openid = self._spent(question, "js_code", h5=False)
        return {"session_key": b64encode(secrets.token_bytes(16)).decode(), "openid": openid}

    def page_session(self, question: Question) -> dict[str, Any]:
        """``oauth2/access_token``: a page's code becomes an openid, once."""
        openid = self._spent(question, "code", h5=True)
        tokens = {name: secrets.token_urlsafe(64) for name in ("access_token", "refresh_token")}
        return {**tokens, "expires_in": TOKEN_LIFE_S, "openid": openid, "scope": "snsapi_base"}

    def _spent(self, question: Question, parameter: str, *, h5: bool) -> str:
        """The openid of a code of this kind, which is then used. Raises ``Wrong``."""
        self._check_credentials(question.query)
        if question.query.get("grant_type") != "authorization_code":
            raise Wrong(40002)
        with self._lock:
            code = self._codes.get(question.query.get(parameter, ""))
            if code is None or code.h5 != h5 or code.appid != self._merchant.appid:
                raise Wrong(40029)
            minute = (code.openid, int(self._clock.now().timestamp() // 60))
            self._asked[minute] += 1
            if self._asked[minute] > PER_MINUTE:
                raise Wrong(45011)
            if code.used:
                raise Wrong(40163)
            if self._clock.now() >= code.good_until:
                raise Wrong(40029)
            if code.risky:
                raise Wrong(40226)
            code.used = True
            return code.openid

    def token(self, question: Question) -> dict[str, Any]:
        """``stable_token``: the same one until five minutes before its end, unless forced."""
        content = question.content()
        self._check_credentials(content)
        if content.get("grant_type") != "client_credential":
            raise Wrong(40002)
        with self._lock:
            left_s = (self._token_until - self._clock.now()).total_seconds()
            if left_s < 300 or content.get("force_refresh") is True:
                self._token, left_s = secrets.token_urlsafe(96), TOKEN_LIFE_S
                self._token_until = self._clock.now() + timedelta(seconds=TOKEN_LIFE_S)
            return {"access_token": self._token, "expires_in": int(left_s)}

    def message(self, question: Question) -> dict[str, Any]:
        """``subscribe/send``: one message for each tap of the person."""
        content = question.content()
        data = content.get("data")
        self.check_token(question)
        with self._lock:
            if not content.get("touser"):
                raise Wrong(40003)
            if not content.get("template_id"):
                raise Wrong(40037)
            if not isinstance(data, dict) or not all(map(_is_value, data, data.values())):
                raise Wrong(47003)
            grant = (str(content["touser"]), str(content.get("template_id")))
            if not self._accepted[grant]:
                raise Wrong(43101)
            self._accepted[grant] -= 1
            self.messages.append(content)
        return {"errcode": 0, "errmsg": "ok"}

    def check_token(self, question: Question) -> None:
        """Raises ``Wrong`` unless the question carries the token that is good now."""
        with self._lock:
            token = question.query.get("access_token")
            if not token or token != self._token or self._clock.now() >= self._token_until:
                raise Wrong(40001)

    def _check_credentials(self, given: dict[str, Any]) -> None:
        if given.get("appid") != self._merchant.appid:
            raise Wrong(40013)
        if given.get("secret") != self._merchant.secret:
            raise Wrong(40125)


def _is_value(name: str, entry: object) -> bool:
    """Whether a field of a message is of its kind, which its name begins with, and not too long."""
    value = entry.get("value") if isinstance(entry, dict) else None
    if not isinstance(value, str) or not value:
        return False
    if name.startswith("time"):
        return _TIME.fullmatch(value) is not None
    return not name.startswith("thing") or len(value) <= THING_MAX


def plain(handler: Any) -> web.Handler:
    """Answer what ``handler`` returns, or the ``errcode`` it raises."""

    def answer(question: Question) -> Answer:
        try:
            return web.of_json(handler(question), kind="text/plain")
        except Wrong as wrong:
            return wrong.answer

    return answer
