"""
A client of the public API, as a phone or a desk would run it: it holds the private key.

Every write goes out under an Idempotency-Key and is repeated with the same key and bytes when the
answer is lost, so that a restart of the server in between costs a moment and changes nothing.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import httpx
from nacl.public import PrivateKey

from hospital import boxes
from ledger import note

Json = dict[str, Any]
AGAIN = {409: {"server.contended", "idempotency.in_progress"}, 503: None}
"""Status → codes that mean "the same again, please"; None: any code."""


OUTDATED = {"statement.stale", "statement.expired"}


class Problem(Exception):
    """The server refused: HTTP status, stable code, the whole problem."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body.get('code')}: {body}")
        self.status, self.body = status, body
        self.code = str(body.get("code", ""))


@dataclass(slots=True)
class Client:
    """
    One person or program. ``patience_s`` is how long a lost connection is tried again.

    ``key_name`` is known once the key is registered; ``guardianship`` is the one by which a
    guardian acts for the ward, empty for oneself. ``reading_keys`` open the answers that are
    sealed to the organisation; older ones open older answers.
    """

    http: httpx.Client
    signer: note.Signer | None = None
    token: str = ""
    account: str = ""
    patience_s: float = 0.0
    guardianship: str = ""
    reading_keys: list[PrivateKey] = field(default_factory=list)

    # --- plain calls -----------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Json:
        return self._answer(self._send("GET", path, {}, query=query))

    def each(self, path: str, name: str, **query: Any) -> Iterator[Json]:
        """The rows called ``name`` of a list, page after page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **query, **cursor)
            yield from page[name]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    def text(self, path: str) -> bytes:
        """A public document, as bytes."""
        answer = self._send("GET", path, {})
        if answer.status_code >= 400:
            raise Problem(answer.status_code, answer.json())
        return answer.content

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """A call that changes nothing: log-in, statements."""
        return self._answer(self._send("POST", path, dict(body or {})))

    def write(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> Json:
        """A write under an Idempotency-Key."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        return self._answer(self._send("POST", path, dict(body), headers=headers))

    def command(self, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """
        Draw the statement, sign it, send it: the two calls of a signed command.

        What went stale in between (somebody else was first) is drawn again, a few times.
        """
        values = dict(body or {})

        def once() -> Json:
            drawn = self.post(f"{path}/statement", {**values, "key": self.key_name})
            return self.write(path, {**values, **self.signed(drawn)})

        return _drawn_anew(once)

    # --- keys and log-in ---------------------------------------------------------------------

    @property
    def key_name(self) -> str:
        assert self.signer is not None, "register a key first"
        return self.signer.verifier.name

    def sign(self, text: str) -> str:
        assert self.signer is not None
        return note.sign(text.encode(), self.signer).decode()

    def signed(self, drawn: Json) -> Json:
        """What was drawn, signed: ``note``, and ``more`` where several logs are to hold it."""
        more = [self.sign(text) for text in drawn.get("more", [])]
        return {"note": self.sign(drawn["statement"]), **({"more": more} if more else {})}

    def enrol(self, code: str) -> None:
        self._enter(self.post("/api/login/enrolment", {"code": code}))

    def enter_with_wechat(self, code: str) -> Json:
        session = self.post("/api/login/wechat", {"code": code})
        self._enter(session)
        return session

    def enter_with_key(self) -> None:
        challenge = self.post("/api/login/challenge", {"key": self.key_name})["challenge"]
        self._enter(self.post("/api/login/key", {"note": self.sign(challenge)}))

    def register_key(self, seed: bytes, face_check: str = "") -> None:
        """Register the key of this seed; the server decides its name."""
        public = note.Signer("new", seed).verifier.public_key
        text = base64.b64encode(public).decode()
        seen = {"face_check": face_check} if face_check else {}

        def register() -> Json:
            drawn = self.post("/api/keys/statement", {"public_key": text})
            self.signer = note.Signer(drawn["key"], seed)
            return self.write("/api/keys", {"public_key": text, **seen, **self.signed(drawn)})

        _drawn_anew(register)

    def for_ward(self, guardianship: str) -> Client:
        """The same phone, acting for the ward of this guardianship."""
        return replace(self, guardianship=guardianship)

    def propose_reading_key(self, key: PrivateKey) -> Json:
        """Propose the organisation's reading key, showing that it is here; another registers."""
        path, public = "/api/reading-key/propose", base64.b64encode(bytes(key.public_key)).decode()

        def propose() -> Json:
            drawn = self.post(f"{path}/statement", {"public_key": public, "key": self.key_name})
            challenge = base64.b64decode(drawn["shows"]["challenge"])
            answer = boxes.unsealed(challenge, [key]).decode()
            return self.write(path, {"public_key": public, "answer": answer, **self.signed(drawn)})

        return _drawn_anew(propose)

    # --- how calls go out ----------------------------------------------------------------------

    def _enter(self, session: Json) -> None:
        self.token, self.account = session["token"], session["account"]

    def _send(
        self,
        method: str,
        path: str,
        body: Json,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        until = time.monotonic() + self.patience_s
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        known |= {"Guardianship": self.guardianship} if self.guardianship else {}
        pause = 0.05
        while True:
            try:
                answer = self.http.request(
                    method,
                    path,
                    json=body if method == "POST" else None,
                    params=query,
                    headers={**known, **(headers or {})},
                )
                if not _try_again(answer) or time.monotonic() >= until:
                    return answer
            except httpx.TransportError:
                if time.monotonic() >= until:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _answer(self, answer: httpx.Response) -> Json:
        body: Json = answer.json() if answer.content else {}
        if self.reading_keys:
            body = boxes.opened(body, self.reading_keys)
        if answer.status_code >= 400:
            raise Problem(answer.status_code, body)
        return body


def _drawn_anew(command: Callable[[], Json], tries: int = 3) -> Json:
    """Draw and sign; again if something happened in between, a few times."""
    for left in reversed(range(tries)):
        try:
            return command()
        except Problem as problem:
            if not left or problem.code not in OUTDATED:
                raise
    raise AssertionError("unreachable")


def _try_again(answer: httpx.Response) -> bool:
    codes = AGAIN.get(answer.status_code, set())
    if codes is None:
        return True
    return bool(codes) and answer.json().get("code") in codes
