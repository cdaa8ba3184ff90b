"""Keys as stored, and what lets somebody in before or with one. Part of ``hospital.models``."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from hospital import keystate
from hospital.keystate import KeyState, Times


class Key(models.Model):
    """
    A public key that was registered by an entry. Its private half was never here.

    ``device`` is what its holder calls the phone it lies in, sealed. A key that was registered
    without any other, after a loss, signs nothing before ``active_from``; those that it replaces
    are dead from then on, ``replaced_from``, and sign no more than an objection until then.
    ``hospital.keystate`` says what follows.
    """

    name = models.CharField(max_length=160, unique=True)
    account = models.ForeignKey("hospital.Account", models.PROTECT, related_name="keys")
    public_key = models.BinaryField(max_length=32, unique=True)
    registered_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    device = models.BinaryField(default=b"")
    last_used_on = models.DateField(null=True, help_text="Asia/Shanghai; of patients' keys alone")
    active_from = models.DateTimeField(null=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="replaces")
    replaced_from = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_key_waits_after_its_registration",
                condition=Q(active_from__isnull=True) | Q(active_from__gt=F("registered_at")),
            ),
            models.CheckConstraint(
                name="a_key_is_replaced_by_another_from_a_time",
                condition=Q(replaced_by__isnull=True, replaced_from__isnull=True)
                | Q(replaced_by__isnull=False, replaced_from__isnull=False)
                & ~Q(replaced_by=F("id")),
            ),
        ]

    @property
    def times(self) -> Times:
        return Times(self.revoked_at, self.active_from, self.replaced_from)

    def state(self, at: datetime) -> KeyState:
        return keystate.state(self.times, at)


class EnrolmentCode(models.Model):
    """Lets a new member of staff, or an agent program, log in once to register the first key."""

    code_index = models.BinaryField(max_length=32, primary_key=True)
    account = models.ForeignKey("hospital.Account", models.CASCADE)
    expires_at = models.DateTimeField(db_index=True)


class LoginChallenge(models.Model):
    """A text that a key must sign to log in; good once, for a minute."""

    nonce = models.CharField(max_length=43, primary_key=True)
    key = models.ForeignKey(Key, models.CASCADE)
    expires_at = models.DateTimeField(db_index=True)


def new_nonce() -> str:
    """256 random bits as 43 characters of base64url."""
    return secrets.token_urlsafe(32)
