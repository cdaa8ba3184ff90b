"""The columns that say who signed second, where the law asks for two; no decisions here."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.db.models import Q

from hospital.models import Person
from prescriptions.facts import TWO_REVIEWERS
from prescriptions.rules import COUNTERSIGNATURE


class Seconds(models.Model):
    """
    Persons and not accounts: four eyes are of two people, however many accounts each has.

    ``countersigner``: the doctor by whom an assistant's prescription counts. ``checker`` and
    ``confirmer``: the two who approve what is written on a form of ``TWO_REVIEWERS``.
    """

    countersigner = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    checker = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    confirmer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True


def constraints(
    *, counts: Sequence[str], approved: Sequence[str]
) -> tuple[models.BaseConstraint, ...]:
    """What holds of them in the states in which a prescription counts, and is approved."""
    by_two = Q(checker__isnull=False, confirmer__isnull=False) & ~Q(checker=models.F("confirmer"))
    return (
        models.CheckConstraint(
            name="countersigned_before_it_counts",
            condition=~Q(status__in=counts, warnings__contains=[COUNTERSIGNATURE])
            | Q(countersigner__isnull=False),
        ),
        models.CheckConstraint(
            name="checked_by_somebody",
            condition=~Q(status="checked") | Q(checker__isnull=False, confirmer__isnull=True),
        ),
        models.CheckConstraint(
            name="controlled_approved_by_two",
            condition=~Q(status__in=approved, form__in=[form.value for form in TWO_REVIEWERS])
            | by_two,
        ),
    )
