"""The columns that say who signed second, where the law asks for two; no decisions here."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.db.models import Q

from hospital.models import Person
from prescriptions.facts import TWO_PHARMACISTS, TWO_REVIEWERS
from prescriptions.rules import COUNTERSIGNATURE


class Seconds(models.Model):
    """
    Persons and not accounts: four eyes are of two people, however many accounts each has.

    ``countersigner``: the doctor by whom an assistant's prescription counts. ``checker`` and
    ``confirmer``: the two who approve what is written on a form of ``TWO_REVIEWERS``.
    ``double_checker``: the pharmacist who checked what another, ``dispensed_by``, gives out under
    the scan ``double_checked_scan``; a check holds for nothing but this scan of this content.
    """

    countersigner = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    checker = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    confirmer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    double_checker = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    double_checked_scan = models.UUIDField(null=True)
    dispensed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True


UNCHECKED: dict[str, None] = {"double_checker": None, "double_checked_scan": None}
"""The columns of a prescription that nobody has checked at a counter, or no more."""


def constraints(
    *, counts: Sequence[str], approved: Sequence[str], given: Sequence[str]
) -> tuple[models.BaseConstraint, ...]:
    """What holds of them where a prescription counts, is approved, and was given out."""
    by_two = Q(checker__isnull=False, confirmer__isnull=False) & ~Q(checker=models.F("confirmer"))
    by_two_pharmacists = Q(double_checker__isnull=False, dispensed_by__isnull=False) & ~Q(
        double_checker=models.F("dispensed_by")
    )
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
        models.CheckConstraint(
            name="a_double_check_is_of_a_scan",
            condition=Q(double_checker__isnull=False, double_checked_scan__isnull=False)
            | Q(double_checker__isnull=True, double_checked_scan__isnull=True),
        ),
        models.CheckConstraint(
            name="narcotics_given_out_by_two",
            condition=~Q(status__in=given, form__in=[form.value for form in TWO_PHARMACISTS])
            | by_two_pharmacists,
        ),
    )
