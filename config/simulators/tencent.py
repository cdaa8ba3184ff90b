"""
Tencent Cloud's check of a face: a token for one flow, and what the camera saw.

All answers are HTTP 200 and hold a ``Response``, an ``Error`` in it if something is wrong. Every
request is believed by its TC3-HMAC-SHA256 signature alone, over the headers that it says it signs.
Source: cloud.tencent.com/document/api/1007/31324 (signatures), …/31816, …/41957; texts are ours.
"""

import hashlib
import hmac
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from stdnum.cn import ric

from config.simulators import web
from config.simulators.clock import Clock
from config.simulators.environment import Cloud
from config.simulators.web import Answer, Question, Refusal, Route

LIFE, KEPT = timedelta(hours=2), timedelta(days=3)
FRESH_S = 300
VERSION = "2018-03-01"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/ ,]+)/(\d{4}-\d\d-\d\d)/([a-z]+|\d+)/tc3_request,"
    r" ?SignedHeaders=([a-z;-]+), ?Signature=([0-9a-f]{64})"
)


class Wrong(Exception):
    """An ``Error`` in the answer, under its official code."""


@dataclass(slots=True)
class Flow:
    """What was asked for, and what came of it (``text``)."""

    asked: dict[str, Any]
    begun_at: datetime
    text: dict[str, Any] = field(default_factory=dict)


class Tencent:
    """The two interfaces of the server, and the camera of the plug-in."""

    def __init__(self, cloud: Cloud, clock: Clock) -> None:
        self._cloud, self._clock = cloud, clock
        self._lock = threading.Lock()
        self._flows: dict[str, Flow] = {}

    def routes(self) -> list[Route]:
        """All actions have one address; the phone has another."""
        return [
            Route("POST", "/", self.act),
            Route("POST", "/simulator/tencent-face", self.camera),
        ]

    def act(self, question: Question) -> Answer:
        """The action that the header names, once the signature was found good."""
        actions = {"DetectAuth": self.begin, "GetDetectInfoEnhanced": self.outcome}
        try:
            check_signature(question, self._cloud)
            if question.headers.get("x-tc-version") != VERSION:
                raise Wrong("NoSuchVersion")
            action = actions.get(question.headers.get("x-tc-action", ""))
            if action is None:
                raise Wrong("InvalidAction")
            told = action(_content(question))
        except Wrong as wrong:
            code = str(wrong)
            told = {"Error": {"Code": code, "Message": f"simulator: {code}"}}
        return web.of_json({"Response": {**told, "RequestId": str(uuid4())}})

    def begin(self, content: dict[str, Any]) -> dict[str, Any]:
        """``DetectAuth``: a flow, if the identity is well-formed."""
        self._check_rule(content)
        number, name = content.get("IdCard", ""), content.get("Name", "")
        if not isinstance(number, str) or len(number) != 18:
            raise Wrong("FailedOperation.IdFormatError")
        if ric.calc_check_digit(number) != number[-1]:
            raise Wrong("FailedOperation.IdFormatError")
        if not isinstance(name, str) or not 0 < len(name) <= 32:
            raise Wrong("FailedOperation.NameFormatError")
        token = str(uuid4()).upper()
        with self._lock:
            self._flows[token] = Flow(content, self._clock.now())
        return {"BizToken": token, "Url": f"https://faceid.example/h5?token={token}"}

    def camera(self, question: Question) -> Answer:
        """``wx.startVerify`` of the plug-in: see ``look``."""
        content = question.content()
        result, changes = content.get("result", 0), content.get("changes", {})
        if not isinstance(result, int) or not isinstance(changes, dict):
            raise Refusal(400, "PARAM_ERROR", "result, changes")
        return web.of_json({"ErrCode": self.look(str(content.get("token")), result, changes)})

    def look(self, token: str, result: int, changes: dict[str, Any]) -> int:
        """
        The plug-in on the phone: the camera sees ``result``, 0 for the right person.

        ``changes`` are members of the text that differ. Raises ``Refusal``: unknown or too old.
        """
        with self._lock:
            flow = self._flows.get(token)
            if flow is None or self._clock.now() >= flow.begun_at + LIFE:
                raise Refusal(400, "BIZ_TOKEN", "the plug-in knows no such token")
            if flow.text.get("ErrCode") != 0:
                said = {name: flow.asked.get(name, "") for name in ("IdCard", "Name", "Extra")}
                flow.text = {"ErrCode": result, "ErrMsg": "", **said, **changes}
            return int(flow.text["ErrCode"])

    def outcome(self, content: dict[str, Any]) -> dict[str, Any]:
        """``GetDetectInfoEnhanced``: for whoever knows the token, as often as asked."""
        self._check_rule(content)
        with self._lock:
            flow = self._flows.get(str(content.get("BizToken")))
            if flow is None:
                raise Wrong("InvalidParameterValue.BizTokenIllegal")
            if self._clock.now() >= flow.begun_at + KEPT:
                raise Wrong("InvalidParameterValue.BizTokenExpired")
            nothing = {"ErrCode": None, "ErrMsg": None, "IdCard": "", "Name": "", "Extra": ""}
            return {"Text": {**nothing, **flow.text}, "IdCardData": None, "BestFrame": None}

    def _check_rule(self, content: dict[str, Any]) -> None:
        if content.get("RuleId") != self._cloud.rule_id:
            raise Wrong("InvalidParameterValue.RuleIdNotExist")


def check_signature(question: Question, cloud: Cloud) -> None:
    """Raises ``Wrong``: it is not signed by this secret, for this request, just now."""
    found = _AUTHORIZATION.fullmatch(question.headers.get("authorization", ""))
    timestamp = question.headers.get("x-tc-timestamp", "")
    if found is None or not re.fullmatch(r"[0-9]{10}", timestamp):
        raise Wrong("AuthFailure.InvalidAuthorization")
    secret_id, day, service, names, signature = found.groups()
    signed = names.split(";")
    if not {"content-type", "host"} <= set(signed) or signed != sorted(signed):
        raise Wrong("AuthFailure.InvalidAuthorization")
    if secret_id != cloud.secret_id:
        raise Wrong("AuthFailure.SecretIdNotFound")
    moment = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(time.time() - int(timestamp)) > FRESH_S or f"{moment:%Y-%m-%d}" != day:
        raise Wrong("AuthFailure.SignatureExpire")
    lines = "".join(f"{name}:{question.headers.get(name, '').strip()}\n" for name in signed)
    body = hashlib.sha256(question.body).hexdigest()
    request = "\n".join([question.method, question.path, "", lines, names, body])
    scope = f"{day}/{service}/tc3_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(["TC3-HMAC-SHA256", timestamp, scope, digest])
    key = b"TC3" + cloud.secret_key.encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    right = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right, signature):
        raise Wrong("AuthFailure.SignatureFailure")


def _content(question: Question) -> dict[str, Any]:
    try:
        return question.content()
    except Refusal as refusal:
        raise Wrong("InvalidParameter") from refusal
