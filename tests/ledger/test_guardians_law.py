"""Guardians act until the guardianship ends: anybody who has the entries can check it."""

from datetime import timedelta

import pytest

from tests.ledger.cheats_of_guardians import EVIDENCE, appointed, ended, registered, seen
from tests.ledger.cheats_of_wards import (
    ACTS,
    BY_GUARDIAN,
    COMES_OF_AGE,
    OWNER,
    THIRD_TAG,
    enters_key,
    guarded,
    of_guest,
)
from tests.ledger.lawful import COLLECTED, END, OTHER_TAG, Book

MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("begun", [registered, appointed])
def test_a_guardian_looks_until_the_very_moment_at_which_it_ends(begun):
    """To the microsecond, with no allowance for clocks."""
    assert seen(begun(Book()), at=END - MOMENT).broken() == (-1, "")
    assert seen(begun(Book()), at=END).broken()[1] == "law.guardian_no_more"


def test_an_adult_ends_what_he_appointed_and_the_registrar_what_he_registered():
    assert ended(appointed(Book()), by="patient").broken() == (-1, "")
    assert ended(registered(Book()), commitment=EVIDENCE).broken() == (-1, "")


@pytest.mark.parametrize("name", ACTS)
def test_a_guardian_acts_until_the_very_moment_at_which_it_ends(name):
    """The key was registered in this line for the guardian's own sake."""
    for at in ({}, {"at": COMES_OF_AGE - MOMENT}):
        book = guarded(Book())
        ACTS[name](book, **at)
        assert book.broken() == (-1, "")


def test_an_appointed_guardian_acts_for_the_adult():
    book = appointed(Book(), says={"guardian": OWNER})
    ACTS["authorize"](book)
    assert book.broken() == (-1, "")


def test_a_guardian_whose_key_is_a_guest_of_the_line_acts_until_the_registrar_revokes_it():
    """The own other keys, which could revoke it at home, are not known there."""
    book = of_guest(Book()).go(*COLLECTED[:2])
    enters_key(book)
    book.move("authorize", **{**BY_GUARDIAN, "by": "guest"})
    assert book.broken() == (-1, "")
    book.revoke("guest", by="registrar", patient=THIRD_TAG)
    assert book.broken() == (-1, "")
    book.move("withdraw", **{**BY_GUARDIAN, "by": "guest"})
    assert book.broken()[1] == "key.revoked"


def test_a_guest_revokes_the_own_key_too():
    book = of_guest(Book())
    enters_key(book)
    book.revoke("guest", by="guest", patient=THIRD_TAG)
    assert book.broken() == (-1, "")


def test_a_guardian_whose_key_is_revoked_acts_no_more():
    book = guarded(Book()).go(*COLLECTED[:2])
    book.revoke("patient2", by="patient2", patient=OTHER_TAG)
    book.move("authorize", **BY_GUARDIAN)
    assert book.broken()[1] == "key.revoked"


def test_a_guardian_resigns():
    book = ended(guarded(Book()), by="patient2", commitment=EVIDENCE)
    assert book.broken() == (-1, "")
