"""``manage.py upload FILE …``: a hospital's system uploads a file of prescriptions."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError

from hospital.client import Client, Problem
from ledger import keyfile, note
from prescriptions import uploader
from prescriptions.uploader import Report


class Command(BaseCommand):
    help = "Upload prescriptions in the shape of D001, a JSON object a line; repeat it at will."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--url", required=True, help="the server's address")
        parser.add_argument("--key", required=True, type=Path, help="the system's key file")
        parser.add_argument("--enrol", metavar="CODE", help="make and register the key first")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with httpx.Client(base_url=options["url"], trust_env=False, timeout=60) as http:
                client = _entered(http, options["key"], options["enrol"])
                report = uploader.upload(client, uploader.lines_of(options["file"]), self._say)
        except Problem as problem:
            raise CommandError(f"The server refused: {problem.code}") from problem
        except (OSError, httpx.HTTPError, note.Malformed) as fault:
            raise CommandError(f"{type(fault).__name__}: {fault}") from fault
        self._print(report)
        if report.refused:
            raise CommandError(f"{len(report.refused)} of {report.lines} lines were refused.")

    def _say(self, done: int) -> None:
        self.stdout.write(f"{done} lines")

    def _print(self, report: Report) -> None:
        self.stdout.write(f"{'became':<40} lines")
        for state, count in sorted(report.became.items()):
            self.stdout.write(f"{state:<40} {count:>5}")
        for one in sorted(report.refused, key=lambda one: one.number):
            self.stdout.write(f"line {one.number}: refused, {one.code}")
            for detail in one.details:
                self.stdout.write(f"    {detail}")


def _entered(http: httpx.Client, path: Path, code: str | None) -> Client:
    """A client that is logged in with the key of the file. Raises ``OSError``, ``Problem``."""
    client = Client(http, patience_s=60)
    if code and not path.exists():
        client.enrol(code)
        client.register_key(os.urandom(32))
        assert client.signer is not None
        keyfile.save(path, client.signer)
    client.signer = keyfile.load(path)
    client.enter_with_key()
    return client
