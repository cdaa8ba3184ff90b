"""
WeChat's access token, kept by each process until five minutes before its end.

``stable_token`` answers every process with the same token, and the old one stays good for five
minutes after a new one was given out, so nothing has to be agreed among processes.

Source: developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

from hospital.gateways import exchange
from hospital.gateways.exchange import Busy, Patience, Unavailable

MARGIN_S: Final = 300
BUSY: Final = -1
NOT_THE_LATEST: Final = (40001, 40014, 42001)
"""The token is wrong, malformed or too old: another one is asked for, once."""


@dataclass(slots=True)
class Tokens:
    """The token of one mini program. ``secret`` authenticates it and appears in no message."""

    base: str
    appid: str
    secret: str = field(repr=False)
    patience: Patience = exchange.USUAL
    _token: str = field(default="", repr=False)
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def ask(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """
        Ask one of WeChat's interfaces that take an access token; its answer, ``errcode`` included.

        Raises:
            Unavailable: no answer that can be used.
        """
        answer = exchange.repeat(lambda: self._ask(path, content), self.patience)
        if answer.get("errcode") in NOT_THE_LATEST:
            self._forget()
            answer = exchange.repeat(lambda: self._ask(path, content), self.patience)
        return answer

    def _ask(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        return self._post(f"{path}?access_token={self._current()}", content)

    def _current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                self._token, good_s = self._fetch()
                self._until = time.monotonic() + good_s - MARGIN_S
            return self._token

    def _forget(self) -> None:
        with self._lock:
            self._until = 0.0

    def _fetch(self) -> tuple[str, int]:
        question = {
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.secret,
        }
        answer = self._post("/cgi-bin/stable_token", question)
        token, good_s = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(good_s, int):
            raise Unavailable(f"no access token, errcode {answer.get('errcode')}")
        return token, good_s

    def _post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Ask once. Only ``Busy`` is worth another attempt."""
        answer = exchange.ask(
            "POST",
            f"{self.base}{path}",
            headers={"Content-Type": "application/json"},
            content=json.dumps(content, ensure_ascii=False).encode(),
            patience=self.patience,
        )
        if answer.status >= 500:
            raise Busy(f"HTTP {answer.status}")
        said = answer.content()
        if said.get("errcode") == BUSY:
            raise Busy("errcode -1")
        if answer.status != 200:
            raise Unavailable(f"HTTP {answer.status}")
        return said
