"""Data are used under a live opt-in alone: anybody who has the entries can check it."""

import pytest

from hospital.sharing import APPROVE, REFUSE, Mode
from tests.ledger.cheats_of_sharing import closed, decided, given, published, used, withdrawn
from tests.ledger.lawful import Book


def test_an_offer_is_made_approved_and_closed():
    assert closed(decided(published(Book()))).broken() == (-1, "")


@pytest.mark.parametrize("move", [APPROVE, REFUSE], ids=lambda move: move.kind)
def test_a_regulator_decides(move):
    assert decided(published(Book()), move.kind).broken() == (-1, "")


@pytest.mark.parametrize("mode", Mode)
def test_an_opt_in_is_used_for_what_it_is_given_until_it_is_withdrawn(mode):
    book = given(Book(), says={"mode": mode.value})
    for _ in range(2):
        used(book, says={"purpose": mode.value, "fields": ["line/"]})
    withdrawn(book)
    assert book.broken() == (-1, "")
    assert used(book, says={"purpose": mode.value}).broken()[1] == "law.no_basis"
