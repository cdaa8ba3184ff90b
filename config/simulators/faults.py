"""
How WeChat's answers go wrong, on demand: one fault for the next so many requests to some path.

    429 500            refused before anything is done
    busy               errcode -1, the log-in's way to say so
    limit openid token errcode 45009, 40003, 42001: too many today, not a person, an old token
    lost               done, and then HTTP 502: the caller cannot know
    slow               done, and answered after ``seconds``
    drip               done, and answered one byte at a time, ``seconds`` apart
    garbage 302 huge   an answer that is no JSON, points elsewhere, or is 10 MB long
    unsigned forged    without a signature, with one over other bytes,
    stale other        with one made ten minutes ago, or by an unknown key
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from config.simulators import clock, web
from config.simulators.signing import Signer
from config.simulators.web import Answer, Refusal

MARK = "Wechatpay-Signature"
BEFORE = {
    "429": Refusal(429, "FREQUENCY_LIMITED", "频率超限").answer,
    "500": Refusal(500, "SYSTEM_ERROR", "系统错误").answer,
    "busy": web.of_json({"errcode": -1, "errmsg": "system error"}),
    "limit": web.of_json({"errcode": 45009, "errmsg": "reach max api daily quota limit"}),
    "openid": web.of_json({"errcode": 40003, "errmsg": "invalid openid"}),
    "token": web.of_json({"errcode": 42001, "errmsg": "access_token expired"}),
}
AFTER: dict[str, Callable[[Answer, float], Answer]] = {
    "lost": lambda _, __: Answer(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"}),
    "slow": lambda answer, seconds: _after(seconds, answer),
    "drip": lambda answer, seconds: replace(answer, pace_s=seconds),
    "garbage": lambda _, __: Answer(200, b'{"prepay_id": \xff\xfe', {}),
    "302": lambda _, __: Answer(302, b"", {"Location": "https://example.invalid/"}),
    "huge": lambda answer, _: replace(answer, body=answer.body + b" " * 10_000_000),
}
SIGNING = ("unsigned", "forged", "stale", "other")


@dataclass(slots=True)
class Fault:
    """``kind`` for the next ``times`` requests whose path begins with ``path``."""

    kind: str
    path: str
    times: int
    seconds: float


class Faults:
    """The faults that are still to happen, oldest first."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: str, *, path: str = "/", times: int = 1, seconds: float = 1.0) -> None:
        """
        Let the next ``times`` answers go wrong.

        Raises:
            Refusal: there is no such kind of fault.
        """
        if kind not in (*BEFORE, *AFTER, *SIGNING):
            raise Refusal(400, "PARAM_ERROR", f"no such fault: {kind}")
        with self._lock:
            self._pending.append(Fault(kind, path, times, seconds))

    def clear(self) -> None:
        """Let everything go right again."""
        with self._lock:
            self._pending.clear()

    def take(self, path: str) -> Fault | None:
        """The fault that this request meets; it is used up."""
        with self._lock:
            fault = next((one for one in self._pending if path.startswith(one.path)), None)
            if fault is not None:
                fault.times -= 1
                self._pending = [one for one in self._pending if one.times > 0]
        return fault


def sign(answer: Answer, signer: Signer, kind: str, *, serial: str) -> Answer:
    """Sign an answer of WeChat Pay, well, or as ``kind`` says."""
    if kind == "unsigned":
        return answer
    past = str(int(clock.stamp()) - 600) if kind == "stale" else ""
    body = answer.body + b" " if kind == "forged" else answer.body
    headers = signer.headers(body, stamp=past, serial=serial)
    if kind == "other":
        headers["Wechatpay-Serial"] = "PUB_KEY_ID_SOMEBODY_ELSE"
    return replace(answer, headers={**answer.headers, **headers})


def _after(seconds: float, answer: Answer) -> Answer:
    time.sleep(seconds)
    return answer
