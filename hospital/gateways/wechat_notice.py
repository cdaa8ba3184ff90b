"""
WeChat's subscribe messages (订阅消息): one message to one person, who has accepted it beforehand.

One attempt for one call: what is asked again after a time-out may arrive twice, so whoever calls
decides when. A token that is too old is replaced once.

Source: developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Final, Protocol

from django.conf import settings

from hospital.gateways.exchange import Patience, Unavailable
from hospital.gateways.wechat_token import NOT_THE_LATEST, Tokens

__all__ = ["Letter", "Refused", "Unavailable", "client"]

WRONG_OPENID: Final = 40003
UNSUBSCRIBED: Final = 43101
OUR_FAULT: Final = (40037, 41030, 47003)
"""A template, page or value that WeChat does not know or take: asking again changes nothing."""
FOR_GOOD: Final = (WRONG_OPENID, UNSUBSCRIBED, *OUR_FAULT)
ONCE: Final = Patience(attempts=1)
_PATH: Final = "/cgi-bin/message/subscribe/send"


class Refused(Exception):
    """WeChat does not deliver it, and will not if it is asked again."""

    def __init__(self, errcode: int) -> None:
        super().__init__(f"WeChat refused the message: {errcode}")
        self.errcode = errcode


@dataclass(frozen=True, slots=True)
class Letter:
    """Whom, by which template, and its values by name (``thing1`` …)."""

    openid: str = field(repr=False)
    template: str
    page: str
    values: dict[str, str]


class Messages(Protocol):
    """What the hospital asks of whoever delivers messages."""

    def send(self, letter: Letter) -> None:
        """
        Deliver it.

        Raises ``Refused``; ``Unavailable``: it may or may not have been delivered.
        """


@dataclass(frozen=True, slots=True)
class WeChatMessages:
    """See ``Messages``; over HTTP."""

    tokens: Tokens

    def send(self, letter: Letter) -> None:
        """See ``Messages.send``."""
        answer = self.tokens.ask(
            _PATH,
            {
                "touser": letter.openid,
                "template_id": letter.template,
                "page": letter.page,
                "data": {name: {"value": value} for name, value in letter.values.items()},
            },
        )
        errcode = answer.get("errcode")
        if errcode in FOR_GOOD:
            raise Refused(errcode)
        if errcode != 0:
            reason = "token" if errcode in NOT_THE_LATEST else "limit or fault"
            raise Unavailable(f"{reason}, errcode {errcode}")


def client() -> Messages:
    """The client that the settings describe, one per process."""
    wechat = settings.WECHAT
    return _client(wechat["api_base"], wechat["appid"], wechat["secret"])


@functools.lru_cache(maxsize=1)
def _client(base: str, appid: str, secret: str) -> WeChatMessages:
    return WeChatMessages(Tokens(base, appid, secret, ONCE))
