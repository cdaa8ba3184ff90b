"""Draws, samples and their cases as stored. What a prescription says lies sealed elsewhere."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hospital.models import Account, Organisation
from prescriptions.appraisal.codes import UNREASONABLE, Verdict
from prescriptions.appraisal.months import Month
from prescriptions.models import Prescription


class Draw(models.Model):
    """
    One month, drawn for all hospitals at once.

    ``heads`` are origin, size and root (hex) of the trees that the seed was made of.
    """

    month = models.DateField()
    seed = models.BinaryField(max_length=32)
    heads = models.JSONField()
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month"], name="drawn_once"),
            models.CheckConstraint(name="a_month_is_its_first_day", condition=Q(month__day=1)),
        ]


class Sample(models.Model):
    """What was drawn of one hospital's ``population`` prescriptions."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="samples")
    hospital = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    population = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "draw"], name="one_sample_of_a_month"),
            models.CheckConstraint(name="drawn_of_something", condition=Q(population__gte=1)),
        ]


class Case(models.Model):
    """
    One sampled prescription, and how it was judged; ``number`` counts from 1 in the logs' order.

    A prescription is a case once, and a case has room for one judgement.
    """

    sample = models.ForeignKey(Sample, models.PROTECT, related_name="cases")
    number = models.PositiveIntegerField()
    prescription = models.OneToOneField(Prescription, models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    verdict = models.CharField(
        max_length=10, blank=True, choices=[(one.value, one.name) for one in Verdict]
    )
    problems = models.JSONField(default=list)
    reviewer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sample", "number"], name="case_numbered_once"),
            models.CheckConstraint(
                name="judged_by_somebody_at_a_time",
                condition=Q(verdict="", reviewer__isnull=True, judged_at__isnull=True)
                | (~Q(verdict="") & Q(reviewer__isnull=False, judged_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="unreasonable_for_a_problem",
                condition=(Q(verdict__in=[one.value for one in UNREASONABLE]) & ~Q(problems=[]))
                | Q(verdict__in=["", Verdict.REASONABLE.value], problems=[]),
            ),
        ]

    @property
    def subject(self) -> str:
        """The subject of the entry about it: named after the prescription, so there is one."""
        return f"appraisal/{self.prescription_id.hex}"

    @property
    def month(self) -> Month:
        return Month(self.sample.draw.month)
