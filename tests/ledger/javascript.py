"""The checker in JavaScript, asked line by line in one Node process."""

from __future__ import annotations

import base64
import functools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ledger import receiptfile
from ledger.note import BadSignature, Malformed
from ledger.policy import BadPolicy, NotFinal, Policy
from ledger.receipt import NotIncluded

CHECKER = Path(__file__).with_name("checker.mjs")
CODES = {
    BadPolicy: "bad_policy",
    Malformed: "malformed",
    BadSignature: "bad_signature",
    NotFinal: "not_final",
    NotIncluded: "not_included",
    receiptfile.UnknownSigner: "unknown_signer",
    receiptfile.NotOpened: "not_opened",
}


class Refused(Exception):
    """What the checker refused, by its code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Checker:
    """``node checker.mjs``, kept running."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            pytest.skip("node is not installed")
        self._process = subprocess.Popen(
            [node, str(CHECKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, what: str, **asked: Any) -> Any:
        """Bytes go as base64. Raises ``Refused``."""
        plain = {
            name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
            for name, value in asked.items()
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"what": what, **plain}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "crash" not in answer, answer["crash"]
        if "code" in answer:
            raise Refused(answer["code"])
        return answer["value"]


def in_python(data: bytes, policy: bytes) -> Any:
    """What Python says: the same shape, or the code of its refusal."""
    try:
        found = receiptfile.verify(data, Policy.parse(policy))
    except ValueError as refusal:
        return CODES[type(refusal)]
    return {
        "signers": list(found.signers),
        "index": found.index,
        "size": found.head.size,
        "cosigned": dict(found.cosigned),
        "opened": dict(found.opened),
    }


def in_javascript(checker: Checker, data: bytes, policy: bytes) -> Any:
    try:
        return checker.ask("verify", receipt=data, policy=policy)
    except Refused as refusal:
        return refusal.code


@functools.cache
def shared() -> Checker:
    """For Hypothesis, which wants no fixtures."""
    return Checker()
