"""
One key, one text: XChaCha20-Poly1305 (libsodium), bound to what the text is ``about``.

24-byte random nonces do not repeat in practice. A text is ``nonce (24) ‖ ciphertext``; moved to
another row, column or person it does not open.
Source: draft-irtf-cfrg-xchacha, as libsodium implements it.
"""

from __future__ import annotations

from nacl import bindings, exceptions, utils

KEY_BYTES = 32
NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES


class DoesNotOpen(Exception):
    """The sealed text is damaged, was moved, or belongs to a key that is gone."""


def seal_with(key: bytes, plain: bytes, about: str) -> bytes:
    """Encrypt ``plain`` so that it opens only with the same 32-byte ``key`` and ``about``."""
    nonce = utils.random(NONCE_BYTES)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, about.encode(), nonce, key
    )


def unseal_with(key: bytes, sealed: bytes | memoryview, about: str) -> bytes:
    """Open what ``seal_with`` made. Raises ``DoesNotOpen``."""
    data = bytes(sealed)
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            data[NONCE_BYTES:], about.encode(), data[:NONCE_BYTES], key
        )
    except (exceptions.CryptoError, ValueError) as fault:
        raise DoesNotOpen from fault
