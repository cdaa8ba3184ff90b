"""
What is said about a disputed record, field by field, and the commitment that is signed for it.

A field of a request, an amendment or a statement of disagreement has the name of the field that it
is about. So whatever opens a field to a reader opens what was said of it, and nothing else does.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hospital import errors, records
from hospital.models import SealedRecord
from ledger import commitments

WHY = "why"
"""The field with the reasons; a record has none of this name."""
MOST_FIELDS = 10
_NAME = re.compile("[a-z_]{1,30}(/[a-z0-9_]{1,20}){0,2}", re.ASCII)


class BadFields(errors.Invalid):
    """Name the fields that it is about, ten at most, as the record has them."""

    code = "correction.bad_fields"


@dataclass(frozen=True, slots=True)
class Words:
    """
    ``right``: name of a field → what it should say; ``why``: the reasons, or empty.

    ``salt`` is base64 of 16 random bytes that phone or desk draws: with it whoever signs commits to
    the words, so that nobody can put others there afterwards.
    """

    right: Mapping[str, str]
    why: str
    salt: str

    def check(self, prefixes: Sequence[str] = ("",)) -> None:
        """Raises ``BadFields`` unless it names fields, all of which begin with a prefix."""
        fit = all(
            _NAME.fullmatch(name) and name != WHY and name.startswith(tuple(prefixes))
            for name in self.right
        )
        if not fit or not 1 <= len(self.right) <= MOST_FIELDS:
            raise BadFields(field="right", most=MOST_FIELDS)

    @property
    def commitment(self) -> bytes:
        """Raises ``records.BadSalt``."""
        salts = self._salts()
        return commitments.commit(
            commitments.digest(salts[name], name, value) for name, value in self._fields().items()
        )

    def seal(self) -> SealedRecord:
        """Stored as it was committed to. Raises ``records.BadSalt``."""
        return records.seal(self._fields(), self._salts())

    def _fields(self) -> dict[str, str]:
        return {**self.right, **({WHY: self.why} if self.why else {})}

    def _salts(self) -> dict[str, bytes]:
        """
        A salt for each field, HMAC-SHA256(salt, name) cut to its length: who is shown one field
        with its salt learns nothing of the others'.
        """
        salt = records.given_salt(self.salt)
        return {
            name: hmac.digest(salt, name.encode(), "sha256")[: records.SALT_BYTES]
            for name in self._fields()
        }
