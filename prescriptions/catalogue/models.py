"""What medicines are found by: what somebody may type of their names."""

from __future__ import annotations

from django.db import models

from prescriptions.catalogue.terms import TERM_MAX


class Term(models.Model):
    """
    A beginning of what somebody types leads to the medicines of ``generic_name``.

    Names are few and medicines many, so the terms are of names. ``rank`` is 0 where the term is a
    whole name and 1 where it is the end of one: who types 阿莫 looks for 阿莫西林 first.
    """

    term = models.CharField(max_length=TERM_MAX)
    generic_name = models.CharField(max_length=80)
    rank = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["term", "generic_name"],
                name="term_once",
                # LIKE with a known beginning needs this order, whatever the database's collation
                opclasses=["varchar_pattern_ops", "varchar_ops"],
            ),
        ]
        indexes = [models.Index(fields=["generic_name"], name="terms_of_name")]
