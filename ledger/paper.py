"""
Receipts on paper: a file as the texts of one or several QR codes, and back.

The file is written with its extra data as they are, not in base64 (they are one line of JSON),
compressed (zlib, RFC 1950), encoded in base45 (RFC 9285), and cut into parts of equal length. Each
part reads ``RX1:<number>/<parts>:<first 4 bytes of the compressed data's SHA-256 in hex>:<base45>``
in capitals: nothing but the characters for which QR codes have a dense mode. So two codes of the
largest size hold 4.4 kB, and any scanner's text will do; the order of the parts does not matter.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence

from ledger import receipt
from ledger.note import Malformed, encode_base64

MAX_PARTS = 16
CAPACITY = 3391  # characters in a QR code of version 40, level M, alphanumeric (ISO/IEC 18004)
_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_PART = re.compile(r"RX1:([1-9][0-9]?)/([1-9][0-9]?):([0-9A-F]{8}):([0-9A-Z $%*+\-./:]+)")
_HEADER = len("RX1:16/16:00000000:")


class TooLong(ValueError):
    """The receipt does not fit on a sheet of paper."""


def parts(data: bytes) -> list[str]:
    """
    Give the texts of the fewest QR codes (version 40, level M) that hold a receipt.

    Raises:
        Malformed: not a receipt.
        TooLong: it needs more than 16; ten or more post-quantum cosignatures do.
    """
    packed = zlib.compress(_unwrapped(data), 9)
    text = _encode(packed)
    count = -(-len(text) // (CAPACITY - _HEADER))
    if count > MAX_PARTS:
        raise TooLong(f"the receipt would need {count} codes")
    length = -(-len(text) // count)
    sign = hashlib.sha256(packed).hexdigest()[:8].upper()
    cut = [text[at : at + length] for at in range(0, len(text), length)]
    return [f"RX1:{number}/{len(cut)}:{sign}:{one}" for number, one in enumerate(cut, 1)]


def joined(texts: Iterable[str]) -> bytes:
    """
    Give the receipt of which these are the parts, in any order, some of them perhaps twice.

    Raises:
        Malformed: a part is missing, or of another receipt, or damaged.
    """
    found: dict[int, str] = {}
    labels = set()
    for text in texts:
        part = _PART.fullmatch(text)
        if part is None:
            raise Malformed(f"not a part of a receipt: {text[:40]!r}")
        if found.setdefault(int(part[1]), part[4]) != part[4]:
            raise Malformed(f"part {part[1]} is there twice, with different contents")
        labels.add((int(part[2]), part[3]))
    if len(labels) != 1:
        raise Malformed("the parts are of different receipts" if labels else "there are no parts")
    ((count, sign),) = labels
    missing = [str(number) for number in range(1, count + 1) if number not in found]
    if missing or len(found) != count or count > MAX_PARTS:
        raise Malformed(f"missing of {count} parts: {', '.join(missing)}")
    packed = _decode("".join(found[number] for number in range(1, count + 1)))
    if hashlib.sha256(packed).hexdigest()[:8].upper() != sign:
        raise Malformed("the parts are damaged")
    return _wrapped(_decompressed(packed))


def _decompressed(packed: bytes) -> bytes:
    inflating = zlib.decompressobj()
    try:
        data = inflating.decompress(packed, receipt.MAX_BYTES)
    except zlib.error as error:
        raise Malformed("the parts are damaged") from error
    if not inflating.eof or inflating.unused_data:
        raise Malformed("the parts are damaged")
    return data


def _unwrapped(data: bytes) -> bytes:
    """The extra data as they are."""
    extra = receipt.parse(data).extra
    if b"\n" in extra:
        raise Malformed("the extra data are not one line")
    line = f"extra {encode_base64(extra)}\n".encode()
    return data.replace(line, b"extra " + extra + b"\n", 1) if extra else data


def _wrapped(data: bytes) -> bytes:
    """The extra data in base64 again."""
    form, _, rest = data.partition(b"\n")
    line, gap, after = rest.partition(b"\n")
    if line.startswith(b"extra "):
        extra = encode_base64(line.removeprefix(b"extra "))
        data = form + b"\nextra " + extra.encode() + gap + after
    receipt.parse(data)
    return data


def _encode(data: bytes) -> str:
    """Base45: two bytes in three characters, a last single one in two (RFC 9285, 4)."""
    text = bytearray()
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        rest, low = divmod(int.from_bytes(pair), 45)
        high, middle = divmod(rest, 45)
        text += bytes((_ALPHABET[low], _ALPHABET[middle]))
        if len(pair) == 2:
            text.append(_ALPHABET[high])
    return text.decode("ascii")


def _decode(text: str) -> bytes:
    data = bytearray()
    values = [_VALUES[letter] for letter in text.encode("ascii")]
    for at in range(0, len(values), 3):
        data += _decoded(values[at : at + 3])
    return bytes(data)


def _decoded(values: Sequence[int]) -> bytes:
    number = 0
    for value in reversed(values):
        number = number * 45 + value
    size = len(values) - 1
    if size == 0 or number >= 1 << 8 * size:
        raise Malformed("the parts are damaged")
    return number.to_bytes(size)
