"""
Cosignatures: what a witness says of a checkpoint, and when.

A cosignature is a signature line on a checkpoint, by a key of a type of its own:

* 0x04, Ed25519: signs ``cosignature/v1``, the time, and the checkpoint's whole text;
* 0x06, ML-DSA-44 (FIPS 204): signs its own name, the time, the log's origin, size and root. It
  holds against quantum computers; a log may sign its checkpoints with such a key, too.

Both begin with the time in seconds since 1970, eight bytes. An Ed25519 cosignature is valid if and
only if libsodium accepts it. The Ed25519 message does not hold the cosigner's name, so one key must
never serve two cosigners.

Source: https://c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import mldsa
from nacl import bindings
from nacl.signing import SigningKey

from ledger import note as notes
from ledger import treehead
from ledger.note import BadSignature, Malformed, decode_base64, encode_base64

SEED_SIZE = 32
MAX_TIME_S = (1 << 63) - 1
_TIME_SIZE = 8
_LABEL = b"subtree/v1\n\x00"


class Algorithm(Enum):
    """The type byte of a cosigner's key."""

    ED25519 = 0x04
    ML_DSA_44 = 0x06

    @property
    def key_size(self) -> int:
        """Bytes of a public key."""
        return 32 if self is Algorithm.ED25519 else 1312

    @property
    def signature_size(self) -> int:
        """Bytes of a signature, the time not counted."""
        return 64 if self is Algorithm.ED25519 else 2420


@dataclass(frozen=True, slots=True)
class Verifier:
    """
    A named public key of a cosigner.

    Raises:
        Malformed: the name is unfit, or the bytes are no public key of the algorithm.
    """

    name: str
    public_key: bytes
    algorithm: Algorithm = Algorithm.ED25519

    def __post_init__(self) -> None:
        notes.check_name(self.name)
        if len(self.name.encode()) > 255:
            raise Malformed("the name is longer than 255 bytes")
        if len(self.public_key) != self.algorithm.key_size:
            raise Malformed("the public key has another size")
        if self.algorithm is Algorithm.ED25519 and not (
            bindings.crypto_core_ed25519_is_valid_point(self.public_key)
        ):
            raise Malformed("the public key is not a valid point")

    @property
    def _material(self) -> bytes:
        return bytes([self.algorithm.value]) + self.public_key

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || newline || type || public key)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._material).digest()[:4]

    @property
    def vkey(self) -> str:
        """``<name>+<key id in hex>+<base64 of type and public key>``."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(self._material)}"

    @classmethod
    def from_vkey(cls, vkey: str) -> Verifier:
        """
        Read a verifier key; only the text that ``vkey`` would write is accepted.

        Raises:
            Malformed: wrong shape, type, key id or encoding.
        """
        name, _, rest = vkey.partition("+")
        _, _, encoded = rest.partition("+")
        material = decode_base64(encoded)
        try:
            algorithm = Algorithm(material[0])
        except (IndexError, ValueError) as error:
            raise Malformed("not a cosigner's verifier key") from error
        verifier = cls(name, material[1:], algorithm)
        if verifier.vkey != vkey:
            raise Malformed("the verifier key is not in its one form")
        return verifier

    def time_of(self, text: bytes, value: bytes) -> int | None:
        """
        When this key cosigned ``text``, in seconds since 1970; None if ``value`` is no such thing.

        ``value`` is a signature line's content without the key id.
        """
        if len(value) != _TIME_SIZE + self.algorithm.signature_size:
            return None
        at_s = int.from_bytes(value[:_TIME_SIZE])
        if at_s > MAX_TIME_S or not self._is_signature(text, at_s, value[_TIME_SIZE:]):
            return None
        return at_s

    def _is_signature(self, text: bytes, at_s: int, signature: bytes) -> bool:
        try:
            message = _message(self.algorithm, self.name, text, at_s)
        except Malformed:
            return False
        if self.algorithm is Algorithm.ED25519:
            return notes.is_signature(self.public_key, message, signature)
        try:
            _ml_dsa_key(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Cosigner:
    """A named private key of a cosigner, made from a 32-byte seed."""

    __slots__ = ("_key", "_seed", "verifier")

    def __init__(self, name: str, seed: bytes, algorithm: Algorithm = Algorithm.ED25519) -> None:
        self._seed = seed
        self._key: SigningKey | mldsa.MLDSA44PrivateKey
        if algorithm is Algorithm.ED25519:
            self._key = SigningKey(seed)
            public_key = bytes(self._key.verify_key)
        else:
            self._key = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)
            public_key = self._key.public_key().public_bytes_raw()
        self.verifier = Verifier(name, public_key, algorithm)

    @classmethod
    def generate(cls, name: str, algorithm: Algorithm = Algorithm.ED25519) -> Cosigner:
        """Make a new key from the operating system's randomness."""
        return cls(name, os.urandom(SEED_SIZE), algorithm)

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes."""
        return self._seed

    def cosign(self, text: bytes, at_s: int) -> str:
        """
        Give one signature line, without its newline, for a checkpoint's text.

        ``at_s`` is the time in seconds since 1970.

        Raises:
            Malformed: the text is no tree head (ML-DSA-44 signs its parts), or the time is not
                within 0 to 2**63 - 1.
        """
        if not 0 <= at_s <= MAX_TIME_S:
            raise Malformed("the time is out of range")
        verifier = self.verifier
        message = _message(verifier.algorithm, verifier.name, text, at_s)
        if isinstance(self._key, SigningKey):
            signature = self._key.sign(message).signature
        else:
            signature = self._key.sign(message)
        value = at_s.to_bytes(_TIME_SIZE) + signature
        return notes.Signature(verifier.name, verifier.key_id, value).line()


def cosigned_by(note: notes.Note, verifiers: Iterable[Verifier]) -> Mapping[Verifier, int]:
    """
    Say which of ``verifiers`` cosigned a checkpoint, and when (seconds since 1970).

    Lines by unknown keys are ignored. Of several by one key the latest counts.

    Raises:
        BadSignature: a line carries a known key's name and id and is not its cosignature.
    """
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    found: dict[Verifier, int] = {}
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        at_s = verifier.time_of(note.text, signature.value)
        if at_s is None:
            raise BadSignature(f"{signature.name} did not cosign this")
        found[verifier] = max(at_s, found.get(verifier, 0))
    return found


def _message(algorithm: Algorithm, name: str, text: bytes, at_s: int) -> bytes:
    if algorithm is Algorithm.ED25519:
        return b"cosignature/v1\ntime %d\n" % at_s + text
    head = treehead.TreeHead.parse(text)
    return b"".join(
        (
            _LABEL,
            _short(name.encode()),
            at_s.to_bytes(8),
            _short(head.origin.encode()),
            (0).to_bytes(8),
            head.size.to_bytes(8),
            head.root,
        )
    )


def _short(data: bytes) -> bytes:
    """An ``opaque<1..255>`` of RFC 8446, 3.4: its length in one byte, then itself."""
    if not 0 < len(data) < 256:
        raise Malformed("a name has 1 to 255 bytes")
    return bytes([len(data)]) + data


@functools.lru_cache(maxsize=64)
def _ml_dsa_key(public_key: bytes) -> mldsa.MLDSA44PublicKey:
    return mldsa.MLDSA44PublicKey.from_public_bytes(public_key)
