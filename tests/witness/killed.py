"""A validator in a process of its own, without Django, that is killed while it replays."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from sqlite3 import Cursor

from ledger import note
from ledger.entry import Statement
from ledger.readers import Folder
from ledger.treehead import TreeHead
from ledger.witness import validator
from ledger.witness.patients import Lists

BATCH = 64


class Watcher:
    """
    An observer that writes down what it sees, and kills its process: at the entry ``kill_at``, or,
    if that is negative, before the commit at the size ``-kill_at``.
    """

    def __init__(self, kill_at: int | None = None) -> None:
        self.kill_at = kill_at

    def prepare(self, cursor: Cursor) -> None:
        cursor.execute("CREATE TABLE IF NOT EXISTS seen (entry INTEGER PRIMARY KEY, subject TEXT)")
        cursor.execute("CREATE TABLE IF NOT EXISTS finished (size INTEGER)")

    def observe(self, cursor: Cursor, index: int, statement: Statement) -> None:
        if index == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        cursor.execute("INSERT INTO seen VALUES (?, ?)", (index, statement.subject))

    def finish(self, cursor: Cursor, size: int) -> None:
        cursor.execute("INSERT INTO finished VALUES (?)", (size,))
        if self.kill_at is not None and size == -self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def main(home: str, folder: str, now: str, kill_at: str) -> None:
    """Admit the checkpoint in ``folder``; die on the way."""
    validator.BATCH = BATCH
    files = Folder(Path(folder))
    log = note.Verifier.from_vkey(files.read("log.vkey").decode().strip())
    program = validator.Validator(
        Path(home),
        log,
        files,
        Path(folder) / "law",
        observers=[Lists(Path(home) / validator.FILE), Watcher(int(kill_at))],
        clock=lambda: datetime.fromisoformat(now).timestamp(),
    )
    program.admit(TreeHead.parse(note.parse(files.read("checkpoint")).text))


if __name__ == "__main__":
    main(*sys.argv[1:])
