"""
The keys of both sides: the merchant's folder and the simulator's, each with what that side holds.

    merchant                            simulator
    merchant.key            private     wechatpay_private.pem   private
    merchant_serial                     merchant_serial
    apiv3.key               shared      apiv3.key               shared
    wechatpay_public.pem                merchant_public.pem
    wechatpay_public_id                 wechatpay_public_id
                                        platform_private.pem    private
                                        platform_cert.pem

A merchant of before 2024 verifies by the platform's certificate instead of WeChat Pay's public key;
it holds none, and asks for it (``/v3/certificates``).
"""

import os
import secrets
import string
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

CERTIFIED_FOR = timedelta(days=5 * 365)
_ALPHABET = string.ascii_letters + string.digits


class KeysOfAnother(Exception):
    """The merchant's folder holds the real WeChat Pay's key, or that of another simulator."""


def make(merchant_folder: Path, simulator_folder: Path) -> None:
    """
    Generate whatever is missing on both sides; existing keys stay as they are.

    Two processes may do so at the same time: a file appears whole and once.

    Raises:
        KeysOfAnother: a file that both sides must share differs.
    """
    for folder in (merchant_folder, simulator_folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    merchant = _private_key(merchant_folder / "merchant.key")
    wechatpay = _private_key(simulator_folder / "wechatpay_private.pem")
    platform = _private_key(simulator_folder / "platform_private.pem")
    if not (simulator_folder / "platform_cert.pem").exists():
        _once(simulator_folder / "platform_cert.pem", _certificate(platform))
    serial = _once(merchant_folder / "merchant_serial", secrets.token_hex(20).upper())
    apiv3 = _once(merchant_folder / "apiv3.key", _random_text(32))
    public_id = _once(
        simulator_folder / "wechatpay_public_id", f"PUB_KEY_ID_{secrets.token_hex(14).upper()}"
    )
    _share(simulator_folder / "merchant_serial", serial)
    _share(simulator_folder / "apiv3.key", apiv3)
    _share(simulator_folder / "merchant_public.pem", _public_pem(merchant))
    _share(merchant_folder / "wechatpay_public.pem", _public_pem(wechatpay))
    _share(merchant_folder / "wechatpay_public_id", public_id)


def _private_key(path: Path) -> rsa.RSAPrivateKey:
    if not path.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _once(path, pem.decode())
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _certificate(key: rsa.RSAPrivateKey) -> str:
    """The platform's certificate, by itself: the merchant trusts it for how it came."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tenpay.com sign simulator")])
    now = datetime.now(UTC) - timedelta(minutes=5)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + CERTIFIED_FOR)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _share(path: Path, text: str) -> None:
    if _once(path, text) != text:
        raise KeysOfAnother(path.name)


def _once(path: Path, text: str) -> str:
    """Write ``text`` if there is no such file yet; the text of the file, whoever wrote it."""
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
    return path.read_text()


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
