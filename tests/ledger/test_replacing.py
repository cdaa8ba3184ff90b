"""Keys that wait, and keys that they replace, as whoever reads the entries alone sees them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hospital.units import stamp
from tests.ledger.cheating import TO_AUTHORIZE
from tests.ledger.lawful import OTHER_TAG, TAG, Book

DAY, MOMENT = timedelta(hours=24), timedelta(microseconds=1)
OWNER = ("patient", "", "q1")


@pytest.fixture
def book() -> Book:
    made = Book()
    made.go(*TO_AUTHORIZE)
    return made


def lost(book: Book, *names: str, new: str = "new", **says: Any) -> datetime:
    """A recovery of the patient's; from when the new key signs."""
    active_from = book.now + timedelta(seconds=1) + DAY
    replaces = [book.keys[name].verifier.vkey for name in names or ("patient",)]
    facts = {"tag": TAG, "replaces": replaces, "active_from": stamp(active_from), **says}
    book.register(new, OWNER, **facts)
    return active_from


def revoke(book: Book, name: str, by: str, at: datetime) -> None:
    key = book.keys[name].verifier
    patient = {"patient": TAG, "at": at}
    book.add(f"key/{key.name}", "key.revoke", {"vkey": key.vkey}, book.keys[by], **patient)
    book.now = at


def breaks(book: Book, rule: str) -> None:
    """The last entry, and no other, breaks this rule."""
    assert book.broken() == (len(book.entries) - 1, rule)


def grant(book: Book, by: str, at: datetime) -> None:
    book.now = at - timedelta(seconds=1)
    book.move("authorize", by=by)


def test_the_new_key_waits_to_the_moment(book):
    """F11"""
    active_from = lost(book)
    book.now = active_from - MOMENT - timedelta(seconds=1)
    book.move("authorize", by="new")
    breaks(book, "key.waiting")


def test_the_new_key_signs_from_then_on(book):
    active_from = lost(book)
    revoke(book, "new", "new", active_from)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("after", [timedelta(seconds=2), DAY, DAY * 2])
def test_the_old_key_signs_nothing_more(book, after):
    """K6: neither during the wait nor ever after."""
    at = book.now + after
    lost(book)
    grant(book, "patient", at)
    breaks(book, "key.replaced")


def test_the_old_key_objects_and_signs_again(book):
    active_from = lost(book)
    revoke(book, "new", "patient", active_from - MOMENT)
    book.move("authorize")
    assert book.broken() == (-1, "")
    lost(book, new="newer")
    assert book.broken() == (-1, "")


def test_the_old_key_objects_too_late(book):
    """F11"""
    revoke(book, "new", "patient", lost(book))
    breaks(book, "key.replaced")


def test_the_old_key_revokes_no_other_meanwhile(book):
    book.register("second", OWNER, tag=TAG)
    lost(book, "patient", "second")
    revoke(book, "second", "patient", book.now)
    breaks(book, "key.replaced")


def test_a_new_key_revoked_after_its_wait_brings_nothing_back(book):
    revoke(book, "new", "new", lost(book))
    book.now += DAY
    book.move("authorize")
    breaks(book, "key.replaced")


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (("patient2",), "key.foreign"),
        (("doctor",), "key.foreign"),
        (("patient", "patient"), "key.not_in_force"),
    ],
)
def test_only_own_live_keys_are_replaced(book, names, rule):
    """The registrar cannot put out another patient's keys, or anybody else's."""
    lost(book, *names)
    breaks(book, rule)


def test_a_patients_key_of_another_tag_is_not_replaced(book):
    lost(book, tag=OTHER_TAG)
    breaks(book, "key.foreign")


def test_keys_are_replaced_by_one_at_a_time(book):
    lost(book)
    lost(book, new="newer")
    breaks(book, "key.not_in_force")


def test_a_revoked_key_is_not_replaced(book):
    book.register("second", OWNER, tag=TAG)
    revoke(book, "second", "patient", book.now)
    lost(book, "patient", "second")
    breaks(book, "key.not_in_force")


def test_a_waiting_key_is_not_replaced(book):
    lost(book)
    lost(book, "new", new="newer")
    breaks(book, "key.not_in_force")


@pytest.mark.parametrize(
    ("says", "rule"),
    [
        ({"active_from": "soon"}, "law.facts"),
        ({"active_from": "2026-03-02T08:00:00.000000"}, "law.facts"),
        ({"replaces": "all"}, "law.facts"),
        ({"replaces": ["all"]}, "key.bad_vkey"),
    ],
)
def test_a_recovery_says_what_it_does(book, says, rule):
    lost(book, **says)
    breaks(book, rule)
