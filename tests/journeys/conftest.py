"""People whom several files of journeys know by the same name."""

from datetime import date

import pytest

from tests.journeys.guarding import years_ago


@pytest.fixture
def mother(world):
    return world.a_patient(date(1990, 3, 4))


@pytest.fixture
def child(world):
    """Five years old, and for years to come a child."""
    return world.a_patient(years_ago(5))


@pytest.fixture
def daughter(world):
    return world.a_patient(date(1985, 6, 7))
