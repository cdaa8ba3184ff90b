"""
Evidence files: what they have in common.

A file is two lines, as an entry's text is: the format's name, and one canonical JSON object. It
holds all that a verifier needs but the policy. Nobody need trust whoever made it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger import members
from ledger.entry import canonical, read_canonical
from ledger.note import Malformed

PREFIX = "smart-hospital/evidence/"


class NotShown(ValueError):
    """The file is in its form, and does not show what it is meant to show."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What a file shows about the log ``origin``, as a sentence.

    ``witnesses`` names (by the policy's names) those who lied, too.
    """

    origin: str
    sentence: str
    witnesses: tuple[str, ...] = ()


def encode(form: str, content: Mapping[str, Any]) -> bytes:
    """Write a file. Raises ``Malformed`` if the content is not canonical JSON."""
    return form.encode() + b"\n" + canonical(dict(content)) + b"\n"


def form_of(data: bytes) -> str:
    """
    Name the format that a file claims to have.

    Raises:
        Malformed: it is none of ours.
    """
    first = data.partition(b"\n")[0]
    try:
        form = first.decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed("not an evidence file") from error
    if not form.startswith(PREFIX):
        raise Malformed("not an evidence file")
    return form


def decode(data: bytes, form: str, *names: str) -> dict[str, Any]:
    """
    Give the members ``names`` of a file; there is one encoding of each.

    Raises:
        Malformed: not of this format, or not in its one form.
    """
    first, _, rest = data.partition(b"\n")
    if first != form.encode() or not rest.endswith(b"\n"):
        raise Malformed(f"not a file of the format {form}")
    return members.named(read_canonical(rest[:-1]), *names)
