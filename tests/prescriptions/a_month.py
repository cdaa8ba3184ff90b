"""A log in memory in which hospitals issue prescriptions around the ends of a month."""

from __future__ import annotations

from datetime import datetime, timedelta

from ledger import note
from ledger.entry import Statement
from prescriptions.appraisal import months, population
from prescriptions.appraisal.population import ISSUE, UPLOAD, Part
from tests.ledger.lawful import LOG, Book

MONTH = months.parse("2026-12")
MOMENT, MINUTE, HOUR, DAY = (
    timedelta(microseconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)


def issued(book: Book, at: datetime, hospital: str = "hospital") -> str:
    """One more prescription, issued at this moment; its subject."""
    subject = f"rx/{len(book.entries):032x}"
    book.add(subject, ISSUE, {"hospital": hospital}, book.keys["doctor"], at=at)
    return subject


def uploaded(book: Book, at: datetime) -> str:
    """One more, which the hospital's own system uploaded."""
    subject = f"rx/{len(book.entries):032x}"
    book.add(subject, UPLOAD, {"hospital": "hospital"}, book.keys["system"], at=at)
    return subject


def looked(book: Book, at: datetime) -> None:
    """Some entry of another kind."""
    book.add(f"view/{len(book.entries):032x}", "record.view", {}, book.keys["access"], at=at)


def closed(book: Book) -> Book:
    looked(book, MONTH.closes_at)
    return book


def frozen(book: Book, at: datetime) -> Book:
    book.add("log", "log.freeze", {"successor": LOG.verifier.vkey}, LOG, at=at)
    return book


def part(book: Book, size: int | None = None) -> Part | None:
    """What the tiles of the first ``size`` entries say of the month."""
    return population.read(book.files(size), book.head(size), MONTH)


def by_reading_all(book: Book, hospital: str = "hospital") -> tuple[list[str], int]:
    """The same the slow way: every entry looked at, in order; and the size of the tree."""
    found: list[str] = []
    for size, data in enumerate(book.entries, 1):
        one = Statement.parse(note.parse(data).text)
        if one.at >= MONTH.closes_at:
            return found, size
        inside = MONTH.begins_at <= one.at < MONTH.until
        if one.kind in (ISSUE, UPLOAD) and inside and one.facts["hospital"] == hospital:
            found.append(one.subject)
    return found, len(book.entries)
