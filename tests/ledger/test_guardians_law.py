"""Guardians act until the guardianship ends: anybody who has the entries can check it."""

from datetime import timedelta

import pytest

from tests.ledger.cheats_of_guardians import EVIDENCE, appointed, ended, registered, seen
from tests.ledger.lawful import END, Book

MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("begun", [registered, appointed])
def test_a_guardian_looks_until_the_very_moment_at_which_it_ends(begun):
    """To the microsecond, with no allowance for clocks."""
    assert seen(begun(Book()), at=END - MOMENT).broken() == (-1, "")
    assert seen(begun(Book()), at=END).broken()[1] == "law.guardian_no_more"


def test_an_adult_ends_what_he_appointed_and_the_registrar_what_he_registered():
    assert ended(appointed(Book()), by="patient").broken() == (-1, "")
    assert ended(registered(Book()), commitment=EVIDENCE).broken() == (-1, "")
