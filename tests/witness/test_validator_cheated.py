"""
A validator finds each way to cheat from the files alone, and stops for ever.

The operator has the log's and the services' keys, writes any file, and signs any head.
"""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ledger import note
from ledger.entry import Statement
from tests.ledger.cheats import CHEATS, SOME
from tests.ledger.lawful import COLLECTED, RX, Book
from tests.witness.offices import Office, with_entry


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.validator.close()


@pytest.mark.parametrize("cheat", SOME)
def test_an_unlawful_entry_stops_it_for_ever(office, cheat):
    """Also when the operator goes on lawfully, and when the program starts anew."""
    rule, write = CHEATS[cheat]
    book = Book()
    office.admit(book)
    write(book)
    found = office.refuses(book, f"law.{rule}")
    assert (found.index, found.lasting) == (len(book.entries) - 1, True)
    office.reopen()
    again = office.refuses(Book(), f"law.{rule}")
    assert (again.index, again.subject, again.lasting) == (found.index, found.subject, True)
    refusal = office.validator.status()["refusal"]
    assert (refusal["index"], refusal["rule"]) == (found.index, f"law.{rule}")
    assert refusal["head"] == book.head().text().decode()
    assert office.size == len(Book().entries)


def test_nobody_is_paid_twice_though_the_program_starts_anew_in_between(office):
    """C1: that a claim has been settled is remembered with the claim."""
    book = Book().go(*COLLECTED)
    office.admit(book)
    book.settle(RX)
    office.admit(book)
    office.reopen()
    book.settle(RX, batch="d")
    assert office.refuses(book, "law.nothing_owed").lasting


def test_dropping_an_entry_is_found(office):
    book = Book().go(*COLLECTED)
    book.entries.pop(-4)
    assert office.refuses(book, "chain.version").lasting


def test_reordering_entries_is_found(office):
    book = Book().go(*COLLECTED)
    book.entries[-3], book.entries[-4] = book.entries[-4], book.entries[-3]
    assert office.refuses(book, "chain.version").lasting


def test_rewriting_an_entry_breaks_the_chain_after_it(office):
    """The operator holds the cashier's key; what comes after names the entry as it was."""
    book = Book().go(*COLLECTED[:4])
    index = len(book.entries) - 1
    statement = Statement.parse(note.parse(book.entries[index]).text)
    book.go(*COLLECTED[4:])
    later = dataclasses.replace(statement, at=statement.at + timedelta(seconds=1))
    changed = with_entry(book, index, note.sign(later.text(), book.keys["cashier"]))
    assert office.refuses(changed, "chain.prev").index == index + 1


def test_rewriting_what_was_admitted_is_found(office):
    """L3: all of it is rebuilt from one entry on and signed again."""
    book = Book().go(*COLLECTED)
    office.admit(book)
    other = Book()
    other.view("0")
    other.entries += book.entries[len(other.entries) :]
    other.view("1")
    assert not office.refuses(other, "tiles.other_root").lasting
    book.view()
    office.admit(book)


def test_a_forged_signature_is_found(office):
    book = Book().go(*COLLECTED[:2])
    text = note.parse(book.entries[-1]).text
    forged = note.assemble(text, [book.keys["reviewer"].sign(text + b"x")])
    changed = with_entry(book, len(book.entries) - 1, forged)
    assert office.refuses(changed, "signature.wrong").lasting


def test_a_revoked_key_is_found(office):
    """K1, L11: what it signed before stays lawful."""
    book = Book().go("issue")
    office.admit(book)
    book.revoke("doctor", by="doctor")
    office.admit(book)
    office.reopen()
    book.move("cancel", by="doctor")
    assert office.refuses(book, "key.revoked").lasting
