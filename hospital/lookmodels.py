"""Which patients a look at a list showed."""

from __future__ import annotations

from django.db import models


class Listed(models.Model):
    """
    A patient in a list that somebody looked at; ``leaf`` is the leaf hash of the look's entry.

    That entry counts the records and names nobody, so that the log does not say which patients
    stand in one list; the patient is told from here.
    """

    leaf = models.BinaryField(max_length=32)
    patient = models.ForeignKey("hospital.Account", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["leaf", "patient"], name="listed_once_a_look")
        ]
        indexes = [models.Index(fields=["patient", "-id"], name="listed_newest_first")]
