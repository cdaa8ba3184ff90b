"""
``manage.py receipt verify|open|qr|scan|list``: check a receipt file, open fields of the record in
it, draw it as QR codes, read those back; check that a list of entries about a patient is complete.

Nothing is asked but the file and the policy: no database, no network.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import segno
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import paper, patients, receiptfile
from ledger.management import given
from ledger.receiptfile import Verified


class Command(BaseCommand):
    """Check a receipt without asking anybody, or carry it on paper."""

    help = "Check a receipt without asking anybody, or carry it on paper."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(required=True, dest="verb")
        verify = verbs.add_parser("verify", help="check a receipt file with the policy alone")
        verify.add_argument("file", type=Path)
        given.add_policy(verify)
        opening = verbs.add_parser("open", help="open fields of the record, and hide the others")
        opening.add_argument("file", type=Path)
        opening.add_argument("fields", type=Path, help="from /api/prescriptions/<id>/fields")
        opening.add_argument("name", nargs="*", help="of a field to open; none to list them")
        opening.add_argument("--out", type=Path, help="the file to write; else the terminal")
        qr = verbs.add_parser("qr", help="draw a receipt file as QR codes")
        qr.add_argument("file", type=Path)
        qr.add_argument("--out", type=Path, help="x.svg, or x-1.svg, x-2.svg …; else the terminal")
        scan = verbs.add_parser("scan", help="join the texts that a scanner read")
        scan.add_argument("part", nargs="+", help="the text of a QR code")
        scan.add_argument("--out", type=Path, help="the receipt file to write; else the terminal")

        complete = verbs.add_parser("list", help="check that these are all entries about a patient")
        complete.add_argument("file", type=Path, help="the proof, from /api/me/entries/proof")
        complete.add_argument("tag", help="the patient's tag in that log")
        complete.add_argument("index", nargs="*", type=int, help="of each entry, rising")
        given.add_policy(complete)

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            getattr(self, f"_{verb}")(**options)
        except ValueError as error:
            raise CommandError(given.printable(f"The receipt does not hold: {error}.")) from error

    def _verify(self, file: Path, policy: Path | None, **options: Any) -> None:
        verified = receiptfile.verify(given.content(file), given.policy(policy))
        for line in _report(verified):
            self.stdout.write(given.printable(line))

    def _open(
        self, file: Path, fields: Path, name: list[str], out: Path | None, **options: Any
    ) -> None:
        every = receiptfile.fields_of(given.content(fields))
        if not name:
            self.stdout.write("\n".join(given.printable(one.name) for one in every))
            return
        self._give(receiptfile.with_opened(given.content(file), every, name), out)

    def _list(
        self, file: Path, tag: str, index: list[int], policy: Path | None, **options: Any
    ) -> None:
        head = patients.verify(given.content(file), tag, index, given.policy(policy)).head
        log = patients.log_of(head.origin)
        self.stdout.write(
            given.printable(
                f"OK       {len(index) or 'no'} entries are about this patient among the first"
                f" {head.size} of {log}: these and no others"
            )
        )

    def _qr(self, file: Path, out: Path | None, **options: Any) -> None:
        codes = [
            segno.make_qr(text, error="m", mode="alphanumeric", boost_error=False)
            for text in paper.parts(given.content(file))
        ]
        for number, code in enumerate(codes, 1):
            if out is None:
                drawn = io.StringIO()
                code.terminal(out=drawn, compact=True)
                self.stdout.write(drawn.getvalue())
                continue
            path = out if len(codes) == 1 else out.with_stem(f"{out.stem}-{number}")
            code.save(str(path), kind="svg")
            self.stdout.write(f"{path}: code {number} of {len(codes)}, version {code.version}")

    def _scan(self, part: list[str], out: Path | None, **options: Any) -> None:
        self._give(paper.joined(part), out)

    def _give(self, data: bytes, out: Path | None) -> None:
        if out is None:
            self.stdout.write(data.decode(), ending="")
        else:
            given.keep(out, data)
            self.stdout.write(f"{out}: check it with ./rx receipt verify {out}")


def _report(verified: Verified) -> list[str]:
    """What a receipt shows, line by line, and what it cannot show."""
    statement, head = verified.statement, verified.head
    lines = [
        f"OK       {statement.kind}: version {statement.version} of {statement.subject}",
        f"signed   by {', '.join(verified.signers)}, dated {statement.at.isoformat()}",
        f"entry    {verified.index} of {head.origin}, in its tree of {head.size} entries",
        f"facts    {_json(dict(statement.facts))}",
    ]
    if statement.patient:
        lines.append(f"patient  {statement.patient}")
    lines += [
        f"vouched  {name} at {datetime.fromtimestamp(at_s, UTC).isoformat()}"
        for name, at_s in verified.cosigned.items()
    ]
    if not verified.cosigned:
        lines.append("vouched  by nobody but the log: the policy asks for no witness")
    lines += [f"opened   {name}: {_json(value)}" for name, value in verified.opened.items()]
    return [
        *lines,
        "It does not show whether anything happened to the matter since: whether a prescription is",
        "still to be dispensed, say. For that, look the subject up in the log.",
    ]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
