"""
The SDK's core, with the gaps of ``wechatpayv3`` 2.0.4 closed.

The SDK builds paths and bodies, signs, verifies RSA signatures and decrypts. Left alone it also

* waits as long as the other side drips, follows redirects, reads answers of any size, and uses
  proxies and ``.netrc`` of the environment: ``request`` goes through ``exchange`` instead;
* accepts a correctly signed answer or notice of any age: ``verify`` wants at most 300 seconds;
* asks WeChat Pay for certificates, unverified, whenever a notice names an unknown serial number,
  so that a stranger's notices cause requests; and fails with ``ValueError`` or a bare
  ``Exception`` if a header is odd: ``verify`` admits only notices that name a known key. In
  certificate mode an unknown number has the certificates fetched, at most every ``RENEW_S``
  seconds, for WeChat Pay changes them every five years and tells nobody;
* decodes an answer by its ``Content-Type`` before it verifies it: here it is always the bytes;
* puts order numbers into the path unescaped, while the signature covers the path as sent: the
  client admits only numbers that need no escaping.

Errors (4xx) may come without a signature; WeChat's own SDKs do not verify them either. One that
does carry a signature has to carry a good one.

Source: pay.weixin.qq.com/doc/v3, "Signature authentication"; the SDK's ``core.py``.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from cryptography.x509 import Certificate
from wechatpayv3 import core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import build_authorization, rsa_encrypt

from hospital.gateways import exchange
from hospital.gateways.exchange import Busy, Patience, Unavailable
from insurance.gateways import wechat_pay_certificates as certificates

FRESH_S: Final = 300
RENEW_S: Final = 60
CERTIFICATES: Final = "/v3/certificates"
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
    """
    What the merchant holds: its own private key, and WeChat Pay's public one.

    Without the latter it verifies by the platform's certificates, as merchants of before 2024 do,
    and fetches them.
    """

    merchant_key: str = field(repr=False)
    merchant_serial: str
    apiv3_key: str = field(repr=False)
    wechatpay_public: str
    wechatpay_public_id: str

    @classmethod
    def read(cls, folder: Path) -> "Keys":
        """Read the five files of ``WECHAT["key_folder"]``; the last two may be missing."""
        public, id = folder / "wechatpay_public.pem", folder / "wechatpay_public_id"
        return cls(
            merchant_key=(folder / "merchant.key").read_text(),
            merchant_serial=(folder / "merchant_serial").read_text().strip(),
            apiv3_key=(folder / "apiv3.key").read_text().strip(),
            wechatpay_public=public.read_text() if public.exists() else "",
            wechatpay_public_id=id.read_text().strip() if public.exists() else "",
        )


class GuardedCore(core.Core):  # type: ignore[misc]
    """Drop-in for the SDK's core: same signatures, guarded transport and verification."""

    def __init__(self, keys: Keys, *, mchid: str, base: str, patience: Patience) -> None:
        super().__init__(
            mchid=mchid,
            cert_serial_no=keys.merchant_serial,
            private_key=keys.merchant_key,
            apiv3_key=keys.apiv3_key,
            public_key=keys.wechatpay_public or None,
            public_key_id=keys.wechatpay_public_id or None,
        )
        self._gate_way = base
        self._patience = patience
        self._certificates: list[Certificate] = []
        self._renewed_at = -float(RENEW_S)

    def _init_certificates(self) -> None:
        """The SDK asks for them here; we do when an answer or a notice names one."""

    @property
    def serial(self) -> str:
        """Of the key that answers are to be signed with; empty: none is known yet."""
        newest = certificates.newest(self._certificates)
        return self._public_key_id or (certificates.serial(newest) if newest else "")

    def encrypt(self, text: str) -> str:
        """
        Encrypt what only WeChat Pay may read; the request then names ``serial``.

        Raises:
            Unavailable: there is no certificate yet, and none to be had.
        """
        if not self.serial:
            self._renew()
        newest = certificates.newest(self._certificates)
        key = self._public_key or (newest.public_key() if newest else None)
        if key is None:
            raise Unavailable("no certificate of WeChat Pay")
        return cast(str, rsa_encrypt(text=text, public_key=key))

    def request(
        self, path: str, method: RequestType = RequestType.GET, data: Any = None, **_: Any
    ) -> tuple[int, bytes]:
        """
        Sign, send, and return status and body; the body of a success has been verified.

        Raises:
            Busy: no answer, HTTP 429 or 5xx: the same request may be sent again.
            Unavailable: a redirect, or a signature that is missing or wrong.
        """
        answer = self._send(path, method, data)
        if answer.status < 300 or "wechatpay-signature" in answer.headers:
            self._verify_answer(answer)
        return answer.status, answer.body

    def download(self, path: str, into: BinaryIO, patience: Patience) -> tuple[int, bytes]:
        """
        Fetch a file, whose answer has no signature: the caller compares it with a signed hash.

        Raises:
            Busy, Unavailable: as ``request``.
        """
        headers = self._headers(path, RequestType.GET, b"")
        url = self._gate_way + path
        answer = _done(exchange.save(url, headers=headers, into=into, patience=patience))
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
        if not self._knows(mark.get("wechatpay-serial", "")):
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

    def _send(self, path: str, method: RequestType, data: Any) -> exchange.Answer:
        content = b"" if data is None else json.dumps(data, ensure_ascii=False).encode()
        headers = self._headers(path, method, content)
        url, patience = self._gate_way + path, self._patience
        return _done(
            exchange.ask(method.value, url, headers=headers, content=content, patience=patience)
        )

    def _headers(self, path: str, method: RequestType, content: bytes) -> dict[str, str]:
        named = {"Wechatpay-Serial": self.serial} if self.serial else {}
        return {
            "Accept": "application/json",
            "Authorization": self._authorization(path, method, content),
            "Content-Type": "application/json",
            "User-Agent": "smart-hospital",
            **named,
        }

    def _knows(self, serial: str) -> bool:
        """Whether a key of WeChat Pay has this number, perhaps since a moment ago."""
        if self._public_key_id:
            return bool(serial == self._public_key_id)
        if certificates.of_serial(self._certificates, serial) is None:
            self._renew()
        return certificates.of_serial(self._certificates, serial) is not None

    def _renew(self) -> None:
        """
        Fetch the platform's certificates, unless that was tried a moment ago.

        They are sealed under the APIv3 key, which nobody else has; and what they come in has to be
        signed by one of them. If nothing usable comes, the old ones stay.
        """
        if self._public_key_id or time.monotonic() - self._renewed_at < RENEW_S:
            return
        self._renewed_at = time.monotonic()
        try:
            answer = self._send(CERTIFICATES, RequestType.GET, None)
            found = certificates.opened(answer.content(), self._apiv3_key)
            before, self._certificates = self._certificates, found
            try:
                self._verify_answer(answer)
            except Unavailable:
                self._certificates = before
        except Unavailable:
            return

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


def _done(answer: exchange.Answer) -> exchange.Answer:
    if answer.status == 429 or answer.status >= 500:
        raise Busy(f"HTTP {answer.status}")
    return answer


def _is_stamp(text: str) -> bool:
    """Seconds since 1970, as WeChat Pay writes them."""
    return len(text) <= 12 and text.isascii() and text.isdigit()
