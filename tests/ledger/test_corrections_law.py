"""Corrections: anybody who has the entries can check them, whatever became of the record."""

import pytest

from tests.ledger.cheats_of_corrections import LAWFUL
from tests.ledger.lawful import Book


@pytest.mark.parametrize("way", LAWFUL)
def test_every_lawful_way(way):
    """R9: months after the medicines were fetched, or the consultation ended."""
    book = Book()
    LAWFUL[way](book)
    assert book.broken() == (-1, "")
