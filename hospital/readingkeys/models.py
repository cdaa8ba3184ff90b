"""What an organisation has said about how answers to its staff are sealed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hospital import readingkeylaw
from hospital.models import Account, Grant, Organisation


class ReadingKey(models.Model):
    """
    An organisation's X25519 key, by which answers to its staff are sealed since ``since``.

    ``public_key`` is 32 bytes while there is one. ``proposed`` waits for a second person of the
    organisation: another key, or, empty, that there be none; null if nothing is proposed.
    """

    class State(models.TextChoices):
        """As in ``readingkeylaw.MOVES``."""

        UNKNOWN = readingkeylaw.NEW
        SEALED = readingkeylaw.SEALED
        REVOKED = readingkeylaw.REVOKED
        CLEAR = readingkeylaw.CLEAR

    organisation = models.OneToOneField(Organisation, models.PROTECT, related_name="reading_key")
    state = models.CharField(max_length=8, choices=State.choices, default=State.UNKNOWN)
    public_key = models.BinaryField(max_length=32, default=b"")
    since = models.DateTimeField(null=True)
    proposed = models.BinaryField(max_length=32, null=True)
    proposer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_key_where_answers_are_sealed",
                condition=(Q(state=readingkeylaw.SEALED) & ~Q(public_key=b""))
                | (~Q(state=readingkeylaw.SEALED) & Q(public_key=b"")),
            ),
            models.CheckConstraint(
                name="what_is_proposed_has_a_proposer",
                condition=Q(proposed__isnull=True, proposer__isnull=True)
                | Q(proposed__isnull=False, proposer__isnull=False),
            ),
        ]

    @property
    def subject(self) -> str:
        """What the ledger calls it."""
        return f"{readingkeylaw.FAMILY}/{self.organisation.slug}"


class Rekeying(models.Model):
    """A withdrawn grant whose patient's records still have the keys of the time of the grant."""

    grant = models.OneToOneField(Grant, models.CASCADE)
