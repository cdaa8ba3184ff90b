"""
The SDK's core, with the gaps of ``wechatpayv3`` 2.0.4 closed.

The SDK builds paths and bodies, signs, verifies RSA signatures and decrypts. Left alone it also

* waits as long as the other side drips, follows redirects, reads answers of any size, and uses
  proxies and ``.netrc`` of the environment: ``request`` goes through ``exchange`` instead;
* accepts a correctly signed answer or notice of any age: ``verify`` wants at most 300 seconds;
* asks WeChat Pay for certificates, unverified, whenever a notice names an unknown serial number,
  so that a stranger's notices cause requests; and fails with ``ValueError`` or a bare
  ``Exception`` if a header is odd: ``verify`` admits only notices that name the one known key;
* decodes an answer by its ``Content-Type`` before it verifies it: here it is always the bytes;
* puts order numbers into the path unescaped, while the signature covers the path as sent: the
  client admits only numbers that need no escaping.

Errors (4xx) may come without a signature; WeChat's own SDKs do not verify them either. One that
does carry a signature has to carry a good one.

Source: pay.weixin.qq.com/doc/v3, "Signature authentication"; the SDK's ``core.py``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from wechatpayv3 import core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import build_authorization

from hospital.gateways import exchange
from hospital.gateways.exchange import Busy, Patience, Unavailable

FRESH_S: Final = 300
ALGORITHM: Final = "WECHATPAY2-SHA256-RSA2048"
PROBE: Final = "WECHATPAY/SIGNTEST/"


class ForgedNotice(Exception):
    """
    WeChat Pay did not send this to this merchant as it arrived here.

    ``reason`` is ``probe`` (WeChat Pay tests now and then whether signatures are verified),
    ``headers``, ``serial``, ``signature`` or ``content``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StaleNotice(Exception):
    """It is genuine, but was signed more than 300 seconds ago or in the future: a replay."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the merchant holds: its own private key, and WeChat Pay's public one."""

    merchant_key: str = field(repr=False)
    merchant_serial: str
    apiv3_key: str = field(repr=False)
    wechatpay_public: str
    wechatpay_public_id: str

    @classmethod
    def read(cls, folder: Path) -> "Keys":
        """Read the five files of ``WECHAT["key_folder"]``."""
        return cls(
            merchant_key=(folder / "merchant.key").read_text(),
            merchant_serial=(folder / "merchant_serial").read_text().strip(),
            apiv3_key=(folder / "apiv3.key").read_text().strip(),
            wechatpay_public=(folder / "wechatpay_public.pem").read_text(),
            wechatpay_public_id=(folder / "wechatpay_public_id").read_text().strip(),
        )


class GuardedCore(core.Core):  # type: ignore[misc]
    """Drop-in for the SDK's core: same signatures, guarded transport and verification."""

    def __init__(self, keys: Keys, *, mchid: str, base: str, patience: Patience) -> None:
        super().__init__(
            mchid=mchid,
            cert_serial_no=keys.merchant_serial,
            private_key=keys.merchant_key,
            apiv3_key=keys.apiv3_key,
            public_key=keys.wechatpay_public,
            public_key_id=keys.wechatpay_public_id,
        )
        self._gate_way = base
        self._patience = patience

    def request(
        self, path: str, method: RequestType = RequestType.GET, data: Any = None, **_: Any
    ) -> tuple[int, bytes]:
        """
        Sign, send, and return status and body; the body of a success has been verified.

        Raises:
            Busy: no answer, HTTP 429 or 5xx: the same request may be sent again.
            Unavailable: a redirect, or a signature that is missing or wrong.
        """
        content = b"" if data is None else json.dumps(data, ensure_ascii=False).encode()
        headers = {
            "Accept": "application/json",
            "Authorization": self._authorization(path, method, content),
            "Content-Type": "application/json",
            "User-Agent": "smart-hospital",
            "Wechatpay-Serial": self._public_key_id,
        }
        answer = exchange.ask(
            method.value,
            self._gate_way + path,
            headers=headers,
            content=content,
            patience=self._patience,
        )
        if answer.status == 429 or answer.status >= 500:
            raise Busy(f"HTTP {answer.status}")
        if answer.status < 300 or "wechatpay-signature" in answer.headers:
            self._verify_answer(answer)
        return answer.status, answer.body

    def verify(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> None:
        """
        Refuse a body that WeChat Pay has not signed within ``FRESH_S`` seconds of ``at``.

        Header names are compared without regard to case.

        Raises:
            ForgedNotice: not signed by the known key, or not with these bytes.
            StaleNotice: signed, but too long ago, or in the future.
        """
        mark = {name.lower(): value for name, value in headers.items()}
        signature = mark.get("wechatpay-signature", "")
        stamp = mark.get("wechatpay-timestamp", "")
        if signature.startswith(PROBE):
            raise ForgedNotice("probe")
        if mark.get("wechatpay-signature-type") != ALGORITHM:
            raise ForgedNotice("headers")
        if not signature or not _is_stamp(stamp):
            raise ForgedNotice("headers")
        if mark.get("wechatpay-serial") != self._public_key_id:
            raise ForgedNotice("serial")
        try:
            genuine = self._verify_signature(mark, body.decode())
        except UnicodeDecodeError as error:
            raise ForgedNotice("content") from error
        if not genuine:
            raise ForgedNotice("signature")
        if abs(at.timestamp() - int(stamp)) > FRESH_S:
            raise StaleNotice

    def resource(self, notice: Mapping[str, Any]) -> dict[str, Any]:
        """
        Decrypt what a verified notice carries.

        Raises:
            ForgedNotice: it is not encrypted for this merchant, or is no object.
        """
        try:
            sealed = notice["resource"]
            if sealed["algorithm"] != "AEAD_AES_256_GCM":
                raise ForgedNotice("content")
            opened = core.aes_decrypt(
                nonce=sealed["nonce"],
                ciphertext=sealed["ciphertext"],
                associated_data=sealed.get("associated_data") or "",
                apiv3_key=self._apiv3_key,
            )
            content = json.loads(opened)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ForgedNotice("content") from error
        if not isinstance(content, dict):
            raise ForgedNotice("content")
        return content

    def _authorization(self, path: str, method: RequestType, content: bytes) -> str:
        return cast(
            str,
            build_authorization(
                path,
                method.value,
                self._mchid,
                self._cert_serial_no,
                self._private_key,
                data=content.decode(),
            ),
        )

    def _verify_answer(self, answer: exchange.Answer) -> None:
        try:
            self.verify(answer.headers, answer.body, at=datetime.now(UTC))
        except (ForgedNotice, StaleNotice) as error:
            raise Unavailable(f"an answer that is {type(error).__name__}: {error}") from error


def _is_stamp(text: str) -> bool:
    """Seconds since 1970, as WeChat Pay writes them."""
    return len(text) <= 12 and text.isascii() and text.isdigit()
