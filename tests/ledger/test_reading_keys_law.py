"""Which reading key was in force, and by whom: anybody who has the entries can check it."""

from tests.ledger.cheats_of_reading_keys import (
    NONE,
    OTHER_KEY,
    READING_KEY,
    in_force,
    lifted,
    proposed,
    registered,
    revoked,
)
from tests.ledger.lawful import Book


def standing(book):
    return book.replayed()._standing(READING_KEY)


def test_a_key_is_replaced_revoked_and_lifted_by_two_each_and_one():
    """One chain: each step says what answers are from then on, and which key they are sealed to."""
    book = in_force(Book())
    assert (standing(book).state, standing(book).kept) == ("sealed", {"public_key": "one key"})
    registered(proposed(book, OTHER_KEY, by="reviewer"), OTHER_KEY)
    assert standing(book).kept == {"public_key": OTHER_KEY}
    revoked(book)
    assert (standing(book).state, standing(book).kept) == ("revoked", {})
    lifted(proposed(book, NONE))
    assert (standing(book).state, standing(book).kept) == ("clear", {})
    assert in_force(book).broken() == (-1, "")


def test_a_key_may_be_registered_again_after_it_was_revoked_and_lifted_while_revoked():
    assert registered(proposed(revoked(in_force(Book())))).broken() == (-1, "")
