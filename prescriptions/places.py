"""The columns that make a prescription one issue of a long-term prescription; no decisions here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from prescriptions import plan

_COLUMNS = ("series", "issue_number", "issues", "interval_days", "opens_at")


class Place(models.Model):
    """
    Which issue of which long-term prescription it is, and when it opens; all empty if it stands
    alone.

    ``opens_at`` is as the doctor signed, or later if the issue before was fetched late.
    """

    series = models.UUIDField(null=True, editable=False)
    issue_number = models.PositiveSmallIntegerField(null=True)
    issues = models.PositiveSmallIntegerField(null=True)
    interval_days = models.PositiveSmallIntegerField(null=True)
    opens_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


CONSTRAINTS = (
    models.CheckConstraint(
        name="alone_or_an_issue_of_a_series",
        condition=Q(**dict.fromkeys((f"{name}__isnull" for name in _COLUMNS), True))
        | Q(
            **dict.fromkeys((f"{name}__isnull" for name in _COLUMNS), False),
            issues__range=(2, plan.ISSUES_MAX),
            issue_number__range=(1, models.F("issues")),
        ),
    ),
    models.CheckConstraint(
        name="opens_before_it_ends",
        condition=Q(opens_at__isnull=True) | Q(valid_until__gt=models.F("opens_at")),
    ),
    models.UniqueConstraint(
        fields=["series", "issue_number"],
        condition=Q(remainder_of__isnull=True),
        name="issue_numbered_once",
    ),
)
"""What holds of them in a prescription."""
