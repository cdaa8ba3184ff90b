"""
The columns that make a prescription the remainder of another, and say what is authorized of it; no
decisions here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid5

from django.db import models
from django.db.models import Q

Units = Mapping[str, int]
"""Line number → dispensing units, of lines of which there are any."""


class Rest(models.Model):
    """
    ``remainder_of``: the prescription of which a pharmacy gave out a part; what was left of it is
    this one, a row of its own with the same content and a life of its own. Its ``quantities`` are
    what was left.

    ``owed_by``: the pharmacy that gave out that part, whoever gives out the rest.

    ``chosen``: the units that the authorization in force is about; None where no pharmacy is
    chosen.
    """

    remainder_of = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="remainder", editable=False
    )
    owed_by = models.ForeignKey(
        "hospital.Organisation",
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        db_index=False,
    )
    chosen = models.JSONField(null=True)

    class Meta:
        abstract = True


def id_of_remainder(prescription: UUID) -> UUID:
    """The id that the remainder of a prescription has: it has one at most."""
    return uuid5(prescription, "remainder")


def less(units: Units, given: Units) -> dict[str, int]:
    """
    What is left when some units are given.

    >>> less({"1": 2, "2": 1}, {"1": 1, "2": 1})
    {'1': 1}
    """
    left = {line: some - given.get(line, 0) for line, some in units.items()}
    return {line: some for line, some in left.items() if some}


def within(some: Units, units: Units) -> bool:
    """Whether there is something, of lines that there are, and no more than there is of each."""
    return bool(some) and all(0 < n <= units.get(line, 0) for line, n in some.items())


def constraints(*, chosen: Sequence[str]) -> tuple[models.BaseConstraint, ...]:
    """What holds of them; ``chosen``: the states in which a pharmacy is chosen."""
    return (
        models.CheckConstraint(
            name="units_are_chosen_with_the_pharmacy",
            condition=~Q(status__in=chosen) | Q(chosen__isnull=False),
        ),
        models.CheckConstraint(
            name="what_is_left_is_owed_by_somebody",
            condition=Q(remainder_of__isnull=True, owed_by__isnull=True)
            | Q(remainder_of__isnull=False, owed_by__isnull=False),
        ),
        models.CheckConstraint(
            name="no_remainder_of_itself",
            condition=Q(remainder_of__isnull=True) | ~Q(remainder_of=models.F("id")),
        ),
    )
