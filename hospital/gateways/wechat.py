"""
WeChat's log-in: the one-time code of ``wx.login()``, or of a page's OAuth, becomes an openid.

The code is good once and for five minutes. WeChat also answers a ``session_key``, with which one
could decrypt or forge what the person's WeChat signs; nothing here needs it, so it is dropped
where it arrives.

Repeating a question is safe: if WeChat used up the code and only its answer was lost, the second
attempt gets 40163, the person is told so, and the mini program asks for a new code.

A mini program's code and a page's (H5, ``snsapi_base``) are exchanged at two places, and neither
takes the other's. The page's exchange answers an ``access_token`` too, for the person's nickname
and picture; nothing here needs it, so it is dropped as well. openids belong to one appid, as
payments do: a deployment has one app, a mini program or a service account.

Sources: developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session;
developers.weixin.qq.com/doc/service/guide/h5/auth.html (网页授权)
"""

import functools
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from django.conf import settings

from hospital.gateways import exchange
from hospital.gateways.exchange import Busy, Patience, Unavailable

__all__ = ["CodeRefused", "Login", "Unavailable", "Via", "WeChat", "WeChatClient", "client"]

BUSY: Final = -1
UNKNOWN_CODE: Final = 40029
USED_CODE: Final = 40163
RISKY_PERSON: Final = 40226

_CODE: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")
_OPENID: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")


class Via(StrEnum):
    """Where the person is: in the mini program, or on a page within WeChat."""

    MINI_PROGRAM = "mini_program"
    H5 = "h5"


_EXCHANGES: Final = {
    Via.MINI_PROGRAM: ("/sns/jscode2session", "js_code"),
    Via.H5: ("/sns/oauth2/access_token", "code"),
}


class CodeRefused(Exception):
    """
    WeChat does not log this person in: the code is unknown, used, too old or another mini
    program's (40029, 40163), or WeChat holds the person's account for a danger (40226).
    """

    def __init__(self, errcode: int) -> None:
        super().__init__(f"WeChat refused the code: {errcode}")
        self.errcode = errcode


@dataclass(frozen=True, slots=True)
class Login:
    """``openid`` names a person to this mini program only."""

    openid: str


class WeChat(Protocol):
    """What the hospital asks of WeChat's servers."""

    def login(self, code: str, via: Via = Via.MINI_PROGRAM) -> Login:
        """
        Exchange a code for the openid of the person who got it.

        Raises:
            CodeRefused: the person must get a new code.
            Unavailable: nothing is known about the code; ask again later.
        """


@dataclass(frozen=True, slots=True)
class WeChatClient:
    """WeChat over HTTP. ``secret`` authenticates the mini program and appears in no message."""

    base: str
    appid: str
    secret: str = field(repr=False)
    patience: Patience = exchange.USUAL

    def login(self, code: str, via: Via = Via.MINI_PROGRAM) -> Login:
        """See ``WeChat.login``."""
        if not _CODE.fullmatch(code):
            raise CodeRefused(UNKNOWN_CODE)
        answer = exchange.repeat(lambda: self._exchange_code(code, via), self.patience)
        openid = answer.get("openid")
        if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
            raise Unavailable("an answer without an openid")
        return Login(openid=openid)

    def _exchange_code(self, code: str, via: Via) -> dict[str, Any]:
        """Ask once. Only ``Busy`` is worth another attempt."""
        path, parameter = _EXCHANGES[via]
        question = urlencode(
            {
                "appid": self.appid,
                "secret": self.secret,
                parameter: code,
                "grant_type": "authorization_code",
            }
        )
        url = f"{self.base}{path}?{question}"
        answer = exchange.ask("GET", url, patience=self.patience)
        if answer.status >= 500:
            raise Busy(f"HTTP {answer.status}")
        content = answer.content()
        match content.get("errcode", 0):
            case 0 if answer.status == 200:
                return content
            case int(refused) if refused in (UNKNOWN_CODE, USED_CODE, RISKY_PERSON):
                raise CodeRefused(refused)
            case int(busy) if busy == BUSY:
                raise Busy("errcode -1")
            case other:
                raise Unavailable(f"HTTP {answer.status}, errcode {other}")


def client() -> WeChat:
    """The client that the settings describe, one per process."""
    wechat = settings.WECHAT
    return _client(wechat["api_base"], wechat["appid"], wechat["secret"])


@functools.lru_cache(maxsize=1)
def _client(base: str, appid: str, secret: str) -> WeChatClient:
    return WeChatClient(base=base, appid=appid, secret=secret)
