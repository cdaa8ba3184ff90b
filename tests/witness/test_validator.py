"""
A validator works from the files alone, goes on where it was, and waits for what may heal.
"""

import dataclasses
import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from config import law as published
from ledger import note, tiles
from ledger.entry import Statement, leaf_hash
from ledger.witness.ledgerstate import LedgerState
from ledger.witness.validator import Behind, Refused
from tests.ledger.lawful import COLLECTED, LOG, OTHER_TAG, Book
from tests.witness.offices import Office, entry_subject, with_entry


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.validator.close()


@pytest.fixture(scope="module")
def book() -> Book:
    """A log of 600 entries: three bundles, the last one partial. Do not write into it."""
    book = Book()
    for number in range(30):
        book.go(*COLLECTED, of=f"rx/{number:032x}")
    while len(book.entries) < 600:
        book.view(f"{len(book.entries):x}")
    return book


def test_a_lawful_log_is_admitted_and_told(office, book):
    office.admit(book)
    status = office.validator.status()
    assert status["size"] == 600
    assert status["root"] == note.encode_base64(book.head().root)
    assert status["law"] == published.digest()
    assert (status["refusal"], status["trouble"]) == (None, "")
    assert office.seen() == [entry_subject(entry) for entry in book.entries]


def test_it_goes_on_where_it_was(office, book):
    """Growing in steps of every kind, reopened between them, it comes to the same."""
    for size in (1, 2, 255, 256, 257, 257, 511, 512, 600):
        office.admit(book, size)
        assert office.size == size
        office.reopen()
    replay = book.replayed()
    state = LedgerState(office.home / "replayed.db")
    assert state.position == replay.position
    for name in {entry_subject(entry) for entry in book.entries}:
        assert state.subject(name) == replay.store.subject(name)
    for key in [LOG, *book.keys.values()]:
        held = (key.verifier.name, key.verifier.key_id)
        assert state.key(held) == replay.store.key(held)
    state.close()


def test_files_that_were_not_signed_are_refused_until_they_are_right(office, book):
    """A flipped bit on a disk stops nobody for ever: nothing that the log signed is wrong."""
    head = office.publish(book)
    right = dict(office.files)
    entries = [*book.entries]
    statement = Statement.parse(note.parse(entries[280]).text)
    entries[280] = note.sign(
        dataclasses.replace(statement, patient=OTHER_TAG).text(), book.keys["cashier"]
    )
    bundle = tiles.bundle(entries[256:512])
    office.files["tile/entries/001"] = bundle
    with pytest.raises(Refused, match=r"entry 280 .*leaf") as caught:
        office.validator.admit(head)
    assert (caught.value.rule, caught.value.lasting) == ("tiles.other_leaf", False)

    leaves = b"".join(map(leaf_hash, entries[256:512]))
    office.files["tile/0/001"] = leaves
    with pytest.raises(Refused) as caught:
        office.validator.admit(head)
    assert (caught.value.rule, caught.value.lasting) == ("tiles.other_root", False)
    assert "root" in office.validator.status()["trouble"]

    office.files.update(right)
    office.validator.admit(head)
    assert office.size == 600


@pytest.mark.parametrize("path", ["tile/0/001", "tile/entries/001", "tile/entries/002.p/88"])
def test_a_missing_file_is_waited_for(office, book, path):
    head = office.publish(book)
    content = office.files.pop(path)
    with pytest.raises(Behind, match=path.partition(".")[0]):
        office.validator.admit(head)
    office.files[path] = content
    office.validator.admit(head)


@pytest.mark.parametrize("path", ["tile/0/001", "tile/entries/001", "tile/entries/002.p/88"])
def test_a_short_file_is_refused_for_now(office, book, path):
    head = office.publish(book)
    content = office.files[path]
    office.files[path] = content[:-1]
    with pytest.raises(Refused) as caught:
        office.validator.admit(head)
    assert (caught.value.rule, caught.value.lasting) == ("tiles.malformed", False)
    office.files[path] = content
    office.validator.admit(head)


def test_a_full_tile_serves_where_the_partial_one_is_gone(office, book):
    head = book.head(300)
    office.publish(book)
    office.validator.admit(head)
    assert office.size == 300


def test_older_heads_are_admitted_and_forks_are_not(office, book):
    """L4: another root at a size that has been replayed, or at an earlier one."""
    office.admit(book)
    for size in (0, 1, 300, 600):
        office.validator.admit(book.head(size))
    for size in (1, 300, 600):
        fork = dataclasses.replace(book.head(size), root=b"f" * 32)
        with pytest.raises(Refused, match="root"):
            office.validator.admit(fork)
    with pytest.raises(Refused, match="another log"):
        office.validator.admit(dataclasses.replace(book.head(), origin="example/other"))


def test_a_law_that_was_not_accepted_is_waited_for(office, book):
    """A validator obeys the laws that its organisation has accepted, and no others."""
    office.accept(b"{}")
    assert not office.refuses(book, "law.not_accepted").lasting
    office.accept(published.document())
    office.admit(book)


def test_a_changed_law_counts_from_its_entry_on(office):
    """The new law has no withdrawal; what was withdrawn before stays lawful."""
    content = json.loads(published.document())
    del content["families"]["rx"]["moves"]["withdraw"]
    stricter = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = sha256(stricter.encode()).hexdigest()
    book = Book().go(*COLLECTED[:3], "withdraw")
    book.add("log", "log.law", {"law": digest}, LOG)
    found = office.refuses(book, "law.not_accepted")
    assert (found.index, found.lasting) == (len(book.entries) - 1, False)
    (office.laws / "stricter.json").write_bytes(stricter.encode())
    office.admit(book)
    office.reopen()
    assert office.validator.status()["law"] == digest
    book.go("authorize", "withdraw")
    assert office.refuses(book, "law.unknown_move").lasting


def test_a_log_without_a_law_is_not_validated(office):
    book = Book()
    facts = {"service_keys": {}, "policy": "x", "law": ""}
    statement = dataclasses.replace(Statement.parse(note.parse(book.entries[0]).text), facts=facts)
    assert not office.refuses(
        with_entry(book, 0, note.sign(statement.text(), LOG)), "law.unnamed"
    ).lasting


def test_an_entry_from_the_future_is_waited_for(office):
    """F10: who dates ahead waits until that time has come."""
    book = Book().go("issue")
    office.now = (book.now - timedelta(seconds=121)).timestamp()
    with pytest.raises(Behind, match="not come yet"):
        office.admit(book)
    assert office.size == 0
    office.now += 1
    office.admit(book)


def test_what_an_observer_cannot_take_is_not_stored(office, book):
    def fails(*_: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    office.watcher.finish = fails
    with pytest.raises(sqlite3.OperationalError):
        office.admit(book)
    assert office.seen() == []
    assert office.size == 0
    del office.watcher.finish
    office.admit(book)
    assert len(office.seen()) == 600


def test_a_killed_validator_resumes(office, book, tmp_path):
    """F1: killed in the middle of batches and before their commits, it sees every entry once."""
    office.publish(book)
    folder = tmp_path / "published"
    for path, content in office.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    chance = random.Random(6)
    for place in sorted(chance.sample(range(576), 4)):
        for kill_at in (place, -(place - place % 64 + 64)):
            arguments = [str(office.home), str(folder), "2026-12-24T00:00:00Z", str(kill_at)]
            program = [sys.executable, "-m", "tests.witness.killed", *arguments]
            subprocess.run(program, check=False)
            office.reopen()
            assert office.size % 64 == 0
            assert len(office.seen()) == office.size
    assert 0 < office.size < 600
    office.admit(book)
    assert office.seen() == [entry_subject(entry) for entry in book.entries]


def test_it_knows_no_django():
    code = "import sys, ledger.witness.validator as v; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
