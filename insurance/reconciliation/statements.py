"""
A payer's statement of a day: what it has paid to pharmacies, and what they have paid back.

    about,number,total_fen,state
    settlement,0192f3c4a1b27c3d8e4f5a6b7c8d9e0f,125000,paid
    clawback,0192f3c4a1b27c3d8e4f5a6b7c8d9e10,3000,returned

``number`` is the id that the settlement was answered with, ``state`` is ``paid`` or ``returned``
(the bank has given it back). The statement is of the legal day on which they were settled. It is
CSV (RFC 4180) in UTF-8 with this head, and whoever brings it signs what it is about:

    rx/statement-of-a-payer/v1
    <payer>
    <day>
    <SHA-256 of the file, in hexadecimal>
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final
from uuid import UUID

from hospital import calendar, errors, signing
from hospital.keystate import KeyState
from hospital.models import Key
from hospital.roles import Actor
from insurance.reconciliation import comparing
from insurance.reconciliation.comparing import Line
from insurance.reconciliation.models import Source, Statement
from ledger import note

HEAD: Final = ["about", "number", "total_fen", "state"]
STATES: Final = {"paid": "done", "returned": "failed"}
MOST_FEN: Final = 10**15
_FEN: Final = re.compile(r"[0-9]{1,16}")


class BadStatement(errors.Invalid):
    """The statement cannot be read; ``line`` says where."""

    code = "reconciliation.bad_statement"


class NotOver(errors.Invalid):
    """The day of the statement is not over."""

    code = "reconciliation.day_not_over"


def bring(day: date, text: str, signed: str, *, by: Actor, at: datetime) -> Statement:
    """
    Compare a payer's statement of a day, signed by its agent or officer, with our rows.

    Raises:
        NotOver, BadStatement: see each.
        signing.MalformedNote, signing.UnknownKey, signing.BadSignature, signing.AlteredStatement:
            nobody of the payer has signed this statement.
    """
    if day >= calendar.legal_day(at):
        raise NotOver(field="day")
    _check_signed(signed, signed_text(by.organisation, day, text), by, at)
    found = lines(text.splitlines())
    return comparing.compare(Source.PAYER, day, found, at=at, payer=by.organisation_id)


def signed_text(payer: str, day: date, text: str) -> bytes:
    """What is signed."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"rx/statement-of-a-payer/v1\n{payer}\n{day.isoformat()}\n{digest}\n".encode()


def lines(text: Iterable[str]) -> Iterator[Line]:
    """
    The rows of a statement, one by one.

    Raises:
        BadStatement: a row that cannot be read.
    """
    reader = csv.reader(text, strict=True)
    try:
        if next(reader, None) != HEAD:
            raise BadStatement(field="csv", line=1)
        for values in reader:
            yield _line(values, reader.line_num)
    except csv.Error as error:
        raise BadStatement(field="csv", line=reader.line_num) from error


def _line(values: list[str], place: int) -> Line:
    if len(values) != len(HEAD):
        raise BadStatement(field="csv", line=place)
    about, number, fen, state = values
    try:
        id = UUID(number)
    except ValueError as error:
        raise BadStatement(field="csv", line=place) from error
    good = about in ("settlement", "clawback") and state in STATES and _FEN.fullmatch(fen)
    if not good or int(fen) > MOST_FEN:
        raise BadStatement(field="csv", line=place)
    return Line(about, id.hex, STATES[state], int(fen))


def _check_signed(signed: str, expected: bytes, by: Actor, at: datetime) -> None:
    try:
        parsed = note.parse(signed.encode())
    except (note.Malformed, ValueError) as error:
        raise signing.MalformedNote(field="note") from error
    names = [one.name for one in parsed.signatures]
    key = Key.objects.filter(name__in=names[:1], account_id=by.account).first()
    if key is None or key.state(at) is not KeyState.ACTIVE:
        raise signing.UnknownKey(key=names[0][:160] if names else "")
    signing.check_signature(parsed, signing.verifier(key))
    if parsed.text != expected:
        raise signing.AlteredStatement(field="note")
