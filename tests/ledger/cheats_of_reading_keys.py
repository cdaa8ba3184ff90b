"""Cheats with organisations' reading keys."""

from __future__ import annotations

from typing import Any

from hospital import readingkeylaw
from tests.ledger.cheating import Cheat
from tests.ledger.lawful import TAG, Book

READING_KEY = f"{readingkeylaw.FAMILY}/hospital"
KEY, OTHER_KEY, NONE = "one key", "another key", readingkeylaw.NO_KEY


def proposed(book: Book, key: str = KEY, *, by: str = "doctor", **fields: Any) -> Book:
    """One of the hospital proposes a key, or with ``NONE`` that there be none."""
    return _said(book, readingkeylaw.PROPOSE, by, {"public_key": key}, **fields)


def registered(book: Book, key: str = KEY, *, by: str = "doctor2", **fields: Any) -> Book:
    """Another one puts it in force."""
    return _said(book, readingkeylaw.REGISTER, by, {"public_key": key}, **fields)


def lifted(book: Book, *, by: str = "doctor2", **fields: Any) -> Book:
    return _said(book, readingkeylaw.LIFT, by, {}, **fields)


def revoked(book: Book, *, by: str = "reviewer", **fields: Any) -> Book:
    return _said(book, readingkeylaw.REVOKE, by, {}, **fields)


def in_force(book: Book) -> Book:
    return registered(proposed(book))


def _said(
    book: Book, move: readingkeylaw.Move, by: str, facts: dict[str, str], **fields: Any
) -> Book:
    book.add(fields.pop("of", READING_KEY), move.kind, facts, book.keys[by], **fields)
    return book


CHEATS: dict[str, tuple[str, Cheat]] = {
    "a reading key proposed by a program": (
        "wrong_role",
        lambda book: proposed(book, by="system"),
    ),
    "a reading key proposed for another hospital": (
        "wrong_owner",
        lambda book: proposed(book, by="foreign_doctor"),
    ),
    "a reading key proposed about a patient": (
        "wrong_patient",
        lambda book: proposed(book, patient=TAG),
    ),
    "a reading key that nobody proposed": ("four_eyes", registered),
    "a reading key in force by one person": (
        "four_eyes",
        lambda book: registered(proposed(book), by="moonlighter"),
    ),
    "a reading key in force by another hospital": (
        "wrong_owner",
        lambda book: registered(proposed(book), by="foreign_doctor"),
    ),
    "another reading key than was proposed": (
        "wrong_key",
        lambda book: registered(proposed(book), OTHER_KEY),
    ),
    "a reading key in force about a patient": (
        "wrong_patient",
        lambda book: registered(proposed(book), patient=TAG),
    ),
    "one proposal, two reading keys": ("four_eyes", lambda book: registered(in_force(book))),
    "a reading key lifted that never was": (
        "wrong_state",
        lambda book: lifted(proposed(book, NONE)),
    ),
    "a reading key lifted by one person": (
        "four_eyes",
        lambda book: lifted(proposed(in_force(book), NONE), by="moonlighter"),
    ),
    "a reading key lifted where another was proposed": (
        "wrong_key",
        lambda book: lifted(proposed(in_force(book), OTHER_KEY)),
    ),
    "a reading key lifted by another hospital": (
        "wrong_owner",
        lambda book: lifted(proposed(in_force(book), NONE), by="foreign_doctor"),
    ),
    "a reading key lifted about a patient": (
        "wrong_patient",
        lambda book: lifted(proposed(in_force(book), NONE), patient=TAG),
    ),
    "a reading key revoked by another hospital": (
        "wrong_owner",
        lambda book: revoked(in_force(book), by="foreign_reviewer"),
    ),
    "a reading key revoked about a patient": (
        "wrong_patient",
        lambda book: revoked(in_force(book), patient=TAG),
    ),
    "a reading key revoked twice": ("wrong_state", lambda book: revoked(revoked(in_force(book)))),
}
