"""
A courier company in memory: orders by number, and what happens to each, told to the pharmacy.

    placed ─▶ assigned ─▶ picked_up ─▶ moving ─▶ delivered
                                         │ ▲
                                         ▼ │
                                        failed ─▶ returning ─▶ returned

A number stands for its order for ever: the same again is the same order, another one is refused.
What was fetched is not called off. The company is told what happens by ``/simulator/parcels``, in
any order: its riders' phones are late now and then.
"""

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from config.simulators import clock, web
from config.simulators.clock import Clock, rfc3339
from config.simulators.web import Answer, Question, Refusal, Route

STATES = ("assigned", "picked_up", "moving", "failed", "returning", "returned", "delivered")
FORGERIES = ("", "signature", "body", "stale", "app")
FRESH_S = 300
ANSWER_WITHIN_S = 5.0
ORDER = {"number": str, "from": str, "goods": str, "cold": bool}


@dataclass(frozen=True, slots=True)
class Company:
    """Its one customer; ``notify_url`` is where that is told of parcels."""

    app: str
    secret: str = field(repr=False)
    notify_url: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Company":
        """From the variables that the settings read, or those of the demo."""
        names = ("COURIER_APP", "COURIER_SECRET", "COURIER_NOTIFY_URL")
        return cls(*(environ.get(name) or DEMO.get(name, "") for name in names))


DEMO: Mapping[str, str] = {
    "COURIER_ORGANISATION": "guishun-courier",
    "COURIER_APP": "only-the-simulator",
    "COURIER_SECRET": "only-the-simulator-signs-with-this-too",
}


@dataclass(slots=True)
class Parcel:
    """``asked`` is the order; ``told`` what happened."""

    asked: dict[str, Any]
    cancelled: bool = False
    told: list[dict[str, Any]] = field(default_factory=list)

    @property
    def fetched(self) -> bool:
        return any(one["state"] not in ("assigned", "cancelled") for one in self.told)


class Couriers:
    """The book of parcels behind HTTP; ``lock`` guards it."""

    def __init__(self, company: Company, clock: Clock) -> None:
        self._company, self._clock = company, clock
        self._parcels: dict[str, Parcel] = {}
        self._client = httpx.Client(timeout=ANSWER_WITHIN_S, trust_env=False)
        self.lock = threading.Lock()

    def routes(self) -> list[Route]:
        """The company's, whose callers have signed; and its riders'."""
        return [
            Route("POST", "/v1/orders", self.order),
            Route("POST", "/v1/orders/{number}/cancel", self.cancel),
            Route("GET", "/v1/orders/{number}", self.query),
            Route("POST", "/simulator/parcels/{number}", self.happen),
            Route("GET", "/simulator/parcels/{number}", self.show),
        ]

    def order(self, question: Question) -> Answer:
        """Take an order, or find it again."""
        self._check(question)
        asked = question.content()
        if set(asked) != set(ORDER) or any(type(asked[one]) is not ORDER[one] for one in ORDER):
            raise Refusal(400, "PARAM_ERROR", "number, from, goods and cold, and nothing else")
        with self.lock:
            parcel = self._parcels.setdefault(asked["number"], Parcel(asked))
            if parcel.asked != asked:
                raise Refusal(409, "OTHER_ORDER", "this number is another order's")
        return web.of_json({"number": asked["number"]})

    def cancel(self, question: Question, number: str) -> Answer:
        """Call an order off, before anything was fetched."""
        self._check(question)
        with self.lock:
            parcel = self._found(number)
            if parcel.fetched:
                raise Refusal(409, "FETCHED", "it is on its way")
            if not parcel.cancelled:
                parcel.cancelled = True
                self._note(parcel, {"state": "cancelled"})
        return web.of_json({"number": number})

    def query(self, question: Question, number: str) -> Answer:
        """All that happened."""
        self._check(question)
        return self.show(question, number)

    def show(self, _: Question, number: str) -> Answer:
        with self.lock:
            parcel = self._found(number)
            return web.of_json({"number": number, "asked": parcel.asked, "news": parcel.told})

    def happen(self, question: Question, number: str) -> Answer:
        """
        A rider's phone tells of ``state``; the customer is told ``copies`` times, or never.

        ``news`` replaces fields of what is told, and of that alone; ``forgery`` makes it what
        nobody may believe. The answers that came.
        """
        content = question.content()
        if content.get("state") not in STATES or content.get("forgery", "") not in FORGERIES:
            raise Refusal(400, "PARAM_ERROR", "state or forgery")
        with self.lock:
            told = self._note(self._found(number), {"state": content["state"]})
        body = json.dumps({**told, **content.get("news", {})}).encode()
        copies = int(content.get("copies", 1))
        return web.of_json(
            {"statuses": [self._tell(body, content.get("forgery", "")) for _ in range(copies)]}
        )

    def _note(self, parcel: Parcel, what: dict[str, Any]) -> dict[str, Any]:
        told = {
            "order": parcel.asked["number"],
            "number": len(parcel.told) + 1,
            "at": rfc3339(self._clock.now()),
            **what,
        }
        parcel.told.append(told)
        return told

    def _tell(self, body: bytes, forgery: str) -> int:
        """One attempt; the status of the answer, 0 for none in time."""
        url = self._company.notify_url
        headers = self._signed("POST", urlsplit(url).path, body, forgery)
        sent = body.replace(b'"number": ', b'"number":  ') if forgery == "body" else body
        try:
            return self._client.post(url, content=sent, headers=headers).status_code
        except httpx.HTTPError:
            return 0

    def _signed(self, method: str, path: str, body: bytes, forgery: str) -> dict[str, str]:
        stamp = str(int(clock.stamp()) - (FRESH_S + 1) * (forgery == "stale"))
        nonce = secrets.token_hex(16)
        signature = self._signature(method, path, stamp, nonce, body)
        return {
            "Content-Type": "application/json",
            "Courier-App": "somebody-else" if forgery == "app" else self._company.app,
            "Courier-Timestamp": stamp,
            "Courier-Nonce": nonce,
            "Courier-Signature": "0" * 64 if forgery == "signature" else signature,
        }

    def _signature(self, method: str, path: str, stamp: str, nonce: str, body: bytes) -> str:
        said = f"{method}\n{path}\n{stamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
        return hmac.new(self._company.secret.encode(), said.encode(), hashlib.sha256).hexdigest()

    def _check(self, question: Question) -> None:
        """Only the customer, and only now."""
        headers = question.headers
        stamp, nonce = headers.get("courier-timestamp", ""), headers.get("courier-nonce", "")
        expected = self._signature(question.method, question.path, stamp, nonce, question.body)
        signed = hmac.compare_digest(expected, headers.get("courier-signature", ""))
        late = not stamp.isdigit() or abs(int(clock.stamp()) - int(stamp)) > FRESH_S
        if headers.get("courier-app") != self._company.app or not signed or late:
            raise Refusal(401, "SIGN_ERROR", "nobody we know has signed this now")

    def _found(self, number: str) -> Parcel:
        parcel = self._parcels.get(number)
        if parcel is None:
            raise Refusal(404, "NOT_FOUND", "there is no such order")
        return parcel
