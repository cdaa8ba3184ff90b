"""
Signed notes: a text, an empty line, and one line per signature.

Entries and checkpoints are both signed notes, so there is one signer and one verifier. The rules
that ``parse`` enforces:

* UTF-8, without control characters below U+0020 except the newline;
* the text is everything up to and including the newline before the *last* empty line;
* a signature line is an em dash, a space, the key's name, a space, and base64 of the 4-byte key id
  and the signature; 1 to 64 of them;
* base64 is canonical, slack bits included, so that no two byte strings are the same note.

A signature is valid if and only if libsodium accepts it. Only Ed25519 keys (type 0x01) are known
here; lines by other keys are carried along and ignored.

Source: https://c2sp.org/signed-note v1.0.0.
"""

import binascii
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from nacl import bindings
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

ED25519 = b"\x01"
MAX_SIGNATURES = 64
MAX_BYTES = 1 << 20
_DASH = "\u2014 "
_CONTROL = bytes(set(range(0x20)) - {ord("\n")})
_UNFIT_FOR_A_NAME = re.compile(r"[\s+\x00-\x1f\ud800-\udfff]")


class Malformed(ValueError):
    """The bytes are not in the one form that the format allows."""


class BadSignature(ValueError):
    """A key that we know, by name and id, did not make the signature that carries its name."""


def encode_base64(data: bytes) -> str:
    """Give standard base64 with padding and without a newline."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode_base64(text: str) -> bytes:
    """
    Give the bytes of which ``text`` is the canonical base64.

    Raises:
        Malformed: foreign characters, wrong padding, or slack bits that are not zero.
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise Malformed(f"not base64: {text[:80]!r}") from error
    if encode_base64(data) != text:
        raise Malformed(f"not canonical base64: {text[:80]!r}")
    return data


@lru_cache(maxsize=4096)
def check_name(name: str) -> None:
    """
    Refuse a key name that a signature line could not carry. Few names stand in many entries.

    Raises:
        Malformed: empty, or it holds a Unicode space, a plus sign, a control character or a lone
            surrogate.
    """
    if not name or _UNFIT_FOR_A_NAME.search(name):
        raise Malformed(f"unfit for a key name: {name!r}")


def is_signature(public_key: bytes, text: bytes, value: bytes) -> bool:
    """Tell whether libsodium accepts the 64-byte ``value`` as this key's signature of ``text``."""
    if len(value) != bindings.crypto_sign_BYTES:
        return False
    try:
        bindings.crypto_sign_open(value + text, public_key)
    except BadSignatureError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Verifier:
    """
    A named Ed25519 public key (32 bytes).

    Raises:
        Malformed: the name is unfit, or the bytes are not a point of the prime-order group.
    """

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public_key) != bindings.crypto_sign_PUBLICKEYBYTES:
            raise Malformed("a public key has 32 bytes")
        if not bindings.crypto_core_ed25519_is_valid_point(self.public_key):
            raise Malformed("the public key is not a valid point")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || newline || type || public key)[:4]."""
        material = self.name.encode() + b"\n" + ED25519 + self.public_key
        return hashlib.sha256(material).digest()[:4]

    @property
    def vkey(self) -> str:
        """``<name>+<key id in hex>+<base64 of type and public key>``."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(ED25519 + self.public_key)}"

    @classmethod
    def from_vkey(cls, vkey: str) -> "Verifier":
        """
        Read a verifier key; only the text that ``vkey`` would write is accepted.

        Raises:
            Malformed: wrong shape, type, key id or encoding.
        """
        name, _, rest = vkey.partition("+")
        _, _, encoded = rest.partition("+")
        material = decode_base64(encoded)
        if material[:1] != ED25519:
            raise Malformed("not an Ed25519 verifier key")
        verifier = cls(name, material[1:])
        if verifier.vkey != vkey:
            raise Malformed("the verifier key is not in its one form")
        return verifier


class Signer:
    """A named Ed25519 private key, made from a 32-byte seed."""

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self.verifier = Verifier(name, bytes(self._key.verify_key))

    @classmethod
    def generate(cls, name: str) -> "Signer":
        """Make a new key from the operating system's randomness."""
        return cls(name, os.urandom(bindings.crypto_sign_SEEDBYTES))

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes."""
        return bytes(self._key)

    def sign(self, text: bytes) -> str:
        """Give one signature line, without its newline."""
        value = self._key.sign(text).signature
        return f"{_DASH}{self.verifier.name} {encode_base64(self.verifier.key_id + value)}"


class Signature(NamedTuple):
    """One signature line: who claims to have signed, the 4-byte key id, the signature's bytes."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """The line without its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.value)}"


class Note(NamedTuple):
    """A text (ending in a newline) and the signatures under it, none of them checked yet."""

    text: bytes
    signatures: tuple[Signature, ...]

    def bytes(self) -> bytes:
        """The note's one encoding; equal to what it was parsed from."""
        lines = "".join(f"{signature.line()}\n" for signature in self.signatures)
        return self.text + b"\n" + lines.encode()


def parse(data: bytes) -> Note:
    """
    Read a note; ``parse(data).bytes() == data`` for whatever is accepted.

    Raises:
        Malformed: see the rules at the top of this module.
    """
    if len(data) > MAX_BYTES:
        raise Malformed("the note is too long")
    if len(data.translate(None, _CONTROL)) != len(data):
        raise Malformed("the note holds a control character")
    split = data.rfind(b"\n\n")
    if split < 0 or not data.endswith(b"\n") or len(data) == split + 2:
        raise Malformed("the note has no signatures")
    text = data[: split + 1]
    try:
        text.decode()
        lines = data[split + 2 : -1].decode().split("\n")
    except UnicodeDecodeError as error:
        raise Malformed("the note is not UTF-8") from error
    if len(lines) > MAX_SIGNATURES:
        raise Malformed("the note has too many signatures")
    return Note(text, tuple(map(_signature, lines)))


def _signature(line: str) -> Signature:
    name, space, encoded = line[len(_DASH) :].partition(" ")
    if not line.startswith(_DASH) or not space:
        raise Malformed(f"not a signature line: {line[:80]!r}")
    check_name(name)
    material = decode_base64(encoded)
    if len(material) < 5:
        raise Malformed("the signature is too short")
    return Signature(name, material[:4], material[4:])


def assemble(text: bytes, lines: Iterable[str]) -> bytes:
    """
    Put signature lines (without newlines) under a text.

    Raises:
        Malformed: the result would not be a note, or not one with this text and these lines.
    """
    lines = tuple(lines)
    data = text + b"\n" + "".join(f"{line}\n" for line in lines).encode()
    note = parse(data)
    if note.text != text or len(note.signatures) != len(lines):
        raise Malformed("the text does not end where its last line ends")
    return data


def sign(text: bytes, *signers: Signer) -> bytes:
    """Give the complete note: ``text`` signed by each signer, in this order."""
    return assemble(text, [signer.sign(text) for signer in signers])


def verified_by(note: Note, verifiers: Iterable[Verifier]) -> tuple[str, ...]:
    """
    Name the keys among ``verifiers`` that signed the note, each once, in the note's order.

    Lines by unknown keys are ignored; it is for the caller to say whether the names suffice.

    Raises:
        BadSignature: a line carries a known key's name and id and is not its signature.
    """
    known = {(verifier.name, verifier.key_id): verifier.public_key for verifier in verifiers}
    names: dict[str, None] = {}
    for signature in note.signatures:
        public_key = known.get((signature.name, signature.key_id))
        if public_key is None:
            continue
        if not is_signature(public_key, note.text, signature.value):
            raise BadSignature(f"{signature.name} did not sign this")
        names[signature.name] = None
    return tuple(names)
