"""
``manage.py turn prepare|now NAME``: go over from one log to the next, in every line.

    prepare NAME   make the next log's key, and say what the organisations do before the turn
    now NAME       freeze the open log and open the next one; repeat it if it was interrupted

NAME is for example ``2027q1``. ``--line ORIGIN`` turns one line alone. See docs/turning.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import home, law, witnesses
from config.management.commands import init
from hospital import services
from ledger import keyfile, network, note, opening, places, publication, turning
from ledger.policy import BadPolicy, Policy


class Command(BaseCommand):
    """Go over from one log to the next."""

    help = "Freeze the open log of every line, and go on in the next one."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(required=True, dest="verb")
        for verb, words in (("prepare", "make the next log's key"), ("now", "freeze and go on")):
            made = verbs.add_parser(verb, help=words)
            made.add_argument("name", help="what the next log is called, for example 2027q1")
            made.add_argument("--line", default="", help="the first log of the line; default: all")

    def handle(self, *args: Any, verb: str, name: str, line: str, **options: Any) -> None:
        lines = (line,) if line else (*network.lines(), network.national())
        try:
            signers = [turning.prepare(one, name) for one in lines]
            if verb == "prepare":
                self._prepare(signers)
            else:
                for one, signer in zip(lines, signers, strict=True):
                    self._turn(one, signer)
        except places.BadName as fault:
            raise CommandError(str(fault)) from fault
        except (turning.NotTurned, opening.KeyDiffers, publication.Refused) as fault:
            raise CommandError(f"{fault}. Turn again when that is mended.") from fault

    def _prepare(self, signers: list[note.Signer]) -> None:
        names = [one.verifier.name for one in signers]
        keys = {name: keyfile.log_vkeys(places.keys(name)) for name in names}
        if witnesses.are_ours(home.HOME):
            witnesses.watch(home.HOME, keys)
            self.stdout.write(
                "The sample organisations watch the next logs; the policy names them."
            )
            return
        self.stdout.write(
            "Each organisation watches the next logs, and the policy gets these lines:"
        )
        for line in witnesses.log_lines(keys):
            self.stdout.write(line)

    def _turn(self, line: str, signer: note.Signer) -> None:
        policy = _policy()
        origin = signer.verifier.name
        init.publish(origin, policy)
        turning.turn(
            line,
            signer,
            service_keys=services.verifier_keys(origin),
            policy=policy,
            law=law.digest(),
            say=self.stdout.write,
        )


def _policy() -> Policy:
    path = Path(settings.LEDGER_POLICY)
    try:
        return Policy.parse(path.read_bytes())
    except (OSError, BadPolicy) as fault:
        raise CommandError(f"the policy {path} cannot be used: {fault}") from fault
