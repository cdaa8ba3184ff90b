"""
What sequencing and auditing cost, beside what PostgreSQL and libsodium do at best.

Contestants take turns in the same run (``tests.benchmarks.turns``); so the ratios hold on other
machines too, the rates do not. It leaves logs of its own in the database.
"""

import io
import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nacl import bindings
from nacl.signing import VerifyKey

if TYPE_CHECKING:
    from ledger import note

RECORD_SIZE = 480


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def sequencing(entries: int) -> dict[str, Callable[[], float]]:
    """Drain events that are committed, against writing the same leaf rows by COPY and unnest."""
    empty_leaves()
    return {
        "sequence": lambda: _drain(entries),
        "COPY": lambda: copy(entries),
        "unnest": lambda: _unnest(_leaf_rows(entries)),
    }


def empty_leaves() -> None:
    """Make the table for the floors, or empty it: leaves with the same indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_leaf (LIKE ledger_leaf INCLUDING ALL)")
        cursor.execute("TRUNCATE bench_leaf")


def _leaf_rows(entries: int) -> list[tuple[str, ...]]:
    log = str(uuid.uuid4().int >> 80)
    return [(log, str(seq), "1", str(seq), rf"\\x{os.urandom(32).hex()}") for seq in range(entries)]


def filled(entries: int) -> str:
    """Open a log of its own with so many committed events; its origin."""
    from django.db import connection

    from ledger import merkle
    from ledger.models import Log

    log = Log.objects.create(origin=(name := f"bench/{uuid.uuid4().hex}"), vkey="", line=name)
    with connection.cursor() as cursor:
        cursor.execute(_HEAD, [log.id, merkle.EMPTY_ROOT])
    fill(log.origin, entries)
    return log.origin


def fill(origin: str, entries: int, start: int = 0) -> None:
    """Commit so many more events, about subjects numbered from ``start``."""
    from django.db import connection

    from ledger import network

    with connection.cursor() as cursor:
        range_of = (start + 1, start + entries)
        cursor.execute(_EVENTS, [network.log_id(origin), RECORD_SIZE // 16, *range_of])


def _drain(entries: int) -> float:
    from ledger import sequencer

    origin = filled(entries)
    return seconds(lambda: sequencer.sequence(origin))


def copy(entries: int) -> float:
    """Seconds to write so many leaves by COPY."""
    from django.db import connection, transaction

    text = io.StringIO("".join("\t".join(row) + "\n" for row in _leaf_rows(entries)))

    def write() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.copy_from(text, "bench_leaf", columns=COLUMNS)

    return seconds(write)


def _unnest(rows: list[tuple[str, ...]]) -> float:
    from django.db import connection, transaction

    parts = [
        ["{" + ",".join(f'"{item}"' for item in column) + "}" for column in zip(*part, strict=True)]
        for part in (rows[at : at + 1000] for at in range(0, len(rows), 1000))
    ]

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for part in parts:
                cursor.execute(_UNNEST, part)

    return seconds(insert)


COLUMNS = ("log_id", "seq", "event_xid", "event_id", "hash")
_HEAD = """
    INSERT INTO ledger_head (log_id, size, root, edge, snap) VALUES (%s, 0, %s, '', '1:1:')
"""
_EVENTS = """
    INSERT INTO ledger_event (log_id, subject, version, kind, note)
    SELECT %s, n::text, 1, 'bench', decode(repeat(md5(n::text), %s), 'hex')
    FROM generate_series(%s, %s) n
"""
_UNNEST = """
    INSERT INTO bench_leaf (log_id, seq, event_xid, event_id, hash) SELECT * FROM
    unnest(%s::bigint[], %s::bigint[], %s::xid8[], %s::bigint[], %s::bytea[])
"""


def auditing(entries: int) -> dict[str, Callable[[], float]]:
    """Verify a whole log in memory, against verifying its signatures and nothing else."""
    from ledger import audit, note

    log = note.Signer.generate("bench.example/log")
    notes = list(_entries(log, entries))
    files = _files(log, notes)
    parsed = [note.parse(each) for each in notes]
    signed = [(each.signatures[0].value, each.text) for each in parsed]
    joined = [value + text for value, text in signed]
    key, public_key = VerifyKey(log.verifier.public_key), log.verifier.public_key

    def bound() -> None:
        for value, text in signed:
            key.verify(text, value)

    def bare() -> None:
        for each in joined:
            bindings.crypto_sign_open(each, public_key)

    return {
        "audit": lambda: seconds(lambda: audit.files(files, log.verifier.vkey)),
        "VerifyKey.verify": lambda: seconds(bound),
        "crypto_sign_open": lambda: seconds(bare),
    }


def _entries(log: "note.Signer", count: int) -> Iterator[bytes]:
    from ledger import entry, note

    at, name = datetime.now(UTC), log.verifier.name
    facts: dict[str, object] = {"service_keys": {}, "policy": "", "law": ""}
    kind, subject = "log.open", "log"
    for number in range(count):
        made = entry.Statement(name, subject, 1, b"", kind, name, at, "a" * 64, b"c" * 32, facts)
        yield note.sign(made.text(), log)
        facts = {"lines": [{"id": "a1b2c3", "quantity": 2}], "ruleset": "2026-1"}
        kind, subject = "rx.issue", f"rx/{number}"


def _files(log: "note.Signer", notes: list[bytes]) -> "_Files":
    from ledger import audit, entry, note, tiles, treehead

    files, stack = _Files(), tiles.Stack()
    full = stack.extend([entry.leaf_hash(each) for each in notes])
    files.update({tile.path: content for tile, content in (*full, *stack.partials())})
    for tile in tiles.tiles_of(len(notes)):
        if tile.level == tiles.ENTRIES:
            start = tile.number * tiles.WIDTH
            files[tile.path] = tiles.bundle(notes[start : start + tile.width])
    head = treehead.TreeHead(log.verifier.name, len(notes), stack.root())
    files[audit.CHECKPOINT] = note.sign(head.text(), log)
    files[audit.VKEY] = f"{log.verifier.vkey}\n".encode()
    return files


class _Files(dict[str, bytes]):
    def read(self, path: str) -> bytes:
        from ledger import tiles

        if path not in self:
            raise tiles.Missing(path)
        return self[path]
