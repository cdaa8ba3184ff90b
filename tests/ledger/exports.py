"""What ``manage.py ledger export`` writes of one real log, at several sizes."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from ledger import note, opening
from ledger.entry import Statement
from tests.ledger.logs import NOON, ALog

EXPORTED = (1, 2, 255, 256, 257, 511, 512, 513, 1000)
Export = Callable[[int], Path]


class Growing(ALog):
    """A log that is exported when it has grown to a size; many entries are stored at once."""

    size = 0

    def export(self, size: int, folder: Path) -> Path:
        with override_settings(LEDGER_ORIGIN=self.origin, LOG_FOLDER=self.folder):
            self._grow(size)
            self.checkpoint()
            call_command("ledger", "export", folder, stdout=io.StringIO())
        return folder

    def _grow(self, size: int) -> None:
        if self.size == 0 < size:
            opening.open_log(self.signer, service_keys=self.keys, policy="", law="", at=NOON)
            self.size = 1
        if self.size == 1 < size:
            self.register(self.doctor)
            self.size = 2
        subjects = [f"rx/{number}" for number in range(self.size, size)]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [self.id, subjects, list(map(self._note, subjects))])
        self.size = size

    @property
    def keys(self) -> dict[str, str]:
        return {"registrar": self.registrar.verifier.vkey}

    def _note(self, subject: str) -> bytes:
        statement = Statement(
            log=self.origin,
            subject=subject,
            version=1,
            prev=b"",
            kind="rx.issue",
            by=self.doctor.verifier.name,
            at=NOON,
            patient="",
            commitment=b"",
            facts={"n": subject},
        )
        return note.sign(statement.text(), self.doctor)


_INSERT = """
    INSERT INTO ledger_event (log_id, subject, version, kind, note)
    SELECT %s, subject, 1, 'rx.issue', note
    FROM unnest(%s::text[], %s::bytea[]) AS given (subject, note)
"""


def ascending(folder: Path, sizes: Sequence[int]) -> dict[int, Path]:
    """The same log, exported at each of these sizes."""
    log = Growing(folder / "log")
    return {size: log.export(size, folder / f"export-{size}") for size in sizes}
