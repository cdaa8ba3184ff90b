"""
WeChat Pay's side of the signatures: verify the merchant's, make one's own, seal notices.

    request    METHOD \\n target \\n timestamp \\n nonce \\n body \\n     by the merchant's key
    phone      appId \\n timeStamp \\n nonceStr \\n prepay_id=… \\n      by the merchant's key
    answer     timestamp \\n nonce \\n body \\n                         by WeChat Pay's key
    notice     the same; its resource is sealed with AES-256-GCM under the APIv3 key

All are RSA, PKCS #1 v1.5, SHA-256, in base64. WeChat Pay has two keys: the one of its public key,
and that of the platform's certificate. An answer is signed by the one that the request names in
``Wechatpay-Serial``; an answer to a request that names none, and a notice, by ``usual``, which is
the public key unless the merchant is one that verifies by certificate.
Source: pay.weixin.qq.com/doc/v3, "Signature authentication", "JSAPI: bring up payment".
"""

import json
import re
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from config.simulators import clock
from config.simulators.web import Question, Refusal

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_FIELDS = re.compile(r'(\w+)="([^"]*)"')


@dataclass(slots=True)
class Signer:
    """The keys that WeChat Pay holds about one merchant; ``certificate`` is PEM."""

    private: rsa.RSAPrivateKey
    public_id: str
    platform: rsa.RSAPrivateKey
    certificate: bytes
    merchant: rsa.RSAPublicKey
    merchant_serial: str
    apiv3: bytes
    usual: str = ""

    @property
    def certificate_serial(self) -> str:
        """The certificate's number as WeChat Pay writes it: hexadecimal, in capitals."""
        return f"{x509.load_pem_x509_certificate(self.certificate).serial_number:X}"

    @classmethod
    def read(cls, folder: Path) -> "Signer":
        """From the simulator's folder; see ``keys``."""
        private, platform = (
            serialization.load_pem_private_key((folder / name).read_bytes(), password=None)
            for name in ("wechatpay_private.pem", "platform_private.pem")
        )
        merchant = serialization.load_pem_public_key((folder / "merchant_public.pem").read_bytes())
        assert isinstance(private, rsa.RSAPrivateKey)
        assert isinstance(platform, rsa.RSAPrivateKey)
        assert isinstance(merchant, rsa.RSAPublicKey)
        return cls(
            private=private,
            public_id=(folder / "wechatpay_public_id").read_text().strip(),
            platform=platform,
            certificate=(folder / "platform_cert.pem").read_bytes(),
            merchant=merchant,
            merchant_serial=(folder / "merchant_serial").read_text().strip(),
            apiv3=(folder / "apiv3.key").read_bytes().strip(),
        )

    def check_request(self, question: Question, *, mchid: str) -> None:
        """
        Believe a request only if the merchant signed these bytes within five minutes.

        Raises:
            Refusal: 401 SIGN_ERROR.
        """
        scheme, _, rest = question.headers.get("authorization", "").partition(" ")
        fields = dict(_FIELDS.findall(rest))
        stamp = fields.get("timestamp", "")
        if scheme != SCHEME or not (fields.get("nonce_str") and stamp.isdecimal()):
            raise Refusal(401, "SIGN_ERROR", "the Authorization header is missing or malformed")
        if (fields.get("mchid"), fields.get("serial_no")) != (mchid, self.merchant_serial):
            raise Refusal(401, "SIGN_ERROR", "no such merchant, or no such certificate")
        if abs(time.time() - int(stamp)) > 300:
            raise Refusal(401, "SIGN_ERROR", "the timestamp is out of range")
        lines = _lines(question.method, question.target, stamp, fields["nonce_str"])
        message = lines + question.body + b"\n"
        if not self._signed_by_merchant(message, fields.get("signature", "")):
            raise Refusal(401, "SIGN_ERROR", "错误的签名，验签失败")

    def check_phone(self, appid: str, parameters: Mapping[str, str]) -> bool:
        """What WeChat on the phone checks before it shows the cashier."""
        lines = (
            appid,
            *(parameters.get(name, "") for name in ("timeStamp", "nonceStr", "package")),
        )
        return parameters.get("signType") == "RSA" and self._signed_by_merchant(
            _lines(*lines), parameters.get("paySign", "")
        )

    def headers(self, body: bytes, *, stamp: str = "", serial: str = "") -> dict[str, str]:
        """
        The five headers of an answer or a notice; ``stamp`` is now unless it is given, ``serial``
        what the request named.
        """
        serial = serial if serial in (self.public_id, self.certificate_serial) else self.usual
        key = self.platform if serial == self.certificate_serial else self.private
        stamp, nonce = stamp or clock.stamp(), secrets.token_hex(16)
        message = _lines(stamp, nonce) + body + b"\n"
        signature = key.sign(message, padding.PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": b64encode(signature).decode(),
            "Wechatpay-Serial": serial or self.public_id,
            "Wechatpay-Signature-Type": SCHEME,
        }

    def seal(self, content: Mapping[str, Any], *, kind: str) -> dict[str, str]:
        """The resource of a notice; ``kind`` is bound to it as associated data."""
        plain = json.dumps(content, ensure_ascii=False).encode()
        return {"original_type": kind, **self.sealed(plain, kind=kind)}

    def sealed(self, plain: bytes, *, kind: str) -> dict[str, str]:
        """Bytes for the merchant alone."""
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.apiv3).encrypt(nonce.encode(), plain, kind.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": b64encode(sealed).decode(),
            "associated_data": kind,
            "nonce": nonce,
        }

    def opened(self, text: str, *, serial: str) -> str | None:
        """What the merchant encrypted to one of our keys (RSA-OAEP); None: not to this one."""
        key = {self.public_id: self.private, self.certificate_serial: self.platform}.get(serial)
        scheme = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None)  # noqa: S303
        try:
            return key.decrypt(b64decode(text, validate=True), scheme).decode() if key else None
        except ValueError:
            return None

    def _signed_by_merchant(self, message: bytes, signature: str) -> bool:
        try:
            raw = b64decode(signature, validate=True)
            self.merchant.verify(raw, message, padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
