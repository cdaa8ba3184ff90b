"""
The files by which a payer and a pharmacy reconcile, line by line. Pure.

Two forms of the same lines, with fixed columns. The machine's: one canonical JSON object a line
(``ledger.entry.canonical``), which a settlement's entry proves: its fact ``file`` is the SHA-256 of
the lines of its claims, by subject, each with its line feed. The people's: CSV after RFC 4180,
UTF-8 with a byte order mark, so that Excel reads it as what it is. No column has free text; what
could be taken for a formula all the same gets an apostrophe (OWASP, CSV Injection).

There is nobody's name in it: a prescription is its subject, which payer and pharmacy know.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hospital.units import stamp
from ledger.entry import canonical

BOM: Final = "\ufeff"
COLUMNS: Final = (
    *("subject", "number", "pharmacy", "claimed_fen", "approved_fen", "reversed_fen", "paid_fen"),
    *("decision", "reason", "decided_at"),
)
"""Of a settled claim, of which a payer has a second one (``number``) where an appeal came after the
payment; what was paid is what was approved less what had come back before."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def line(claim: Any) -> dict[str, Any]:
    """The columns of one claim, which has them as attributes; ``decided_at`` is a moment."""
    said = {name: getattr(claim, name) for name in COLUMNS}
    return {**said, "decided_at": stamp(claim.decided_at)}


def json_lines(lines: Iterable[Mapping[str, Any]]) -> str:
    """The machine's form."""
    return "".join(f"{canonical(dict(one)).decode()}\n" for one in lines)


def digest(lines: Iterable[Mapping[str, Any]]) -> bytes:
    """SHA-256 of the machine's form, line by line."""
    found = hashlib.sha256()
    for one in lines:
        found.update(canonical(dict(one)) + b"\n")
    return found.digest()


def csv_lines(
    lines: Iterable[Mapping[str, Any]], columns: Iterable[str] = COLUMNS, *, first: bool = True
) -> str:
    """The people's form; with the byte order mark and the names of the columns, if ``first``."""
    names, text = list(columns), io.StringIO()
    writer = csv.writer(text)
    if first:
        writer.writerow(names)
    writer.writerows([_cell(one[name]) for name in names] for one in lines)
    return f"{BOM if first else ''}{text.getvalue()}"


def _cell(value: object) -> str:
    said = str(value)
    return f"'{said}" if not isinstance(value, int) and said.startswith(_FORMULA) else said
