"""A log of its own for each test: keys, entries, sequencing, checkpoints, folder."""

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection, transaction
from django.test import override_settings

from ledger import chain, checkpoints, network, note, opening, queries, sequencer
from ledger.entry import Statement
from ledger.models import Log
from ledger.tiles import Missing

APPEND_ONLY = ("event", "leaf", "checkpoint", "final", "cosignature")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction, or a savepoint inside of one, that ends in a rollback."""
    with suppress(ZeroDivisionError), transaction.atomic():
        yield
        raise ZeroDivisionError


class ALog:
    """An open log, its service keys, and a doctor who signs entries."""

    def __init__(self, folder: Path) -> None:
        self.origin = f"tests.example/{uuid.uuid4().hex}"
        self.signer = note.Signer.generate(self.origin)
        self.registrar = note.Signer.generate(f"{self.origin}/registrar")
        self.doctor = note.Signer.generate("hospital/doctor/1")
        self.folder = folder
        self.counter = itertools.count()

    @contextmanager
    def current(self) -> Iterator["ALog"]:
        with override_settings(LEDGER_ORIGIN=self.origin, LEDGER_LINES=1, LOG_FOLDER=self.folder):
            self.open()
            self.register(self.doctor)
            yield self

    @property
    def id(self) -> int:
        return network.log_id(self.origin)

    def open(self) -> None:
        keys = {"registrar": self.registrar.verifier.vkey}
        opening.open_log(self.signer, service_keys=keys, policy="", law="", at=NOON)

    def register(self, key: note.Signer, *signers: note.Signer) -> chain.Appended:
        facts = {"vkey": key.verifier.vkey, "role": "doctor", "organisation": "hospital"}
        return self.append(
            f"key/{uuid.uuid4().hex}",
            kind="key.register",
            facts=facts,
            signers=signers or (key, self.registrar),
        )

    def draw(self, subject: str, by: str = "", **fields) -> Statement:
        fields = {"kind": "rx.issue", "at": NOON, "facts": {"n": next(self.counter)}, **fields}
        return chain.draw(subject=subject, by=by or self.doctor.verifier.name, **fields)

    def append(
        self, subject: str, *, signers: tuple[note.Signer, ...] = (), **fields
    ) -> chain.Appended:
        signers = signers or (self.doctor,)
        with transaction.atomic():
            statement = self.draw(subject, signers[0].verifier.name, **fields)
            return chain.append(note.sign(statement.text(), *signers))

    def append_many(self, count: int, subjects: int = 7) -> None:
        with transaction.atomic():
            for number in range(count):
                self.append(f"rx/{number % subjects}")

    def sequence(self) -> int:
        return sequencer.sequence(self.origin)

    def checkpoint(self):
        self.sequence()
        head = checkpoints.advance(self.signer, self.folder)
        checkpoints.publish_final(Log.objects.get(id=self.id), self.folder)
        return head

    def indices(self, subject: str) -> list[int | None]:
        return [entry.index for entry in queries.entries_about(subject)]

    def forge(self, sql: str, *values: int | bytes) -> None:
        """Change history as a superuser could: without the triggers."""
        tables = tuple(f"ledger_{one}" for one in APPEND_ONLY)
        with transaction.atomic(), connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
            cursor.execute(sql, list(values))
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")


class Memory(dict[str, bytes]):
    """Files in a dictionary, for readers."""

    @classmethod
    def of(cls, folder: Path) -> "Memory":
        found = (path for path in folder.rglob("*") if path.is_file())
        return cls({path.relative_to(folder).as_posix(): path.read_bytes() for path in found})

    def read(self, path: str) -> bytes:
        try:
            return self[path]
        except KeyError as error:
            raise Missing(path) from error

    def paths(self):
        return list(self)
