"""
Evidence that was altered in any field decides nothing, and the fault names the entry. No database.

Three who alter: whoever carries the files; who signed an entry, and signs another; and who keeps
the log, who enters that other one in another tree. None of them gets a fen for what was not done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from insurance import evidence
from insurance.evidence import BadEvidence
from ledger import merkle, note, receipt, receiptfile
from ledger.entry import Statement, canonical, leaf_hash
from ledger.policy import Policy
from tests.ledger.lawful import COLLECTED, LOG, RX, Book

POLICY = Policy.parse(f"log {LOG.verifier.vkey}\nquorum none\n".encode())
WAY = COLLECTED[:6]


class Evidence:
    """The receipt files of one prescription's entries, all of one tree."""

    def __init__(self) -> None:
        self.book = Book().go(*WAY)
        self.entries = self.book.entries
        self.said = [Statement.parse(note.parse(one).text) for one in self.entries]
        self.leaves = [leaf_hash(one) for one in self.entries]
        self.checkpoint = note.sign(self.book.head().text(), self.book.log)
        self.numbers = [n for n, one in enumerate(self.said) if one.subject == RX]
        self.files = [self.file(self.entries[n], n) for n in self.numbers]

    def source(self, subtree: merkle.Subtree) -> bytes:
        start = subtree.place << subtree.level
        return merkle.root(self.leaves[start : start + (1 << subtree.level)])

    def file(self, entry: bytes, index: int) -> bytes:
        """A receipt file that shows ``entry`` where the tree has its entry ``index``."""
        size = len(self.entries)
        signers = {one.name for one in note.parse(entry).signatures}
        keys = [
            receiptfile.Registered(
                self.entries[n], n, tuple(merkle.inclusion(n, size, self.source))
            )
            for n, one in enumerate(self.said)
            if (one.kind == "key.register" and one.subject.removeprefix("key/") in signers)
            or (
                one.kind == "log.open"
                and any(name.startswith(LOG.verifier.name) for name in signers)
            )
        ]
        bare = receipt.build(index, size, self.checkpoint, self.source)
        return receiptfile.complete(bare, entry, keys=keys)

    def ruling(self, files: list[bytes]) -> evidence.Verdict:
        return evidence.rule(evidence.proven(files, RX, POLICY), "fund", ceiling_fen=10**6)

    def with_file(self, place: int, file: bytes) -> list[bytes]:
        return [*self.files[:place], file, *self.files[place + 1 :]]


@pytest.fixture(scope="module")
def told() -> Evidence:
    return Evidence()


def variants(value: Any) -> Iterator[Any]:
    """``value`` with one thing in it changed, or left out, for every thing in it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {one: item for one, item in value.items() if one != name}
            yield from ({**value, name: other} for other in variants(inner))
        yield {**value, "more": 1}
    elif isinstance(value, list):
        yield [*value, "more"]
        for place, inner in enumerate(value):
            yield [*value[:place], *value[place + 1 :]]
            yield from ([*value[:place], one, *value[place + 1 :]] for one in variants(inner))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    else:
        yield from {f"{value}0", f"x{value[1:]}", ""} - {value}


def altered(text: bytes) -> Iterator[bytes]:
    """The text of a statement with each of its members and facts altered, however deep."""
    head, _, body = text.decode().partition("\n")
    for other in variants(json.loads(body)):
        yield f"{head}\n{canonical(other).decode()}\n".encode()


def test_as_it_was_signed_it_is_approved(told):
    verdict = told.ruling(told.files)
    assert (verdict.decision, verdict.approved_fen) == ("approve", 1400)


@pytest.mark.parametrize("place", range(len(WAY)), ids=WAY)
def test_a_statement_altered_in_any_field(told, place):
    """C1, L1: its signature kept, or signed anew by who signed it: the tree holds another."""
    entry = told.entries[told.numbers[place]]
    signed, tried = note.parse(entry), 0
    keys = {one.verifier.name: one for one in told.book.keys.values()}
    signers = [keys[one.name] for one in signed.signatures]
    for text in altered(signed.text):
        for other in (note.Note(text, signed.signatures).bytes(), note.sign(text, *signers)):
            tried += 1
            with pytest.raises(BadEvidence, match=f"^entry {place + 1} is not proven"):
                told.ruling(told.with_file(place, _swapped(told.files[place], entry, other)))
    assert tried > 40


def _swapped(file: bytes, entry: bytes, other: bytes) -> bytes:
    """The file with another entry in it, however malformed."""
    bare = receipt.parse(file)
    parts = json.loads(bare.extra)
    assert parts["entry"].encode() == entry
    parts["entry"] = other.decode()
    return replace(bare, extra=canonical(parts)).bytes()


@pytest.mark.parametrize("place", range(len(WAY)), ids=WAY)
def test_a_receipt_altered_in_any_field(told, place):
    """C1, L1: index, proof, checkpoint, and what leads to the keys of who signed."""
    bare, size = receipt.parse(told.files[place]), len(told.entries)
    parts = json.loads(bare.extra)
    others = [
        *(replace(bare, index=one) for one in range(size) if one != bare.index),
        *(
            replace(bare, proof=(*bare.proof[:n], bytes(32), *bare.proof[n + 1 :]))
            for n in range(len(bare.proof))
        ),
        replace(bare, proof=bare.proof[:-1]),
        *(replace(bare, checkpoint=one) for one in _checkpoints(bare.checkpoint)),
        *(replace(bare, extra=canonical(one)) for one in variants(parts)),
    ]
    for other in others:
        with pytest.raises(BadEvidence, match=f"^entry {place + 1} is not proven"):
            told.ruling(told.with_file(place, other.bytes()))


def _checkpoints(data: bytes) -> Iterator[bytes]:
    lines = data.decode().split("\n")
    for number, line in enumerate(lines):
        if line and line[0] != "x":
            yield "\n".join([*lines[:number], f"x{line[1:]}", *lines[number + 1 :]]).encode()


def test_entries_left_out_doubled_or_in_another_order(told):
    """C1, L3: the chain of the subject is whole or nothing is decided."""
    files = told.files
    for place in range(len(files) - 1):
        with pytest.raises(BadEvidence, match=f"^entry {place + 1} does not follow"):
            told.ruling([*files[:place], *files[place + 1 :]])
        swapped = [*files[:place], files[place + 1], files[place], *files[place + 2 :]]
        with pytest.raises(BadEvidence, match=f"^entry {place + 1} does not follow"):
            told.ruling(swapped)
        with pytest.raises(BadEvidence, match=f"^entry {place + 2} does not follow"):
            told.ruling([*files[: place + 1], *files[place:]])
    assert told.ruling(files[:-1]).reason == "evidence_missing"


def test_of_another_prescription_or_by_a_policy_that_knows_another_log(told):
    """C1, L3"""
    with pytest.raises(BadEvidence, match=r"^entry 1 is about something else"):
        evidence.proven(told.files, "rx/" + "2" * 32, POLICY)
    stranger = note.Signer("other/log", bytes(32)).verifier.vkey
    with pytest.raises(BadEvidence, match=r"^entry 1 is not proven"):
        evidence.proven(told.files, RX, Policy.parse(f"log {stranger}\nquorum none\n".encode()))


@pytest.mark.parametrize(
    ("move", "says", "verdict"),
    [
        ("dispense", {"lines": {"1": 1, "2": 2}}, ("refuse", "quantity_differs")),
        ("dispense", {"lines": {"1": 1}}, ("refuse", "quantity_differs")),
        ("dispense", {"lines": {"1": 1, "2": 3, "3": 1}}, ("refuse", "quantity_differs")),
        ("issue", {"lines": {"1": 1, "2": 4}}, ("refuse", "quantity_differs")),
        ("authorize", {"bill": {"payers": {"insurer": 200}}}, ("refuse", "not_covered")),
        ("authorize", {"bill": {"payers": {"fund": 0}}}, ("refuse", "not_covered")),
        ("issue", {"to": "pending"}, ("refuse", "evidence_missing")),
        ("approve", {"to": "returned"}, ("refuse", "evidence_missing")),
        ("authorize", {"to": "approved"}, ("refuse", "evidence_missing")),
        ("pay", {"to": "authorized"}, ("refuse", "evidence_missing")),
        ("receive", {"to": "returning"}, ("refuse", "evidence_missing")),
    ],
)
def test_what_was_really_signed_and_entered_so_is_refused_for_its_own_reason(
    told, move, says, verdict
):
    """C1: no receipt is wrong here; what they say together is no claim."""
    statements = evidence.proven(told.files, RX, POLICY)
    place = WAY.index(move)
    said = statements[place]
    statements[place] = replace(said, facts={**said.facts, **says})
    found = evidence.rule(statements, "fund", ceiling_fen=10**6)
    assert (found.decision, found.reason) == verdict
    assert found.approved_fen == 0
