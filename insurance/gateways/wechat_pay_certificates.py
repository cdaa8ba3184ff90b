"""
The platform's certificates, by which merchants of before 2024 verify what WeChat Pay signs.

They come sealed under the APIv3 key; one that is out of its time, or does not open, is left out.

Source: pay.weixin.qq.com/doc/v3 (下载平台证书), RFC 5280 section 4.1.2.5 (validity).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.x509 import Certificate
from wechatpayv3.utils import aes_decrypt, load_certificate


def opened(content: Mapping[str, Any], apiv3_key: str) -> list[Certificate]:
    """The certificates in an answer that are valid now."""
    rows = content.get("data")
    made = [_opened(row, apiv3_key) for row in rows] if isinstance(rows, list) else []
    return [one for one in made if one is not None and _valid(one)]


def newest(known: Iterable[Certificate]) -> Certificate | None:
    """The one that lasts longest, which WeChat Pay wants new things encrypted to."""
    return max(known, key=lambda one: one.not_valid_after_utc, default=None)


def of_serial(known: Iterable[Certificate], number: str) -> Certificate | None:
    """The valid certificate of a serial number, as WeChat Pay writes it."""
    named = number.upper().lstrip("0")
    return next((one for one in known if serial(one) == named and _valid(one)), None)


def serial(certificate: Certificate) -> str:
    """Hexadecimal, in capitals."""
    return f"{certificate.serial_number:X}"


def _opened(row: Any, apiv3_key: str) -> Certificate | None:
    try:
        sealed = row["encrypt_certificate"]
        text = aes_decrypt(
            nonce=sealed["nonce"],
            ciphertext=sealed["ciphertext"],
            associated_data=sealed["associated_data"],
            apiv3_key=apiv3_key,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return load_certificate(text) if text else None


def _valid(certificate: Certificate) -> bool:
    now = datetime.now(UTC)
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc
