"""
A courier company's interface: order a parcel to be fetched, call it off, ask, and be told.

The format is our own. Those of express companies (SF's 丰桥 and their like) want the receiver's
name, telephone and address in every order, and sign with MD5. An order of ours holds none of them:
the courier's own account reads where it goes, and the look is recorded (decision 0049).

    POST {base}/v1/orders                   {"number", "from", "goods", "cold"}   → {"number"}
    POST {base}/v1/orders/{number}/cancel   {}                                    → {"number"}
    GET  {base}/v1/orders/{number}          → {"number", "news": [News, …]}
    POST our /api/parcels/news              News = {"order", "number", "state", "at"}

Both sides sign each request: HMAC-SHA256 under the shared secret over method, path, timestamp,
nonce and the SHA-256 of the body, one a line. A request is believed for 300 seconds; a repetition
is known by the number of the order, or of the news, and has no effect.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from django.conf import settings

from hospital.gateways import exchange
from hospital.gateways.exchange import Answer, Busy, Patience, Unavailable
from pharmacy.parcels import NUMBER, TOLD

__all__ = ["Couriers", "CouriersClient", "ForgedNews", "News", "Order", "Refused", "Unavailable"]

FRESH: Final = timedelta(seconds=300)
GOODS: Final = "药品"
NEWS_MAX: Final = 100
NUMBER_OF_NEWS_MAX: Final = 1_000_000
APP, STAMP, NONCE, SIGNATURE = (
    "Courier-App",
    "Courier-Timestamp",
    "Courier-Nonce",
    "Courier-Signature",
)
_NONCE: Final = re.compile(r"[0-9A-Za-z]{16,64}")
_STAMP: Final = re.compile(r"[0-9]{1,12}")


class Refused(Exception):
    """The company says no; ``code`` is its word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnknownOrder(Refused):
    """The company has no order of this number; it may be asked again under it."""


class ForgedNews(Exception):
    """Nobody who knows the secret has sent this now; or it is no news."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a company has to know to fetch it: ``pharmacy`` is the slug of where."""

    number: str
    pharmacy: str
    cold: bool


@dataclass(frozen=True, slots=True)
class News:
    """``number`` counts what is told of an order from 1; ``at``: when it happened."""

    order: str
    number: int
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Secret:
    """What we and the company share."""

    app: str
    secret: str = field(repr=False)

    def headers(self, method: str, path: str, body: bytes, *, at: int) -> dict[str, str]:
        """What a request is sent with."""
        nonce = secrets.token_hex(16)
        return {
            APP: self.app,
            STAMP: str(at),
            NONCE: nonce,
            SIGNATURE: self._signature(method, path, str(at), nonce, body),
            "Content-Type": "application/json",
        }

    def check(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, *, at: datetime
    ) -> None:
        """Raises ``ForgedNews`` unless the other side has signed this, not long ago."""
        stamp, nonce = headers.get(STAMP, ""), headers.get(NONCE, "")
        if headers.get(APP, "") != self.app or not self.secret:
            raise ForgedNews("app")
        if not _STAMP.fullmatch(stamp) or not _NONCE.fullmatch(nonce):
            raise ForgedNews("headers")
        expected = self._signature(method, path, stamp, nonce, body)
        if not hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode()):
            raise ForgedNews("signature")
        if abs(at.timestamp() - int(stamp)) > FRESH.total_seconds():
            raise ForgedNews("stale")

    def _signature(self, method: str, path: str, stamp: str, nonce: str, body: bytes) -> str:
        text = "\n".join([method, path, stamp, nonce, hashlib.sha256(body).hexdigest()])
        return hmac.digest(self.secret.encode(), text.encode(), "sha256").hex()


class Couriers(Protocol):
    """What is asked of a company. All may also raise ``Unavailable``: nobody knows then."""

    def order(self, order: Order) -> None:
        """
        Have a parcel fetched; the same number again is the same order.

        Raises:
            Refused: the company does not take it.
        """

    def cancel(self, number: str) -> None:
        """
        Call an order off; again is no harm.

        Raises:
            UnknownOrder: there is none.
            Refused: it is too late.
        """

    def query(self, number: str) -> list[News]:
        """
        All that happened to an order, in its order.

        Raises:
            UnknownOrder: there is none.
        """


class CouriersClient:
    """A company over HTTP."""

    def __init__(self, secret: Secret, *, base: str, patience: Patience = exchange.USUAL) -> None:
        self._secret, self._base, self._patience = secret, base, patience

    def order(self, order: Order) -> None:
        """See ``Couriers.order``."""
        asked = {
            "number": order.number,
            "from": order.pharmacy,
            "goods": GOODS,
            "cold": order.cold,
        }
        self._ask("POST", "/v1/orders", asked, order.number)

    def cancel(self, number: str) -> None:
        """See ``Couriers.cancel``."""
        self._ask("POST", f"/v1/orders/{_number(number)}/cancel", {}, number)

    def query(self, number: str) -> list[News]:
        """See ``Couriers.query``."""
        told = self._ask("GET", f"/v1/orders/{_number(number)}", None, number).get("news")
        if not isinstance(told, list) or len(told) > NEWS_MAX:
            raise Unavailable("an answer without news")
        try:
            found = [_news(one) for one in told]
        except ForgedNews as fault:
            raise Unavailable("an answer with other news than those of a parcel") from fault
        if any(one.order != number for one in found):
            raise Unavailable("news of another order")
        return found

    def _ask(self, method: str, path: str, asked: Any, number: str) -> dict[str, Any]:
        body = b"" if asked is None else json.dumps(asked, ensure_ascii=False).encode()
        answer = exchange.repeat(lambda: self._once(method, path, body), self._patience)
        content = answer.content()
        if answer.status >= 400:
            code = str(content.get("code", ""))[:40]
            raise UnknownOrder(code) if answer.status == 404 else Refused(code)
        if answer.status != 200 or content.get("number") != number:
            raise Unavailable("the answer to another question")
        return content

    def _once(self, method: str, path: str, body: bytes) -> Answer:
        headers = self._secret.headers(method, path, body, at=int(time.time()))
        answer = exchange.ask(
            method, self._base + path, headers=headers, content=body, patience=self._patience
        )
        if answer.status == 429 or answer.status >= 500:
            raise Busy(f"HTTP {answer.status}")
        return answer


def read_news(
    method: str, path: str, headers: Mapping[str, str], body: bytes, *, at: datetime
) -> News:
    """What the company tells, if it was the company. Raises ``ForgedNews``."""
    secret().check(method, path, headers, body, at=at)
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise ForgedNews("body") from fault
    return _news(told)


def secret() -> Secret:
    """What we share with the company of the settings."""
    return Secret(settings.COURIER["app"], settings.COURIER["secret"])


def client() -> Couriers:
    """The client that the settings describe."""
    return CouriersClient(secret(), base=settings.COURIER["base"])


def _news(told: object) -> News:
    """Raises ``ForgedNews``."""
    if not isinstance(told, dict):
        raise ForgedNews("news")
    order, number, state, at = (told.get(name) for name in ("order", "number", "state", "at"))
    if not isinstance(order, str) or not NUMBER.fullmatch(order):
        raise ForgedNews("order")
    if type(number) is not int or not 1 <= number <= NUMBER_OF_NEWS_MAX or state not in TOLD:
        raise ForgedNews("number or state")
    try:
        happened = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError as fault:
        raise ForgedNews("at") from fault
    if happened is None or happened.tzinfo is None or not 2000 < happened.year < 9999:
        raise ForgedNews("at")
    return News(order, number, str(state), happened)


def _number(text: str) -> str:
    """Digits and letters: nothing to escape in a path."""
    if not NUMBER.fullmatch(text):
        raise ValueError(f"not an order's number: {text!r}")
    return text
