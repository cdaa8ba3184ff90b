"""Looks that rest on a grant or an emergency: anybody who has the entries can check them."""

from datetime import timedelta

import pytest

from hospital import consentlaw, consents
from tests.ledger.cheats_of_consents import (
    FOR_ONE,
    READER,
    SKEW,
    THROUGH_GLASS,
    granted,
    judged,
    looked,
    opened,
    withdrawn,
)
from tests.ledger.lawful import END, Book

MOMENT = timedelta(microseconds=1)


def test_a_grant_is_looked_under_until_it_is_withdrawn():
    """Z1: as often as the reader likes, all of its fields or some."""
    book = looked(granted(Book()))
    looked(book, says={"fields": ["line/"]})
    withdrawn(book)
    assert book.broken() == (-1, "")
    looked(book)
    assert book.broken() == (len(book.entries) - 1, "law.no_basis")


def test_a_grant_ends_by_itself():
    """F11: to the microsecond, by clocks that may differ."""
    assert looked(granted(Book()), at=END + SKEW - MOMENT).broken() == (-1, "")
    assert looked(granted(Book()), at=END + SKEW).broken()[1] == "law.no_basis"


def test_a_grant_for_one_is_for_that_one():
    book = granted(Book(), says=FOR_ONE)
    looked(book, says={"reader": FOR_ONE["reader"]})
    assert book.broken() == (-1, "")
    assert FOR_ONE["reader"] != READER


@pytest.mark.parametrize("purpose", consents.Purpose)
def test_each_purpose_opens_its_fields_to_its_readers(purpose):
    """Z1, Z4: all of them lawfully, and not one of the others, not even beside the own."""
    terms = consents.TERMS[purpose]
    says = {"purpose": purpose.value, "fields": list(terms.fields)}
    book = looked(granted(Book(), says=says), says={**says, "role": terms.role.value})
    assert book.broken() == (-1, "")
    for other in set(consents.EVERY_FIELD) - set(terms.fields):
        for fields in ([other], sorted([other, *terms.fields])):
            book = granted(Book(), says={**says, "fields": fields})
            assert book.broken()[1] == "law.wrong_fields"


def test_glass_stays_broken_while_it_is_judged_justified():
    """Z9"""
    book = looked(opened(Book()), says=THROUGH_GLASS)
    looked(judged(book), says=THROUGH_GLASS)
    assert book.broken() == (-1, "")


def test_a_look_of_a_party_rests_on_nothing():
    book = Book()
    book.view()
    assert book.broken() == (-1, "")


def test_the_law_knows_the_moves_of_the_table_and_no_others():
    stated = {
        (move["kind"], family, *move["from"], move["to"], *move["signers"][0])
        for family, data in consentlaw.families().items()
        for move in data["moves"].values()
    }
    table = {(one.kind, one.family, one.source, one.target, one.by.value) for one in consents.MOVES}
    assert stated == table
