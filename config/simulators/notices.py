"""
Notices to the merchant: made, sealed, signed, delivered, and delivered again until a 2xx answer.

A notice that is not answered within five seconds, or by anything but 2xx, is sent again, signed
anew, after the pauses of ``PAUSES_S`` (divided by the clock's scale), fifteen times at most.
Source: pay.weixin.qq.com/doc/v3/merchant, "Payment success notice".
"""

import heapq
import itertools
import json
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from config.simulators.clock import Clock, rfc3339, stamp
from config.simulators.signing import Signer
from config.simulators.web import Refusal

ANSWER_WITHIN_S = 5.0
PAUSES_S = (15, 15, 30, 180, 600, *[1200], *[1800] * 3, 3600, *[10800] * 3, *[21600] * 2)
FORGERIES = ("probe", "signature", "serial", "body", "stale")


@dataclass(frozen=True, slots=True)
class Manner:
    """
    How the notices of one order travel.

    ``lost``: never. ``copies``: so often, ``gap_s`` apart, whatever the answer. ``delay_s``: so
    late. ``content``: these fields instead of the true ones. ``forgery``: besides, and never
    repeated, one that is not genuine, as ``FORGERIES`` names them.
    """

    lost: bool = False
    copies: int = 1
    gap_s: float = 0.0
    delay_s: float = 0.0
    content: dict[str, Any] = field(default_factory=dict)
    forgery: str = ""

    def __post_init__(self) -> None:
        if self.forgery not in ("", *FORGERIES):
            raise Refusal(400, "PARAM_ERROR", f"no such forgery: {self.forgery}")


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice on its way; ``attempt`` counts from 0, ``again`` says whether it is repeated."""

    number: str
    address: str
    event: str
    body: bytes
    forgery: str = ""
    again: bool = False
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an attempt; ``status`` 0 stands for no answer in time."""

    event: str
    id: str
    attempt: int
    forgery: str
    status: int


class Postman:
    """Delivers letters in the background, eight at a time."""

    def __init__(self, signer: Signer, clock: Clock) -> None:
        self._signer = signer
        self._clock = clock
        self._due: list[tuple[float, int, Letter]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._hands = ThreadPoolExecutor(max_workers=8, thread_name_prefix="postman")
        self._client = httpx.Client(timeout=ANSWER_WITHIN_S, trust_env=False)
        self._log: dict[str, list[Delivery]] = {}
        self._thread: threading.Thread | None = None

    def write(self, address: str, event: str, content: dict[str, Any], manner: Manner) -> Letter:
        """A letter with ``content``, in which ``manner.content`` replaces what it names."""
        kind = event.partition(".")[0].lower()
        merged = _merged(content, manner.content)
        body = {
            "id": secrets.token_hex(16),
            "create_time": rfc3339(self._clock.now()),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "通知",
            "resource": self._signer.seal(merged, kind=kind),
        }
        number = str(content["out_trade_no"])
        text = json.dumps(body, ensure_ascii=False).encode()
        return Letter(number, address, event, text, forgery=manner.forgery)

    def post(self, address: str, event: str, content: dict[str, Any], manner: Manner) -> None:
        """Send the notice of an event in an order's ``manner``."""
        letter = self.write(address, event, content, manner)
        if letter.forgery:
            self._later(letter, manner.delay_s)
        if manner.lost:
            return
        for copy in range(manner.copies):
            genuine = Letter(letter.number, address, event, letter.body, again=copy == 0)
            self._later(genuine, manner.delay_s + manner.gap_s * copy)

    def deliver(self, letter: Letter) -> Delivery:
        """Make one attempt now."""
        headers, body = sign(letter, self._signer)
        try:
            answer = self._client.post(letter.address, content=body, headers=headers)
            status = answer.status_code
        except httpx.HTTPError:
            status = 0
        id = json.loads(letter.body)["id"]
        delivery = Delivery(letter.event, id, letter.attempt, letter.forgery, status)
        with self._wake:
            self._log.setdefault(letter.number, []).append(delivery)
        return delivery

    def deliveries(self, number: str) -> list[dict[str, Any]]:
        """Every attempt so far about one order."""
        with self._wake:
            return [asdict(one) for one in self._log.get(number, [])]

    def _later(self, letter: Letter, seconds: float) -> None:
        with self._wake:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), letter))
            if self._thread is None:
                self._thread = threading.Thread(target=self._walk, daemon=True)
                self._thread.start()
            self._wake.notify()

    def _walk(self) -> None:
        """Hand out each letter when it is due."""
        while True:
            with self._wake:
                while not self._due or self._due[0][0] > time.monotonic():
                    left_s = self._due[0][0] - time.monotonic() if self._due else None
                    self._wake.wait(left_s)
                _, _, letter = heapq.heappop(self._due)
            self._hands.submit(self._attempt, letter)

    def _attempt(self, letter: Letter) -> None:
        delivery = self.deliver(letter)
        if letter.again and not 200 <= delivery.status < 300 and letter.attempt < len(PAUSES_S):
            pause_s = PAUSES_S[letter.attempt] / self._clock.scale
            again = Letter(
                letter.number,
                letter.address,
                letter.event,
                letter.body,
                again=True,
                attempt=letter.attempt + 1,
            )
            self._later(again, pause_s)


def sign(letter: Letter, signer: Signer) -> tuple[dict[str, str], bytes]:
    """Headers and body as they travel, genuine or forged."""
    body = letter.body
    past = str(int(stamp()) - 301) if letter.forgery == "stale" else ""
    headers = {"Content-Type": "application/json", **signer.headers(body, stamp=past)}
    match letter.forgery:
        case "probe":
            headers["Wechatpay-Signature"] = f"WECHATPAY/SIGNTEST/{secrets.token_urlsafe(240)}"
        case "signature":
            headers["Wechatpay-Signature"] = signer.headers(body + b" ")["Wechatpay-Signature"]
        case "serial":
            headers["Wechatpay-Serial"] = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
        case "body":
            body = body.replace(b'"', b" ", 1)
    return headers, body


def _merged(content: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """``content`` with the fields of ``other``, one level deep in objects."""
    merged = dict(content)
    for name, value in other.items():
        inner = content.get(name)
        both = isinstance(value, dict) and isinstance(inner, dict)
        merged[name] = {**inner, **value} if both else value  # type: ignore[dict-item]
    return merged
