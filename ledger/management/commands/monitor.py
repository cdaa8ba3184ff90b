"""
``manage.py monitor promise|views``: watch a log from outside, with the policy alone.

``promise`` tells whether a promise was kept; ``views`` compares what different servers show. The
exit code is 0 if all is well, 1 if evidence has been written, 2 if something could not be read or
checked, 3 if it is too early to tell.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import evidence, omission, tiles, views
from ledger.management import given
from ledger.policy import Policy, open_signed
from ledger.readers import Folder, Web
from ledger.views import View

EVIDENCE, UNREADABLE, TOO_EARLY = 1, 2, 3
HEADS = ("checkpoint", "signed")


class Command(BaseCommand):
    """Watch a log from outside; evidence of misbehaviour becomes a file."""

    help = "Watch a log from outside; evidence of misbehaviour becomes a file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(required=True, dest="verb")
        promise = verbs.add_parser("promise", help="was a promise kept?")
        promise.add_argument("file", type=Path, help="the promise that a write's answer carried")
        promise.add_argument("--log", required=True, help="folder or address of the log's files")
        promise.add_argument("--since", type=Path, help="an older final checkpoint; saves reading")
        promise.add_argument("--out", type=Path, default=Path("omission.evidence"))
        compare = verbs.add_parser("views", help="do all see the same log?")
        compare.add_argument(
            "place", nargs="*", help="address, folder or file; default: the policy's addresses"
        )
        compare.add_argument("--out", type=Path, default=Path("split-view.evidence"))
        for verb in (promise, compare):
            given.add_policy(verb)

    def handle(self, *args: Any, verb: str, policy: Path | None, **options: Any) -> None:
        agreed = given.policy(policy)
        try:
            getattr(self, f"_{verb}")(agreed, **options)
        except (ValueError, tiles.Missing) as error:
            text = given.printable(f"It cannot be checked: {error}.")
            raise CommandError(text, returncode=UNREADABLE) from error

    def _promise(
        self, policy: Policy, file: Path, log: str, since: Path | None, out: Path, **options: Any
    ) -> None:
        older = given.content(since) if since else None
        found = omission.look(given.content(file), policy, given.log(log), older)
        match found:
            case omission.Kept(index):
                self.stdout.write(f"KEPT     the entry is number {index}")
            case omission.Pending(until):
                self.stdout.write(f"PENDING  not there yet; ask after {until.isoformat()}")
                sys.exit(TOO_EARLY)
            case omission.Broken(data):
                self._show(data, policy, out)

    def _views(self, policy: Policy, place: list[str], out: Path, **options: Any) -> None:
        found = [view for one in place or _places(policy) for view in self._seen(one, policy)]
        if len(found) < 2:
            raise CommandError("there are no two views to compare", returncode=UNREADABLE)
        compared = views.compare(found, policy)
        for where, head in compared.heads:
            line = f"{head.size:>10}  {head.root.hex()[:16]}  {head.origin}  {where}"
            self.stdout.write(given.printable(line))
        if compared.evidence is not None:
            self._show(compared.evidence, policy, out)
        if compared.unclear:
            for text in compared.unclear:
                self.stdout.write(given.printable(f"UNCLEAR  {text}"))
            sys.exit(TOO_EARLY)
        self.stdout.write("OK       all of them belong to one history")

    def _seen(self, place: str, policy: Policy) -> list[View]:
        """The checkpoints that are served at a place; a silent one is told and left out."""
        found = _read(place)
        if not found:
            self.stderr.write(given.printable(f"nothing to read at {place}"))
        for view in found:
            try:
                open_signed(view.checkpoint, policy)
            except ValueError as error:
                text = f"{view.place} is no checkpoint of this policy's logs: {error}"
                raise CommandError(given.printable(text), returncode=UNREADABLE) from error
        return found

    def _show(self, data: bytes, policy: Policy, out: Path) -> None:
        given.keep(out, data)
        self.stdout.write(given.printable(f"BROKEN   {evidence.verify(data, policy).sentence}"))
        self.stdout.write(f"         {out} shows it to anybody: ./rx evidence verify {out}")
        sys.exit(EVIDENCE)


def _read(place: str) -> list[View]:
    """A file is one checkpoint; a folder or an address may have two, and tiles."""
    if not given.is_address(place) and Path(place).is_file():
        return [View(place, given.content(Path(place)))]
    base = place.removesuffix("/checkpoint")
    reader = Web(base) if given.is_address(base) else Folder(Path(base))
    found = []
    for name in HEADS:
        try:
            found.append(View(f"{base}/{name}", reader.read(name), reader))
        except tiles.Missing:
            continue
    return found


def _places(policy: Policy) -> list[str]:
    """The addresses that the policy names: of its logs, and of its witnesses for each of them."""
    origins = {one.verifier.name for one in policy.logs}
    hashes = [hashlib.sha256(origin.encode()).hexdigest() for origin in sorted(origins)]
    logs = [one.url for one in policy.logs if one.url]
    return logs + [
        f"{one.url}/{each}" for one in policy.witnesses.values() if one.url for each in hashes
    ]
